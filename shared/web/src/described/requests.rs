//! What is sent.

use passport::{Category, EventType, catalogue};
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

use super::{
    BatchData, CompressedNewPassport, DataElement, ItemData, ModelData, any_value, one_of,
};

/// A passport to be.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum NewPassport {
    /// With `representation=compressed`, the default.
    Compressed(CompressedNewPassport),
    /// With `representation=full`.
    Full(FullNewPassport),
}

/// A unit, and the attributes of this one battery as elements that say what they are.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FullNewPassport {
    /// The unit: its URL `https://HOST/<unit id>`, or its id. The rest of the header is derived.
    pub unique_product_identifier: String,
    /// The groups, each an element with its attributes within.
    pub elements: Vec<DataElement>,
}

/// The records that a grant is of: one of these.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct GrantOf {
    /// One passport.
    #[schema(nullable = false)]
    pub passport: Option<Uuid>,
    /// A batch and its passports.
    #[schema(nullable = false)]
    pub batch: Option<Uuid>,
    /// A model, its batches and passports.
    #[schema(nullable = false)]
    pub model: Option<Uuid>,
    /// Everything that the calling organisation is responsible for: its id.
    #[schema(nullable = false)]
    pub organisation: Option<String>,
}

/// Why something is changed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Why {
    /// Why it is done, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// Anything else, for whoever is responsible for the record; at most 2,000 characters.
    #[schema(nullable = false, max_length = 2000)]
    pub notes: Option<String>,
    /// When it happened, if not now (RFC 3339).
    #[schema(nullable = false, format = DateTime)]
    pub occurred_at: Option<String>,
    /// The ids of the evidence for it, 20 at most: confirmed, and brought by the calling organisation.
    #[schema(nullable = false, max_items = 20)]
    pub evidence: Option<Vec<Uuid>>,
}

/// An identifier to link: one of the two.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewAlias {
    /// A GS1 Digital Link, a DID or an identification link (IEC 61406-1); at most 255 characters.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub alias: Option<String>,
    /// A serial number of the calling organisation.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub serial_number: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// A signature that an operator made itself.
#[derive(Debug, ToSchema)]
pub struct NewSignature {
    /// A detached JWS (RFC 7515 appendix F) over the version's statement as canonical JSON (RFC 8785). Its header has `alg`, `kid` (the
    /// thumbprint of the registered key, RFC 7638) and `typ` (`battery-passport-view+jws`); a seal may bring certificates in `x5c`.
    #[schema(min_length = 1, max_length = 16384)]
    pub signature: String,
}

/// Where custody is moved to.
#[derive(Debug, ToSchema)]
pub struct MovedCustody {
    /// The other resolver: `https://` and its host. Null takes custody back.
    #[schema(required = true)]
    pub resolver: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// A model to be.
#[derive(Debug, ToSchema)]
pub struct NewModel {
    /// The category of its batteries.
    #[schema(schema_with = category)]
    pub category: String,
    /// Its attributes.
    pub data: ModelData,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

fn category() -> Object {
    let categories = Category::ALL.map(|category| category.to_string());
    one_of(
        "The category of its batteries.",
        categories.iter().map(String::as_str),
    )
}

/// A batch to be.
#[derive(Debug, ToSchema)]
pub struct NewBatch {
    /// Its model.
    pub model: Uuid,
    /// Its attributes.
    pub data: BatchData,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// A change of a model or batch.
#[derive(Debug, ToSchema)]
pub struct ProductChange {
    /// The event type.
    #[schema(schema_with = product_change)]
    pub r#type: String,
    /// An RFC 7396 merge patch of the data by group; what comes of it is held against their schema.
    #[schema(value_type = Object)]
    pub changes: serde_json::Value,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

fn product_change() -> Object {
    event_types("The event type.", |one| {
        !one.starts_record() && (one.concerns("model") || one.concerns("batch"))
    })
}

/// What happened to a battery.
#[derive(Debug, ToSchema)]
pub struct LifecycleEvent {
    /// The event type.
    #[schema(schema_with = lifecycle_event)]
    pub r#type: String,
    /// An RFC 7396 merge patch of the battery's data by group; what comes of it is held against their schema.
    #[schema(value_type = Object, required = false)]
    pub changes: serde_json::Value,
    /// What `personal-data-erased` erases.
    #[schema(nullable = false)]
    pub erases: Option<ToErase>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// What is erased: at least one value or event.
#[derive(Debug, ToSchema)]
pub struct ToErase {
    /// JSON Pointers of attributes, 100 at most: their former values, in the versions and in what events disclose. The value that an
    /// attribute has now stays.
    #[schema(value_type = Vec<String>, required = false)]
    pub values: Vec<String>,
    /// Numbers of events, 100 at most: their reason and notes.
    #[schema(value_type = Vec<u64>, required = false)]
    pub events: Vec<u64>,
}

fn lifecycle_event() -> Object {
    event_types(
        "The event type: one that happens to a passport and has no operation of its own.",
        |one| one.concerns("passport") && !one.starts_record() && one.operation.is_none(),
    )
}

fn event_types(description: &str, which: impl Fn(&EventType) -> bool) -> Object {
    let which = catalogue().event_types().filter(|one| which(one));
    one_of(description, which.map(|one| one.id.as_str()))
}

/// An order of unit ids: for a model, or for a batch, which has its model.
#[derive(Debug, ToSchema)]
pub struct NewUnits {
    /// The model, unless `batch` is given.
    #[schema(nullable = false)]
    pub model: Option<Uuid>,
    /// The batch, unless `model` is given.
    #[schema(nullable = false)]
    pub batch: Option<Uuid>,
    /// How many units, 1 to 10,000.
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: u32,
    /// How many labels each has from the start, for different sides of the battery; 1 by default. An order has 30,000 labels at
    /// most.
    #[schema(minimum = 1, maximum = 4, nullable = false)]
    pub labels_per_unit: Option<u8>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// A label to be.
#[derive(Debug, ToSchema)]
pub struct NewLabel {
    /// The label that it is to take the place of, once it is on the battery; without it this is a further label.
    #[schema(nullable = false)]
    pub replaces: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// That a label is on its battery.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LabelApplied {
    /// What was read from the symbol on the battery: the whole address. Needed where the label takes the place of another.
    #[schema(nullable = false)]
    pub carrier: Option<String>,
    /// The manufacturer's serial number as it stands on the battery. Needed where the label takes the place of another and the
    /// passport has a serial number; separators and the case of letters do not count.
    #[schema(nullable = false)]
    pub serial_number: Option<String>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// Readings of a battery.
#[derive(Debug, ToSchema)]
pub struct NewReadings {
    /// The event type; `measurement` unless it is given.
    #[schema(schema_with = reading_event, required = false)]
    pub r#type: String,
    /// The instrument that took them; at most 500 characters.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub instrument: Option<String>,
    /// The conditions they were taken under; at most 500 characters.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub conditions: Option<String>,
    /// The readings, in any order.
    #[schema(min_items = 1, max_items = 2000)]
    pub readings: Vec<NewReading>,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

fn reading_event() -> Object {
    one_of(
        "The event type; `measurement` unless it is given.",
        ["measurement", "correction"],
    )
}

/// What a dynamic attribute was at one moment. An attribute with a unit of its own takes its members as they stand in a passport.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewReading {
    /// The attribute: a JSON Pointer of `/docs/attributes`.
    pub pointer: String,
    /// The value, in the form that the attribute has.
    #[schema(schema_with = value)]
    pub value: serde_json::Value,
    /// The unit (UCUM), where the attribute has one.
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// When it was measured (RFC 3339); kept to the millisecond.
    #[schema(format = DateTime)]
    pub measured_at: String,
}

fn value() -> Object {
    any_value("The value, in the form that the attribute has.")
}

/// A further life: one-to-one with `data` alone, split with `units`, merged with `predecessors`.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewSuccessors {
    /// The event type, which says what the further life is.
    #[schema(schema_with = succession)]
    pub r#type: String,
    /// Why, as everybody reads it in the history of the new passport; so it says nothing of the battery's past. At most 2,000
    /// characters.
    #[schema(min_length = 1, max_length = 2000)]
    pub public_reason: String,
    /// To merge: the other passports that go into the one new unit, beside the one in the path.
    #[schema(nullable = false)]
    pub predecessors: Option<Vec<Uuid>>,
    /// To split: each of the new units, two at least.
    #[schema(nullable = false, min_items = 2)]
    pub units: Option<Vec<SplitUnit>>,
    /// A model of the caller's that the new passport is of, in place of the same one.
    #[schema(nullable = false)]
    pub model: Option<Uuid>,
    /// A batch of the caller's that the new passport is of; it has its model.
    #[schema(nullable = false)]
    pub batch: Option<Uuid>,
    /// The values of the new battery; not beside `units`, which have their own.
    #[schema(required = false)]
    pub data: ItemData,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

fn succession() -> Object {
    event_types(
        "The event type, which says what the further life is.",
        |one| one.starts_successor().is_some(),
    )
}

/// One of the units that a battery is split into.
#[derive(Debug, ToSchema)]
pub struct SplitUnit {
    /// The values of the new battery.
    #[schema(required = false)]
    pub data: ItemData,
}

/// An offer of responsibility.
#[derive(Debug, ToSchema)]
pub struct NewTransfer {
    /// The registered organisation that it is offered to.
    pub to: String,
    /// What for.
    #[schema(schema_with = purpose)]
    pub purpose: String,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

fn purpose() -> Object {
    let purposes: Vec<String> = catalogue()
        .purposes()
        .map(|purpose| format!("`{}`: {}", purpose.id, purpose.label.en))
        .collect();
    let description = format!("What for. {}.", purposes.join("; "));
    let words = catalogue().purposes().map(|purpose| purpose.id.as_str());
    one_of(&description, words)
}

/// Evidence that will be uploaded.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewEvidence {
    /// What it is called; at most 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Its media type, for example `image/jpeg`.
    pub media_type: String,
    /// What it shows, where an event asks for that.
    #[schema(schema_with = evidence_kind, required = false)]
    pub kind: Option<String>,
    /// The number of its bytes.
    #[schema(minimum = 1, maximum = 4_194_304)]
    pub size: u64,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits.
    #[schema(pattern = "^[0-9A-Fa-f]{64}$")]
    pub sha256: String,
    /// The access class of those who may read it; 0 (internal) unless it is given.
    #[schema(nullable = false, minimum = 0, maximum = 4)]
    pub class: Option<u8>,
}

fn evidence_kind() -> Object {
    let kinds = catalogue().evidence_kinds().map(|kind| kind.id.as_str());
    one_of("What it shows, where an event asks for that.", kinds)
}

/// The products asked about.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum ProductIds {
    /// As EN 18222 has it.
    Named(NamedProductIds),
    /// The bare list.
    List(Vec<String>),
}

/// The products asked about.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NamedProductIds {
    /// Unique product identifiers.
    pub product_ids: Vec<String>,
}
