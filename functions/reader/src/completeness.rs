//! What a passport still lacks, and who can supply it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use passport::{
    Assessment, Attribute, Category, Cell, Class, Declares, EventType, Fault, Level, Outcome,
    Relation, Stale, Translated, Untranslated, catalogue,
};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use storage::Record;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, Partner, Path, Platform, Problem, Query, now};

use crate::schemas::guidance;
use crate::view::Loaded;

/// Under which version of the guidance, and for which markets.
#[derive(Debug, Deserialize)]
pub(crate) struct CompletenessQuery {
    guidance: Option<String>,
    market: Option<String>,
}

/// How far a passport is complete, in the access classes this caller reads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completeness {
    /// The passport.
    dpp_id: Uuid,
    /// The battery's category.
    #[schema(value_type = String)]
    category: Category,
    /// The version of the Commission's guidance it was held against.
    guidance: &'static str,
    /// Whether that version is in force on this platform.
    in_force: bool,
    /// Whether nothing that is asked for is missing, as what has to be there for the market: a condition that nobody has decided
    /// asks for nothing. `null` where this version of the guidance is not wholly known for the category.
    complete: Option<bool>,
    /// How many data points stand how, by access class.
    classes: BTreeMap<String, BTreeMap<&'static str, usize>>,
    /// The data points (1 to 71) of these classes, without what the platform fills in itself; and those that are declared to be
    /// gaps, for who reads that declaration.
    points: Vec<Point>,
    /// Values that were measured too long ago to say what the battery is like now.
    #[schema(value_type = Vec<web::described::StaleValue>)]
    stale: Vec<Stale>,
    /// What model, batch and passport say together that cannot be so.
    #[schema(value_type = Vec<Object>)]
    contradictions: Vec<Fault>,
    /// Texts that lack a language of the markets that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<web::described::UntranslatedText>, required = false)]
    untranslated: Option<Vec<Untranslated>>,
}

/// A data point of the Commission's table.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Point {
    /// The Commission's number for it.
    point: u8,
    /// Where it stands, or would.
    pointer: String,
    /// What people call it, by language.
    #[schema(value_type = BTreeMap<String, String>)]
    label: &'static Translated,
    /// Whom it is for.
    #[schema(value_type = u8)]
    class: Class,
    /// The level whose data it belongs to.
    #[schema(value_type = String)]
    level: Level,
    /// What the guidance asks: `mandatory`, `conditional`, `optional`, `pending` or `not-to-be-filled`; `unverified` where that
    /// is not known for this category and version.
    obligation: &'static str,
    /// When it is asked for, where it is conditional.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    condition: Option<&'static str>,
    /// Whether that condition holds, as far as the other values tell: `holds`, `does-not-hold` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    outcome: Option<Outcome>,
    /// How it stands: `present`, `missing`, `undecided`, `not-applicable`, `gap-declared`, `gap-approved`, `optional`,
    /// `pending`, `closed` or `unverified`.
    state: &'static str,
    /// Who can supply it, and with which event types.
    suppliers: Vec<Supplier>,
    /// The law it comes from.
    source: &'static str,
}

/// Somebody who can supply a value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Supplier {
    /// The role.
    role: &'static str,
    /// How it must stand to the record.
    #[schema(value_type = String)]
    relation: Relation,
    /// The event types that write it.
    event_types: Vec<&'static str>,
}

/// Say what a passport still lacks.
///
/// Every data point of the Commission's guidance that this caller's access classes cover: present, missing, undecided (a
/// condition only people can judge), declared not to apply, a gap that two persons stand behind, pending an act, closed, or
/// not known; and who can supply it. Beside them values gone stale and, for the markets asked for, texts that lack a language.
///
/// `complete` is `false` where one of these points is missing, or a gap behind which only one person stands: what keeps a battery
/// off the market. What is undecided, pending, closed or optional does not; nor does what is declared not to apply. It is `null`
/// where nothing of that kind is found and some of the points are not known, else `true`. Every value counts, whoever wrote it.
#[utoipa::path(
    get, path = "/v1/dpps/{dppId}/completeness", operation_id = "readCompleteness", tag = "reader", security(("bearer" = [])),
    params(
        ("dppId" = String, Path, description = "The passport"),
        ("guidance" = Option<String>, Query, description = "A version of the guidance; the one in force unless given"),
        ("market" = Option<String>, Query, description = "Countries (ISO 3166-1 alpha-2), comma-separated"),
    ),
    responses((status = 200, description = "What is there and what is not", body = Completeness), (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    Query(query): Query<CompletenessQuery>,
    headers: HeaderMap,
) -> Result<Json<Completeness>, Problem> {
    let id = platform.passport_id(&id)?;
    let guidance = guidance(query.guidance.as_deref())?;
    let languages = query.market.as_deref().map(languages).transpose()?;
    let loaded = Loaded::find(&platform, &caller, id).await?;
    let document = loaded.document(&platform, &caller, &headers).await?;
    // How a point stands is judged on every value, whoever wrote it and whoever reads it (decision 007).
    let everything = loaded.everything(&platform).await?;
    let gaps: Vec<&str> = passport::declared(&document, Declares::Gap).collect();
    let mut standing: Vec<(Assessment, passport::State)> =
        passport::assess(&everything, loaded.category, guidance)
            .into_iter()
            .filter(|one| one.point.is_some())
            .map(|one| {
                let state = one.state(&everything, loaded.gaps_approved());
                (one, state)
            })
            .filter(|(one, state)| {
                let told = state.is_gap() && gaps.contains(&one.pointer.as_str());
                told || covers(&caller, &loaded, one)
            })
            .collect();
    standing.sort_by_key(|(one, _)| one.point);
    let is_any = |of: fn(passport::State) -> bool| standing.iter().any(|(_, state)| of(*state));
    let complete = match is_any(passport::State::blocks) {
        true => Some(false),
        false => (!is_any(|state| state == passport::State::Unverified)).then_some(true),
    };
    Ok(Json(Completeness {
        dpp_id: id,
        category: loaded.category,
        guidance: &guidance.version,
        in_force: guidance.version == catalogue().active_guidance().version,
        complete,
        classes: tally(&standing),
        points: standing.into_iter().filter_map(point).collect(),
        contradictions: passport::validate_together(
            &document,
            &passport::delta(&Map::new(), &document),
        ),
        stale: passport::stale(&document, loaded.category, now().into()),
        untranslated: languages.map(|languages| passport::untranslated(&document, &languages)),
    }))
}

/// The languages of the markets.
fn languages(markets: &str) -> Result<BTreeSet<&'static str>, Problem> {
    let mut languages = BTreeSet::new();
    for market in markets.split(',') {
        let Some(of) = catalogue().market(market.trim()) else {
            let known: Vec<&str> = catalogue().markets().collect();
            return Err(Problem::malformed(format!(
                "`market` is a list of {}",
                known.join(", ")
            )));
        };
        languages.extend(of);
    }
    Ok(languages)
}

/// Whether the owner of the data of an attribute's level lets this caller read its class.
fn covers(caller: &Caller, loaded: &Loaded, one: &Assessment) -> bool {
    let record: &Record = match one.level {
        Level::Model => &loaded.model,
        Level::Batch => loaded.batch.as_ref().unwrap_or(&loaded.model),
        Level::Item => &loaded.passport,
    };
    let reading = caller.reading(&record.head);
    reading.classes.contains(one.class)
}

fn tally(
    standing: &[(Assessment, passport::State)],
) -> BTreeMap<String, BTreeMap<&'static str, usize>> {
    let mut classes: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for (one, state) in standing {
        let class = one.class.number().to_string();
        *classes
            .entry(class)
            .or_default()
            .entry(state.as_str())
            .or_default() += 1;
    }
    classes
}

fn point((one, state): (Assessment, passport::State)) -> Option<Point> {
    let condition = match one.obligation {
        Cell::Known(obligation) => obligation.condition(),
        Cell::Unverified | Cell::Unlisted => None,
    };
    let attribute = catalogue().by_pointer(&one.pointer)?;
    Some(Point {
        point: one.point?,
        label: &attribute.label,
        pointer: one.pointer,
        class: one.class,
        level: one.level,
        obligation: one.obligation.as_str(),
        condition,
        outcome: one.condition,
        state: state.as_str(),
        suppliers: match state {
            // Nobody can: it may not be filled.
            passport::State::Closed | passport::State::Pending => Vec::new(),
            _ => suppliers(one.written_by, attribute),
        },
        source: one.source,
    })
}

/// Who may raise an event that writes the attribute into a record that is there, of a level where it may stand.
fn suppliers(written_by: &'static [String], attribute: &Attribute) -> Vec<Supplier> {
    let mut suppliers: Vec<Supplier> = Vec::new();
    for id in written_by {
        let Some(event_type) = catalogue()
            .event_type(id)
            .filter(|event_type| writes(event_type, attribute))
        else {
            continue;
        };
        for permit in event_type.permits() {
            match suppliers
                .iter_mut()
                .find(|one| one.role == permit.role && one.relation == permit.relation)
            {
                Some(supplier) => supplier.event_types.push(id),
                None => suppliers.push(Supplier {
                    role: &permit.role,
                    relation: permit.relation,
                    event_types: vec![id],
                }),
            }
        }
    }
    suppliers
}

/// Whether an event of this type can bring a value of the attribute. What starts a record, or the one that follows, supplies
/// nothing to one that is there.
fn writes(event_type: &EventType, attribute: &Attribute) -> bool {
    let levels = [
        (Level::Model, "model"),
        (Level::Batch, "batch"),
        (Level::Item, "passport"),
    ];
    let begins = event_type.starts_record() || event_type.starts_successor().is_some();
    let stands = levels
        .iter()
        .any(|(level, subject)| attribute.allows(*level) && event_type.concerns(subject));
    event_type.may_change && !begins && stands
}
