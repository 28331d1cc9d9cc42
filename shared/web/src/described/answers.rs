//! What is answered, where a library makes it or more than one function does.

use std::collections::BTreeMap;

use passport::{Class, LabelState};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

use super::{CompressedPassport, any_value, one_of};

/// A passport as it is read.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum ReadPassport {
    /// With `representation=compressed`, the default.
    Compressed(CompressedPassport),
    /// With `representation=full`.
    Full(Box<FullPassport>),
}

/// A passport in full: the EN 18223 header, and what the caller may see as elements that say what they are.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct FullPassport {
    /// The passport's URI.
    pub digital_product_passport_id: String,
    /// The unit's URL, as it stands on the battery (EN 18219).
    pub unique_product_identifier: String,
    /// The level that the record describes: `item`.
    pub granularity: String,
    /// The form of the data.
    pub dpp_schema_version: String,
    /// Where the record stands: `active`, `inactive` or `archived`.
    pub dpp_status: String,
    /// When anything last changed that this caller may see.
    #[schema(format = DateTime)]
    pub last_updated: String,
    /// The responsible economic operator.
    pub economic_operator_id: String,
    /// The plant.
    #[schema(nullable = false)]
    pub facility_id: Option<String>,
    /// The version of the attribute catalogue that the values follow, by its address.
    pub content_specification_ids: Vec<String>,
    /// The groups, each an element with its attributes within.
    pub elements: Vec<DataElement>,
    /// Of a battery that was recycled: that it was, and until when that can be taken back.
    #[schema(nullable = false)]
    pub notices: Option<RecycledNotices>,
}

/// What is to be said of the record of a recycled battery.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct RecycledNotices {
    /// `recycling-recorded` while it can be taken back, then `recycled`.
    pub record: String,
    /// From when it can no longer be taken back.
    #[schema(format = DateTime)]
    pub final_at: Option<String>,
}

/// An element of the full representation (EN 18223).
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase", no_recursion)]
pub struct DataElement {
    /// Its name within the element around it.
    pub element_id: String,
    /// What it is.
    #[schema(schema_with = object_type)]
    pub object_type: String,
    /// Where the attribute is described.
    #[schema(nullable = false)]
    pub dictionary_reference: Option<String>,
    /// The XML Schema type of its value.
    #[schema(nullable = false)]
    pub value_data_type: Option<String>,
    /// Its value: a scalar, a list, or texts with their languages.
    #[schema(schema_with = element_value, required = false)]
    pub value: Value,
    /// The elements within, of a collection.
    #[schema(nullable = false)]
    pub elements: Option<Vec<DataElement>>,
    /// The title, of a document.
    #[schema(nullable = false)]
    pub resource_title: Option<String>,
    /// The media type, of a document.
    #[schema(nullable = false)]
    pub content_type: Option<String>,
    /// Where a document is read.
    #[schema(nullable = false)]
    pub url: Option<String>,
}

fn object_type() -> Object {
    one_of("What it is.", passport::OBJECT_TYPES)
}

fn element_value() -> Object {
    any_value("Its value: a scalar, a list, or texts with their languages.")
}

/// What a scan answers a program: the public part of the passport, or a notice why there is none.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum Scanned {
    /// There is a passport to show.
    Passport(Box<ScannedPassport>),
    /// A GS1 key leads to a model or lot.
    Product(ScannedProduct),
    /// There is none.
    Notice(ScanNotice),
}

/// The public part of a passport, and what there is to know of label and record.
#[derive(Debug, ToSchema)]
pub struct ScannedPassport {
    /// The passport.
    #[serde(flatten)]
    pub passport: CompressedPassport,
    /// What there is to know of label and record.
    pub notices: Notices,
}

/// What is public of a model or lot, by group.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ScannedProduct {
    /// Its GS1 Digital Link.
    pub unique_product_identifier: String,
    /// `model` or `batch`.
    #[schema(schema_with = product_level)]
    pub granularity: String,
    /// The attributes, by group.
    #[serde(flatten)]
    pub data: std::collections::HashMap<String, serde_json::Value>,
}

fn product_level() -> Object {
    one_of("Of what.", ["model", "batch"])
}

/// Why there is no passport to show.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[serde(deny_unknown_fields)]
pub struct ScanNotice {
    /// The unit's URL.
    pub unique_product_identifier: String,
    /// What there is to know of label and record.
    pub notices: Notices,
}

/// All links of a battery (RFC 9264), as GS1 keeps them: a context object for each level, from the item up.
#[derive(Debug, ToSchema)]
pub struct Linkset {
    /// The context objects.
    pub linkset: Vec<LinkContext>,
}

/// What links of one level lead from. Every other member is named by the address of a link type and lists its targets.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LinkContext {
    /// The address whose links they are.
    pub anchor: String,
    /// What it is.
    pub item_description: String,
    /// Targets by the address of their link type.
    #[serde(flatten)]
    pub links: std::collections::HashMap<String, Vec<LinkTarget>>,
}

/// Where a link leads.
#[derive(Debug, ToSchema)]
pub struct LinkTarget {
    /// The address.
    pub href: String,
    /// What is there.
    pub title: String,
    /// Its media type.
    #[schema(nullable = false)]
    pub r#type: Option<String>,
    /// The languages it comes in.
    #[schema(nullable = false)]
    pub hreflang: Option<Vec<String>>,
}

/// What there is to know of the scanned label and of the record.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Notices {
    /// What became of the label: `current`, `replaced`, `revoked`, `destroyed`, `suspected` (the responsible organisation warns
    /// that it may have been copied), `never-issued-for-this-unit` or `unreadable`; null where none
    /// was named.
    #[schema(required = true)]
    pub label: Option<String>,
    /// The day since when that is so, unless it is `current`.
    #[schema(required = true, format = Date)]
    pub label_changed: Option<String>,
    /// Where the record stands: `in-force`, `not-yet-on-the-market`, `archived`, `recycling-recorded` or `recycled`.
    pub record: String,
    /// The day from which a recycling that was recorded is final.
    #[schema(required = true, format = Date)]
    pub final_on: Option<String>,
    /// Since when the battery is recalled.
    #[schema(required = true)]
    pub recalled: Option<String>,
    /// Only in a stored copy, which answers where nothing else does: when it was so.
    #[schema(nullable = false, format = DateTime)]
    pub as_of: Option<String>,
    /// Only in a stored copy, which cannot know what was scanned: every label of the battery.
    #[schema(nullable = false)]
    pub labels: Option<Vec<CopiedLabel>>,
}

/// A label in a stored copy.
#[derive(Debug, ToSchema)]
pub struct CopiedLabel {
    /// Its id, unique within the unit.
    pub label: String,
    /// What became of it, as in `label` of the notices.
    pub state: String,
    /// The day since when that is so.
    #[schema(format = Date)]
    pub since: String,
}

/// A label of a unit.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UnitLabel {
    /// Its id, unique within the unit.
    pub label: String,
    /// What became of it.
    #[schema(schema_with = label_state)]
    pub state: String,
    /// When it was issued, or asked for.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// When its state last changed.
    #[schema(format = DateTime)]
    pub changed_at: String,
    /// The label whose place it is to take, or took.
    #[schema(nullable = false)]
    pub replaces: Option<String>,
    /// The label that took its place.
    #[schema(nullable = false)]
    pub replaced_by: Option<String>,
    /// Whether it may be put on a battery for sale; other stages print `TEST` across theirs.
    pub market: bool,
    /// The state it was in before it came under suspicion; for the responsible organisation.
    #[schema(nullable = false)]
    pub before: Option<String>,
    /// Who asked for it, where that was not the responsible organisation; for that one and for whoever asked.
    #[schema(nullable = false)]
    pub ordered_by: Option<String>,
    /// What the responsible organisation has to decide; for that one and for whoever asked.
    #[schema(nullable = false)]
    pub awaiting: Option<AwaitedChange>,
}

fn label_state() -> Object {
    one_of(
        "What became of it. `requested` and `refused` labels are shown only to the responsible organisation and to whoever asked.",
        LabelState::ALL.map(LabelState::as_str),
    )
}

/// A change of a label that somebody asked for who is not responsible for the battery.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AwaitedChange {
    /// The event type that an approval raises.
    pub event: String,
    /// Who asked.
    pub organisation: String,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Why.
    pub reason: String,
    /// The evidence it brought, for the responsible organisation to read too.
    pub evidence: Vec<Uuid>,
}

/// An identifier from elsewhere.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UnitAlias {
    /// In its canonical form: `01/09521234000013/21/SN-4711`, `did:web:example.eu:1`, `serial:<organisation>:<number>`.
    pub alias: String,
    /// Since when it is linked.
    #[schema(format = DateTime)]
    pub linked_at: String,
}

/// An identifier that was linked.
#[derive(Debug, ToSchema)]
pub struct Linked {
    /// In its canonical form.
    pub alias: String,
}

/// Who has custody.
#[derive(Debug, ToSchema)]
pub struct CustodyNow {
    /// The resolver that labels lead to; null where it is this platform.
    #[schema(required = true)]
    pub resolver: Option<String>,
}

/// A label that was issued or changed.
#[derive(Debug, ToSchema)]
pub struct ChangedLabel {
    /// The label.
    #[serde(flatten)]
    pub label: UnitLabel,
    /// What its symbol holds: the address to print.
    pub carrier: String,
}

/// Evidence that was announced.
#[derive(Debug, ToSchema)]
pub struct AnnouncedEvidence {
    /// Its id.
    pub id: Uuid,
    /// `announced`, or `confirmed` where the request is repeated after that.
    pub state: String,
    /// How to send the bytes.
    pub upload: EvidenceUpload,
    /// Where to `POST` once they are sent.
    pub confirmation: String,
}

/// How to send the bytes of a piece of evidence, within 15 minutes.
#[derive(Debug, ToSchema)]
pub struct EvidenceUpload {
    /// `PUT`.
    pub method: String,
    /// To this address.
    pub url: String,
    /// With these headers, exactly.
    pub headers: BTreeMap<String, String>,
}

/// A piece of evidence as it is kept.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct KeptEvidence {
    /// Its id.
    pub id: Uuid,
    /// Who brought it.
    pub organisation: String,
    /// What it is called.
    pub title: String,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
    /// Their number.
    pub size: u64,
    /// Its media type, as announced.
    pub media_type: String,
    /// What it shows, where that was said.
    #[schema(nullable = false)]
    pub kind: Option<String>,
    /// The access class of those who may read it.
    #[schema(value_type = u8)]
    pub class: Class,
    /// When it was announced.
    #[schema(format = DateTime)]
    pub announced_at: String,
    /// How far it is: `announced` or `confirmed`.
    pub state: String,
    /// The locked version that holds it.
    #[schema(nullable = false)]
    pub version: Option<String>,
}

/// One broken rule at one place, or what is odd there.
#[derive(Debug, ToSchema)]
pub struct BrokenRule {
    /// Where: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// Which rule, for example `out-of-range`.
    pub rule: String,
    /// What the rule asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// Where the rule comes from, for example `Annex XIII 1(g)`.
    #[schema(nullable = false)]
    pub source: Option<String>,
}

/// A member that did not survive an export or import.
#[derive(Debug, ToSchema)]
pub struct LostMember {
    /// Where it stands (RFC 6901).
    pub pointer: String,
    /// What became of it: `not-carried`, `approximated`, `required-missing`, `derived`, `not-taken`, `not-valid` or `not-understood`.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// A member of a document of another format that was taken over.
#[derive(Debug, ToSchema)]
pub struct TakenMember {
    /// Where it stood in that document (RFC 6901).
    pub from: String,
    /// The attribute it is here.
    pub to: String,
}

/// An attribute that has another value.
#[derive(Debug, ToSchema)]
pub struct ChangedAttribute {
    /// The attribute: `/group/attribute` (RFC 6901).
    pub pointer: String,
    /// The access class of the attribute, between versions.
    #[schema(nullable = false)]
    pub class: Option<u8>,
    /// What was done: `add`, `replace` or `remove`.
    pub op: String,
    /// The value before, where there was one.
    #[schema(schema_with = before, required = false)]
    pub before: Value,
    /// The value after, where there is one.
    #[schema(schema_with = after, required = false)]
    pub after: Value,
}

fn before() -> Object {
    any_value("The value before, where there was one.")
}

fn after() -> Object {
    any_value("The value after, where there is one.")
}

/// Who acted.
#[derive(Debug, ToSchema)]
pub struct ActingPerson {
    /// The role that permitted it.
    pub role: String,
    /// The organisation.
    pub organisation: String,
    /// The person or client, as a keyed reference that names nobody.
    pub reference: String,
}

/// A piece of evidence that an event cites.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CitedEvidence {
    /// Its id.
    pub id: Uuid,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// Its media type.
    pub media_type: String,
    /// The locked version that holds it.
    #[schema(nullable = false)]
    pub version: Option<String>,
}

/// The commitment to the values of one access class, before an event and after.
#[derive(Debug, ToSchema)]
pub struct ChangedCommitment {
    /// The access class.
    pub class: u8,
    /// Before; null where there was none.
    #[schema(required = true)]
    pub before: Option<String>,
    /// After; null where there is none.
    #[schema(required = true)]
    pub after: Option<String>,
}

/// What an event commits to of the readings that it brought.
#[derive(Debug, ToSchema)]
pub struct CommittedReadings {
    /// The access class of the attributes.
    pub class: u8,
    /// How many readings.
    pub count: u64,
    /// The earliest moment.
    #[schema(format = DateTime)]
    pub from: String,
    /// The latest moment.
    #[schema(format = DateTime)]
    pub to: String,
    /// The SHA-256 of their canonical form (RFC 8785).
    pub sha256: String,
}

/// What an event erased.
#[derive(Debug, ToSchema)]
pub struct ErasedValues {
    /// JSON Pointers of the attributes whose former values are gone.
    #[schema(value_type = Vec<String>, required = false)]
    pub values: Vec<String>,
    /// Numbers of the events whose reason and notes are gone.
    #[schema(value_type = Vec<u64>, required = false)]
    pub events: Vec<u64>,
    /// The salted digests that stay, in base64url.
    #[schema(value_type = Vec<String>, required = false)]
    pub digests: Vec<String>,
    /// Number of the record's key that is gone, and with it whatever that key or one before it sealed.
    #[schema(nullable = false)]
    pub key: Option<u32>,
}

/// A value that was measured too long ago.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StaleValue {
    /// The attribute.
    pub pointer: String,
    /// Its access class.
    pub class: u8,
    /// When it was measured.
    #[schema(format = DateTime)]
    pub measured_at: String,
    /// Since when it counts as stale.
    #[schema(format = DateTime)]
    pub stale_since: String,
    /// How many days a value of it is fresh.
    pub fresh_for_days: u16,
    /// The law it follows from.
    pub source: String,
}

/// A text that lacks languages.
#[derive(Debug, ToSchema)]
pub struct UntranslatedText {
    /// Where the text stands (RFC 6901).
    pub pointer: String,
    /// The access class of its attribute.
    pub class: u8,
    /// The languages it lacks (ISO 639-1).
    pub languages: Vec<String>,
}

/// A code for whoever buys a battery.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ClaimCode {
    /// The code: it counts once.
    #[schema(example = "7Q4M-0ZXH-2C8R-KT5V")]
    pub code: String,
    /// Until when it counts.
    #[schema(format = DateTime)]
    pub until: String,
}

/// That a battery is claimed, or no longer.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Claimed {
    /// The claim.
    pub id: Uuid,
    /// Whether it stands.
    pub claimed: bool,
}

/// That access is suspended, or no longer.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Suspended {
    /// The suspension.
    pub id: Uuid,
    /// Whether it stands.
    pub suspended: bool,
}
