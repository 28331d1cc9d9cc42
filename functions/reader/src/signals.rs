//! What scans tell whoever is responsible for a battery: potential suspects, and alarms.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use passport::{Count, Signal, date, signals, threshold, usual_rate};
use serde::Serialize;
use storage::{Alarm, Subject};
use utoipa::ToSchema;
use web::{Caller, Partner, Path, Platform, Problem, now};

/// The scans of a unit's labels, and what they may mean.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signals {
    /// The unit.
    unit: String,
    /// How often a year it is scanned, as far as that is known: at first what batteries in general are.
    usual_scans_a_year: f64,
    /// From how many scans of a label on one day on chance no longer explains them.
    alarm_from: u64,
    /// Potential suspects, newest first.
    signals: Vec<SignalBody>,
    /// How often each label was scanned: by day, country, and what was known of it then; newest first.
    scans: Vec<ScanCount>,
}

/// A potential suspect. It says what was noticed, not that anything is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignalBody {
    /// `never-issued` for the unit, `revoked`, `destroyed`, `recycled` (the battery was), `not-yet-on-the-market`, `too-often` on
    /// one day, `many-places` within a week.
    kind: &'static str,
    /// The label; null where it was never issued for the unit.
    #[schema(required = true)]
    label: Option<String>,
    /// The day; of several the last.
    #[schema(format = Date)]
    day: String,
    /// How often it was scanned.
    scans: u64,
    /// How often in each country (ISO 3166-1; `ZZ` where it is not known).
    countries: BTreeMap<String, u64>,
    /// Whether it is more than chance explains.
    alarm: bool,
    /// From how many scans on that day on it is; null where no number of them is.
    #[schema(required = true)]
    threshold: Option<u64>,
}

/// How often a label was scanned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScanCount {
    /// The day.
    #[schema(format = Date)]
    day: String,
    /// The label; null where it was never issued for the unit.
    #[schema(required = true)]
    label: Option<String>,
    /// What was known of it then: `in-force`, `replaced`, `suspected`, or as a signal has it.
    known: &'static str,
    /// The country (ISO 3166-1; `ZZ` where it is not known).
    country: String,
    /// How often.
    scans: u64,
}

/// Read the signals of a unit.
///
/// How often its labels were scanned, and *potential suspects* among these scans. For the organisation responsible for the unit
/// alone: for anybody else, authorities included, there is no such unit. Only label, day, country and counts are kept, for 13
/// months. A single copy of a label is not found by counting; custody, a look at the battery or a chip finds it.
#[utoipa::path(
    get, path = "/v1/units/{unitId}/signals", operation_id = "readSignals", tag = "reader", security(("bearer" = [])),
    params(("unitId" = String, Path, description = "The unit")),
    responses((status = 200, description = "Its scans, and what they may mean", body = Signals), (status = "default", response = Problem))
)]
pub(crate) async fn of_unit(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(unit): Path<String>,
) -> Result<Json<Signals>, Problem> {
    let unit = platform.unit_id(&unit).await?;
    let record = platform.store.record(&Subject::Unit(unit)).await?;
    record
        .filter(|record| caller.answers_for(&record.head))
        .ok_or_else(|| Problem::not_found("no such unit of your organisation"))?;
    let counts = platform.store.sightings(unit).await?;
    let usual = usual_rate(&counts, passport::day_at(now().as_millisecond()));
    Ok(Json(Signals {
        unit: unit.to_string(),
        usual_scans_a_year: usual.round(),
        alarm_from: threshold(usual),
        signals: signals(&counts).into_iter().map(SignalBody::of).collect(),
        scans: counts.into_iter().map(ScanCount::of).collect(),
    }))
}

/// Alarms of an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alarms {
    /// Newest first, 200 at most.
    alarms: Vec<AlarmBody>,
}

/// A signal that chance no longer explains.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmBody {
    /// The unit: `GET /v1/units/{unitId}/signals` has the rest.
    unit: String,
    /// What was noticed, as a signal has it.
    kind: &'static str,
    /// The label; null where it was never issued for the unit.
    #[schema(required = true)]
    label: Option<String>,
    /// The day.
    #[schema(format = Date)]
    day: String,
    /// How often it had been scanned when the alarm was raised.
    scans: u64,
    /// From how many scans on that day on it is an alarm.
    threshold: u64,
}

/// List the alarms.
///
/// Of batteries that the calling organisation was responsible for on that day, in the last 13 months. Fewer than one in a million
/// batteries raises a false one within a year.
#[utoipa::path(
    get, path = "/v1/signals", operation_id = "listAlarms", tag = "reader", security(("bearer" = [])),
    responses((status = 200, description = "Newest first", body = Alarms), (status = "default", response = Problem))
)]
pub(crate) async fn alarms(
    State(platform): State<Platform>,
    caller: Caller,
) -> Result<Json<Alarms>, Problem> {
    let organisation = &caller.partner()?.organisation;
    let alarms = platform.store.alarms(organisation).await?;
    let alarms = alarms.into_iter().map(AlarmBody::of).collect();
    Ok(Json(Alarms { alarms }))
}

impl SignalBody {
    fn of(signal: Signal) -> Self {
        Self {
            kind: signal.kind.as_str(),
            day: date(signal.day),
            scans: signal.scans(),
            alarm: signal.is_alarm(),
            threshold: signal.threshold,
            label: signal.label,
            countries: signal.countries,
        }
    }
}

impl ScanCount {
    fn of(count: Count) -> Self {
        Self {
            day: date(count.day),
            label: count.label,
            known: count.sighting.as_str(),
            country: count.country,
            scans: count.scans,
        }
    }
}

impl AlarmBody {
    fn of(alarm: Alarm) -> Self {
        Self {
            unit: alarm.unit.to_string(),
            kind: alarm.kind.as_str(),
            label: alarm.label,
            day: date(alarm.day),
            scans: alarm.scans,
            threshold: alarm.threshold,
        }
    }
}
