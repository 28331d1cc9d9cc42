//! How complete a document is: attribute by attribute, what the guidance asks, whether its condition holds, whether there is
//! a value, and who can supply it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Attribute, Category, Cell, Class, Declares, Fault, Guidance, Level, Obligation, Outcome,
    catalogue, declared, newest_form,
};

/// How a data point stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has a value.
    Present,
    /// It is asked for and has none.
    Missing,
    /// It is asked for under a condition that only people can judge, and has neither a value nor a declaration.
    Undecided,
    /// Its condition does not hold, as declared or as the other values tell.
    NotApplicable,
    /// It is mandatory, has no value, and one person declared why.
    GapDeclared,
    /// The same, and a second person stands behind it.
    GapApproved,
    /// It may be given and is not.
    Optional,
    /// An act that says how to fill it is missing; shown nowhere.
    Pending,
    /// It is not to be filled; shown nowhere.
    Closed,
    /// What this version of the guidance says of it for this category is not known here.
    Unverified,
}

impl State {
    /// The word it goes by on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Missing => "missing",
            Self::Undecided => "undecided",
            Self::NotApplicable => "not-applicable",
            Self::GapDeclared => "gap-declared",
            Self::GapApproved => "gap-approved",
            Self::Optional => "optional",
            Self::Pending => "pending",
            Self::Closed => "closed",
            Self::Unverified => "unverified",
        }
    }

    /// Whether it is mandatory and declared to have no value.
    #[must_use]
    pub const fn is_gap(self) -> bool {
        matches!(self, Self::GapDeclared | Self::GapApproved)
    }

    /// Whether a battery may not be placed on the market like this.
    #[must_use]
    pub const fn blocks(self) -> bool {
        matches!(self, Self::Missing | Self::GapDeclared)
    }
}

/// One attribute of a document under a version of the guidance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// Where it stands, or would stand.
    pub pointer: String,
    /// The Commission's number for it; `None` where the guidance does not list it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<u8>,
    /// Whom it is for.
    pub class: Class,
    /// The level whose data it belongs to.
    pub level: Level,
    /// What the guidance asks.
    pub obligation: Cell<'static>,
    /// Whether the condition of a conditional one holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Outcome>,
    /// Whether there is a value.
    pub present: bool,
    /// The event types that may write it; each names the roles that may raise it.
    pub written_by: &'static [String],
    /// The law it comes from.
    pub source: &'static str,
}

impl Assessment {
    /// Whether there has to be a value: in every case, or because its condition holds.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        match self.obligation {
            Cell::Known(Obligation::Mandatory) => true,
            Cell::Known(Obligation::Conditional { .. }) => self.condition == Some(Outcome::Holds),
            _ => false,
        }
    }

    /// Whether there has to be a value and is none.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.is_asked() && !self.present
    }

    /// How it stands, with what the composed document declares. `gaps_approved`: whether two persons stand behind its gaps.
    #[must_use]
    pub fn state(&self, document: &Map<String, Value>, gaps_approved: bool) -> State {
        let is_declared = |what| declared(document, what).any(|pointer| pointer == self.pointer);
        match (self.obligation, self.condition) {
            (Cell::Known(Obligation::Pending), _) => State::Pending,
            (Cell::Known(Obligation::NotToBeFilled), _) => State::Closed,
            _ if self.present => State::Present,
            (Cell::Unverified, _) => State::Unverified,
            (Cell::Known(Obligation::Mandatory), _) if is_declared(Declares::Gap) => {
                match gaps_approved {
                    true => State::GapApproved,
                    false => State::GapDeclared,
                }
            }
            (Cell::Known(Obligation::Mandatory), _) => State::Missing,
            (_, Some(Outcome::Holds)) => State::Missing,
            (_, Some(_)) if is_declared(Declares::NotApplicable) => State::NotApplicable,
            (_, Some(Outcome::Fails)) => State::NotApplicable,
            (_, Some(Outcome::Unknown)) => State::Undecided,
            _ => State::Optional,
        }
    }
}

impl From<&Assessment> for Fault {
    fn from(missing: &Assessment) -> Self {
        let value = format!("a value in the data of the {}", missing.level);
        Self {
            pointer: missing.pointer.clone(),
            rule: "missing".to_owned(),
            expected: match missing.obligation {
                Cell::Known(Obligation::Conditional { condition, .. }) => {
                    format!("{value}, {condition}")
                }
                _ => value,
            },
            found: "nothing".to_owned(),
            source: Some(missing.source.to_owned()),
        }
    }
}

/// Every attribute of a composed document, in the order of the newest catalogue, whichever version it is of. What the platform itself fills into the header is
/// left out: it is never missing.
#[must_use]
pub fn assess(
    document: &Map<String, Value>,
    category: Category,
    guidance: &'static Guidance,
) -> Vec<Assessment> {
    let document = &newest_form(document.clone());
    let assessed = |attribute: &'static Attribute| {
        let obligation = attribute.cell(guidance, category);
        Assessment {
            pointer: attribute.pointer(),
            point: attribute.point,
            class: attribute.class,
            level: attribute.level,
            obligation,
            condition: match obligation {
                Cell::Known(Obligation::Conditional { when, .. }) => Some(
                    when.as_ref()
                        .map_or(Outcome::Unknown, |when| when.outcome(document, category)),
                ),
                _ => None,
            },
            present: attribute.value_in(document).is_some(),
            written_by: &attribute.written_by,
            source: &attribute.source,
        }
    };
    catalogue()
        .attributes()
        .filter(|attribute| attribute.derived.is_none())
        .map(assessed)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assessed(document: Value, category: Category, version: &str) -> Vec<Assessment> {
        let guidance = catalogue().guidance(version).unwrap();
        assess(document.as_object().unwrap(), category, guidance)
    }

    fn of_point(document: Value, category: Category, version: &str, point: u8) -> Assessment {
        let all = assessed(document, category, version);
        all.into_iter()
            .find(|one| one.point == Some(point))
            .unwrap()
    }

    #[test]
    fn what_is_missing_says_what_the_law_asks() {
        let all = assessed(json!({}), Category::Ev, "1.0");
        // The unique identifier is mandatory too, and filled by the platform.
        assert_eq!(all.iter().filter(|one| one.is_missing()).count(), 50);
        let conditional = |one: &&Assessment| one.condition.is_some();
        assert_eq!(all.iter().filter(conditional).count(), 8);
        let warranty = of_point(json!({}), Category::Ev, "1.0", 35);
        assert_eq!(warranty.condition, Some(Outcome::Unknown));
        let fault = Fault::from(&warranty);
        assert_eq!(fault.pointer, "/identification/commercialWarranty");
        assert_eq!(fault.rule, "missing");
        assert!(
            fault
                .expected
                .starts_with("a value in the data of the model, ")
        );
        assert!(fault.expected.contains("where a commercial warranty"));
        assert_eq!(fault.source.as_deref(), Some("Annex XIII 1(m)"));
    }

    #[test]
    fn a_condition_that_a_machine_can_check_is_checked() {
        let holds = |document: Value| of_point(document, Category::Ev, "1.0", 41);
        let lead = holds(json!({"materials": {"chemistry": "lead-acid"}}));
        assert_eq!(lead.condition, Some(Outcome::Holds));
        assert!(lead.is_missing());
        let named = |cas: &str| json!({"materials": {"hazardousSubstances": [{"name": "a"}, {"name": "b", "cas": cas}]}});
        assert_eq!(holds(named("7440-43-9")).condition, Some(Outcome::Holds));
        for other in [
            json!({}),
            named("7440-02-0"),
            json!({"materials": {"chemistry": "li-ion-lfp"}}),
        ] {
            let other = holds(other);
            assert_eq!(other.condition, Some(Outcome::Unknown));
            assert!(!other.is_missing());
        }
        let health = |category| of_point(json!({}), category, "1.0", 62).condition;
        assert_eq!(health(Category::Industrial), Some(Outcome::Fails));
        assert_eq!(health(Category::Stationary), Some(Outcome::Unknown));
        assert_eq!(health(Category::Lmt), None, "mandatory");
    }

    #[test]
    fn a_cell_that_was_not_obtained_is_unverified() {
        for category in [Category::Ev, Category::Industrial, Category::Stationary] {
            for one in assessed(json!({}), category, "2.0") {
                let attribute = catalogue().by_pointer(&one.pointer).unwrap();
                let listed = attribute.point.is_some() || attribute.part_of.is_some();
                let expected = if listed {
                    Cell::Unverified
                } else {
                    Cell::Unlisted
                };
                assert_eq!(one.obligation, expected, "{}", one.pointer);
                assert!(!one.is_missing());
            }
        }
        let known = of_point(json!({}), Category::Lmt, "2.0", 20);
        assert_eq!(known.obligation, Cell::Known(&Obligation::NotToBeFilled));
    }

    #[test]
    fn a_part_is_closed_with_its_point_and_never_asked_for() {
        let part = |version, category, pointer: &str| {
            let all = assessed(json!({}), category, version);
            all.into_iter()
                .find(|one| one.pointer == pointer)
                .unwrap()
                .obligation
        };
        let share = "/carbonFootprint/productionShare";
        assert_eq!(
            part("1.0", Category::Ev, share),
            Cell::Known(&Obligation::Pending)
        );
        let recycled = "/circularity/preConsumerNickel";
        assert_eq!(
            part("1.0", Category::Lmt, recycled),
            Cell::Known(&Obligation::Optional)
        );
        assert_eq!(
            part("2.0", Category::Lmt, recycled),
            Cell::Known(&Obligation::NotToBeFilled)
        );
        assert_eq!(part("2.0", Category::Ev, recycled), Cell::Unverified);
    }

    #[test]
    fn a_declaration_decides_and_a_gap_waits_for_its_second_person() {
        let entry = |attribute| json!([{"attribute": attribute, "justification": "x"}]);
        let document = json!({"declarations": {
            "notApplicableToModel": entry("/identification/commercialWarranty"),
            "gaps": entry("/identification/mass"),
        }});
        let document = document.as_object().unwrap();
        let guidance = catalogue().guidance("1.0").unwrap();
        let all = assess(document, Category::Ev, guidance);
        let state = |point, approved| {
            let one = all.iter().find(|one| one.point == Some(point)).unwrap();
            one.state(document, approved)
        };
        assert_eq!(state(35, false), State::NotApplicable);
        let lead = json!({
            "materials": {"chemistry": "lead-acid"},
            "declarations": {"notApplicableToModel": entry("/conformity/cadmiumLeadSymbols")},
        });
        let symbol = of_point(lead.clone(), Category::Ev, "1.0", 41);
        assert_eq!(symbol.pointer, "/conformity/cadmiumLeadSymbols");
        // What the other values tell is not declared away.
        let state_of_symbol = symbol.state(lead.as_object().unwrap(), true);
        assert_eq!(state_of_symbol, State::Missing);
        assert_eq!(state(10, false), State::GapDeclared);
        assert_eq!(state(10, true), State::GapApproved);
        assert_eq!(state(11, true), State::Missing);
        assert_eq!(state(17, true), State::Pending);
        assert_eq!(state(25, true), State::Closed);
        assert_eq!(state(57, true), State::Undecided);
        assert_eq!(state(5, true), State::Optional);
        let blocking = [State::Missing, State::GapDeclared];
        assert!(all.iter().all(|one| {
            let state = one.state(document, false);
            state.blocks() == blocking.contains(&state)
        }));
    }

    #[test]
    fn it_is_written_for_machines() {
        let warranty = serde_json::to_value(of_point(json!({}), Category::Ev, "1.0", 35)).unwrap();
        assert_eq!(warranty["obligation"]["kind"], "conditional");
        assert_eq!(warranty["condition"], "unknown");
        let unverified =
            serde_json::to_value(of_point(json!({}), Category::Ev, "2.0", 35)).unwrap();
        assert_eq!(unverified["obligation"], json!({"kind": "unverified"}));
        assert_eq!(unverified["level"], "model");
    }
}
