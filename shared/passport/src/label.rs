//! What becomes of a label, and what proves it: read from `labels.toml`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Translated;

/// What became of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelState {
    /// Asked for by somebody who is not responsible for the unit.
    Requested,
    /// Not granted: it never was a label of the unit.
    Refused,
    /// May be printed and put on the battery.
    Issued,
    /// On the battery.
    Applied,
    /// Another label took its place; it still leads to the unit.
    Replaced,
    /// Withdrawn: lost before use, misprinted, stolen.
    Revoked,
    /// No longer there to be scanned.
    Destroyed,
    /// The responsible organisation warns that it may have been copied.
    Suspected,
}

impl LabelState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Refused,
        Self::Issued,
        Self::Applied,
        Self::Replaced,
        Self::Revoked,
        Self::Destroyed,
        Self::Suspected,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Refused => "refused",
            Self::Issued => "issued",
            Self::Applied => "applied",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
            Self::Suspected => "suspected",
        }
    }

    /// Whether it is a label of the unit that nothing speaks against.
    #[must_use]
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Issued | Self::Applied)
    }

    /// Whether it was ever issued: to everybody else a label that only was asked for does not exist.
    #[must_use]
    pub const fn was_issued(self) -> bool {
        !matches!(self, Self::Requested | Self::Refused)
    }
}

impl fmt::Display for LabelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an event type moves a label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMove {
    /// The event type.
    pub event: String,
    /// From these states; none where it begins a label.
    pub from: Vec<LabelState>,
    /// To this one; `None`: back to where the label was before.
    pub to: Option<LabelState>,
}

impl LabelMove {
    /// Where it leads a label in this state that was in `before` before it came under suspicion; `None` where it does not happen.
    #[must_use]
    pub fn leads(&self, from: LabelState, before: Option<LabelState>) -> Option<LabelState> {
        let happens = self.from.contains(&from);
        self.to.or(before).filter(|_| happens)
    }
}

/// What a piece of evidence can show.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceKind {
    /// Its name on the wire, for example `damaged-label-photo`.
    pub id: String,
    /// The media types it comes in, or what they begin with.
    pub media: Vec<String>,
    /// What people call it.
    pub label: Translated,
}

impl EvidenceKind {
    /// Whether it comes in this media type.
    #[must_use]
    pub fn comes_as(&self, media_type: &str) -> bool {
        let media_type = media_type.to_ascii_lowercase();
        self.media.iter().any(|known| match known.ends_with('/') {
            true => media_type.starts_with(known),
            false => media_type == *known,
        })
    }
}

/// `labels.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelFile {
    pub(crate) r#move: Vec<LabelMove>,
    pub(crate) evidence_kind: Vec<EvidenceKind>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Relation, catalogue};

    fn leads(event: &str, from: LabelState) -> Option<LabelState> {
        let before = Some(LabelState::Applied);
        catalogue().label_move(event).unwrap().leads(from, before)
    }

    #[test]
    fn what_is_over_stays_over() {
        for one in catalogue().label_moves() {
            for from in [
                LabelState::Replaced,
                LabelState::Destroyed,
                LabelState::Refused,
            ] {
                assert_eq!(leads(&one.event, from), None, "{} from {from}", one.event);
            }
        }
        // A label that was withdrawn can only cease to be there.
        let after_revocation = catalogue()
            .label_moves()
            .filter_map(|one| leads(&one.event, LabelState::Revoked));
        assert_eq!(
            after_revocation.collect::<Vec<_>>(),
            [LabelState::Destroyed]
        );
    }

    #[test]
    fn a_label_is_applied_once_and_only_after_it_was_issued() {
        for from in LabelState::ALL {
            let expected = (from == LabelState::Issued).then_some(LabelState::Applied);
            assert_eq!(leads("label-applied", from), expected, "{from}");
        }
    }

    #[test]
    fn a_suspicion_that_proved_wrong_leads_back() {
        assert_eq!(
            leads("label-cleared", LabelState::Suspected),
            Some(LabelState::Applied)
        );
        let cleared = catalogue().label_move("label-cleared").unwrap();
        assert_eq!(cleared.leads(LabelState::Suspected, None), None);
        for from in LabelState::ALL {
            let suspected = leads("label-suspected", from);
            assert_eq!(suspected.is_some(), from.is_in_force(), "{from}");
        }
    }

    #[test]
    fn only_who_is_responsible_issues_replaces_or_warns_without_approval() {
        for one in catalogue().label_moves() {
            let event_type = catalogue().event_type(&one.event).unwrap();
            assert!(event_type.concerns("unit"), "{}", one.event);
            for permit in event_type.permits() {
                let free = ["label-requested", "label-refused"].contains(&one.event.as_str())
                    || permit.relation != Relation::Any
                    || permit.approval;
                assert!(free, "{} by {}", one.event, permit.role);
                for kind in &permit.proof {
                    assert!(catalogue().evidence_kind(kind).is_some(), "{kind}");
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_the_data() {
        for state in LabelState::ALL {
            let named = serde_json::to_value(state).unwrap();
            assert_eq!(named, state.as_str());
        }
        let photo = catalogue().evidence_kind("damaged-label-photo").unwrap();
        assert!(photo.comes_as("image/jpeg") && photo.comes_as("IMAGE/PNG"));
        assert!(!photo.comes_as("application/pdf"));
        let report = catalogue().evidence_kind("print-grade-report").unwrap();
        assert!(report.comes_as("application/pdf") && !report.comes_as("application/pdfx"));
    }
}
