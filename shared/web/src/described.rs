//! Bodies as the OpenAPI document describes them. What stands in a passport is described by the JSON Schemas of the
//! catalogue, which `/v1/schemas` serves: the document refers to them.

mod answers;
mod requests;

use std::borrow::Cow;

use passport::{Category, Classes, Form, Level};
use utoipa::openapi::schema::{AnyOfBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

pub use self::answers::*;
pub use self::requests::*;

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
    CompressedNewPassport, [Form::NewPassport], "A unit, and the attributes of this one battery by group, as its category has them";
    ItemData, [Form::Data(Level::Item)], "Attributes of one battery by group, as its category has them";
    CompressedPassport, [Form::Passport { classes: Classes::ALL, complete: false }],
        "The EN 18223 header, and of the attributes by group those the caller may see; `/v1/schemas` has the schema of each access class";
}

/// A word of a closed list.
fn one_of<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .description(Some(description))
        .enum_values(Some(words))
        .build()
}

/// Any JSON value.
fn any_value(description: &str) -> Object {
    let kinds = [
        Type::Object,
        Type::Array,
        Type::String,
        Type::Number,
        Type::Boolean,
        Type::Null,
    ];
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter(kinds))
        .description(Some(description))
        .build()
}

/// Any JSON object.
fn any_object(description: &str) -> Object {
    let mut object = any_value(description);
    object.schema_type = Type::Object.into();
    object
}

macro_rules! free_form {
    ($($name:ident, $schema:expr, $description:literal;)*) => { $(
        #[doc = $description]
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema($description).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )* };
}

free_form! {
    PassportChange, any_object, "An RFC 7396 merge patch of the battery's data by group, or with `representation=full` its `elements`; what comes of it is held against the schema of an item";
    ReadElement, any_value, "What stands at the path, in the form that its attribute has, with `representation=full` as an element (EN 18223); a list where the path may lead to several places";
    NewElement, any_value, "An RFC 7396 merge patch of the element, in the form that its attribute has; with `representation=full` the whole element (EN 18223)";
}
