//! Bodies as the OpenAPI document describes them. What stands in a passport is described by the JSON Schemas of the
//! catalogue, which `/v1/schemas` serves: the document refers to them.

use std::borrow::Cow;

use passport::{Category, Classes, Form, Level};
use utoipa::openapi::schema::{AnyOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// Where the schema of a form for a category is served, on the host the document was read from.
fn address(category: Category, form: Form) -> String {
    format!("/v1/schemas/{category}/{form}")
}

/// The schema of one of the forms, of one category or another.
fn of_any_category(forms: &[Form], description: &str) -> RefOr<Schema> {
    let one_of_them = AnyOfBuilder::new()
        .schema_type(SchemaType::new(Type::Object))
        .description(Some(description));
    forms
        .iter()
        .flat_map(|form| Category::ALL.map(|category| Ref::new(address(category, *form))))
        .fold(one_of_them, AnyOfBuilder::item)
        .into()
}

macro_rules! catalogue_schema {
    ($($name:ident, $forms:expr, $description:literal;)*) => { $(
        #[doc = $description]
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                of_any_category(&$forms, $description)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )* };
}

catalogue_schema! {
    ModelData, [Form::Data(Level::Model)], "Attributes of a model by group, as its category has them";
    BatchData, [Form::Data(Level::Batch)], "Attributes of a batch by group, as its category has them";
    ProductData, [Form::Data(Level::Model), Form::Data(Level::Batch)], "Attributes of a model or batch by group, as its category has them";
    NewPassport, [Form::NewPassport], "A unit, and the attributes of this one battery by group, as its category has them";
    ReadPassport, [Form::Passport { classes: Classes::ALL, complete: false }],
        "The EN 18223 header, and of the attributes by group those the caller may see; `/v1/schemas` has the schema of each access class";
}

/// Why something is changed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Why {
    /// In a sentence.
    pub reason: String,
    /// Anything else, for whoever is responsible for the record.
    #[schema(nullable = false)]
    pub notes: Option<String>,
    /// When it happened, if not now (RFC 3339).
    #[schema(nullable = false, format = DateTime)]
    pub occurred_at: Option<String>,
    /// Evidence ids.
    #[schema(nullable = false)]
    pub evidence: Option<Vec<Uuid>>,
}

/// A model to be.
#[derive(Debug, ToSchema)]
pub struct NewModel {
    /// `ev`, `lmt`, `industrial` or `stationary`.
    pub category: String,
    /// Its attributes.
    pub data: ModelData,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
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
    pub r#type: String,
    /// An RFC 7396 merge patch of the data by group; what comes of it is held against their schema.
    #[schema(value_type = Object)]
    pub changes: serde_json::Value,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// What happened to a battery.
#[derive(Debug, ToSchema)]
pub struct LifecycleEvent {
    /// The event type.
    pub r#type: String,
    /// An RFC 7396 merge patch of the battery's data by group; what comes of it is held against their schema.
    #[schema(value_type = Object, required = false)]
    pub changes: serde_json::Value,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}
