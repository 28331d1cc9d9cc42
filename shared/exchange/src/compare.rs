//! What of a passport returned from a document that it was written to, and why the rest did not.

use jiff::Timestamp;
use passport::{Attribute, Field, Type, catalogue, escaped};
use serde_json::{Map, Value};

use crate::format::{Format, Is, Member, Variant};
use crate::leaf::Target;
use crate::loss::{Loss, What};

/// What was written, in which format, and what that refused.
pub(crate) struct Comparison<'f> {
    pub(crate) format: &'f Format,
    pub(crate) variant: Option<&'f Variant>,
    /// Our places whose value a member refused, each with the reason.
    pub(crate) refused: &'f [(String, String)],
    pub(crate) losses: Vec<Loss>,
}

impl Comparison<'_> {
    /// Every part of a view that did not return.
    pub(crate) fn compare(&mut self, view: &Map<String, Value>, back: &Map<String, Value>) {
        for (group, values) in view {
            for (id, value) in values.as_object().into_iter().flatten() {
                let pointer = format!("/{}/{}", escaped(group), escaped(id));
                let attribute = catalogue().attribute(group, id);
                let at = At {
                    attribute,
                    ty: attribute.map(|attribute| &attribute.ty),
                };
                match back.get(group).and_then(|group| group.get(id)) {
                    Some(returned) => self.value(value, returned, &pointer, at),
                    None => {
                        let said = || self.format.without.get(&pointer).cloned();
                        let empty = || is_empty(value).then(|| EMPTY.to_owned());
                        let why = self.refusal(&pointer).or_else(said).or_else(empty);
                        let why = why.unwrap_or_else(|| self.places(at.attribute));
                        self.losses.push(Loss::new(pointer, What::NotCarried, why));
                    }
                }
            }
        }
    }

    fn value(&mut self, value: &Value, returned: &Value, pointer: &str, at: At) {
        match (value, returned) {
            (Value::Object(before), Value::Object(after)) => {
                for (name, value) in before {
                    let pointer = format!("{pointer}/{}", escaped(name));
                    match after.get(name) {
                        Some(returned) => self.value(value, returned, &pointer, at.member(name)),
                        None => self.lose(pointer, at, at.requires(name)),
                    }
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                let mut after = after.iter().peekable();
                for (index, value) in before.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    // What has no place in the format left no gap behind.
                    let rest = before.get(index..).unwrap_or_default();
                    let own = |returned: &&Value| {
                        let first = rest.iter().position(|value| is_part(returned, value));
                        first.is_none_or(|first| first == 0)
                    };
                    let refused = self.refused.iter().any(|(place, _)| *place == pointer);
                    match after.next_if(|returned| !refused && own(returned)) {
                        Some(returned) => self.value(value, returned, &pointer, at.element()),
                        None => self.lose(pointer, at, false),
                    }
                }
            }
            (value, returned) if same(pointer, value, returned) => {}
            _ => self.lose(pointer.to_owned(), at, false),
        }
    }

    fn lose(&mut self, pointer: String, at: At, required: bool) {
        let mut why = self
            .refusal(&pointer)
            .unwrap_or_else(|| self.places(at.attribute));
        if required {
            why += "; no import takes the rest without it";
        }
        self.losses.push(Loss::new(pointer, What::NotCarried, why));
    }

    /// Why the format refused a value, or something within it.
    pub(crate) fn refusal(&self, pointer: &str) -> Option<String> {
        let within = |place: &str| {
            place
                .strip_prefix(pointer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.refused
            .iter()
            .find(|(place, _)| within(place))
            .map(|(_, why)| why.clone())
    }

    /// What the format has of an attribute, where that is not what a value says.
    fn places(&self, attribute: Option<&'static Attribute>) -> String {
        let of_it: Vec<(&Member, &Target)> = self
            .format
            .members
            .iter()
            .filter(|member| !member.import_only)
            .filter_map(|member| match &member.is {
                Is::Attribute(target) => Some((member, target)),
                _ => None,
            })
            .filter(|(_, target)| {
                attribute.is_some_and(|attribute| std::ptr::eq(attribute, target.attribute))
            })
            .collect();
        let here: Vec<String> = of_it
            .iter()
            .filter(|(member, _)| member.in_variant(self.variant))
            .map(|(member, target)| format!("`{}` takes {}", member.at, taken(member, target)))
            .collect();
        if !here.is_empty() {
            return format!("the format has no place for it: {}", here.join(", "));
        }
        let forms: Vec<&str> = of_it
            .iter()
            .flat_map(|(member, _)| &member.only)
            .map(String::as_str)
            .collect();
        match forms.is_empty() {
            true => NO_MEMBER.to_owned(),
            false => format!("{NO_MEMBER} but in its forms {}", forms.join(", ")),
        }
    }
}

/// What a member takes of an attribute.
fn taken(member: &Member, target: &Target) -> String {
    let what = member.form.takes(target.leaf);
    match target.within().as_str() {
        "" => what.to_owned(),
        within => format!("{what} at `{within}`"),
    }
}

/// A place in an attribute's value.
#[derive(Clone, Copy)]
struct At {
    attribute: Option<&'static Attribute>,
    /// `None` where the catalogue says nothing of its own.
    ty: Option<&'static Type>,
}

impl At {
    fn member(self, name: &str) -> Self {
        let field = self.field(name).map(|field| &field.ty);
        // The `value` of a dynamic attribute is of the attribute's type.
        let ty = field.or(self.ty.filter(|_| name == "value"));
        Self { ty, ..self }
    }

    fn field(self, name: &str) -> Option<&'static Field> {
        match self.ty {
            Some(Type::Record { fields }) => fields.iter().find(|field| field.id == name),
            _ => None,
        }
    }

    fn element(self) -> Self {
        let ty = match self.ty {
            Some(Type::List { of, .. }) => Some(of.as_ref()),
            _ => None,
        };
        Self { ty, ..self }
    }

    /// Whether a record needs this field, or a dynamic value its time.
    fn requires(self, name: &str) -> bool {
        let dynamic = self.attribute.is_some_and(|attribute| attribute.dynamic);
        let dated = dynamic && name == "measuredAt";
        dated || self.field(name).is_some_and(|field| field.required)
    }
}

/// Whether a value says the same. A time may be written in more than one way.
fn same(pointer: &str, value: &Value, returned: &Value) -> bool {
    let moment = |value: &Value| -> Option<Timestamp> { value.as_str()?.parse().ok() };
    let dated = || pointer.ends_with("/measuredAt") && moment(value).is_some();
    value == returned || dated() && moment(value) == moment(returned)
}

/// Whether all that returned is in a value.
fn is_part(returned: &Value, value: &Value) -> bool {
    match (returned, value) {
        (Value::Object(returned), Value::Object(value)) => {
            returned.iter().all(|(name, returned)| {
                value
                    .get(name)
                    .is_some_and(|value| is_part(returned, value))
            })
        }
        (returned, value) => returned == value,
    }
}

/// Whether a value is an empty list, dated or not.
fn is_empty(value: &Value) -> bool {
    let list = value.get("value").unwrap_or(value);
    list.as_array().is_some_and(Vec::is_empty)
}

const EMPTY: &str = "an empty list leaves nothing to write";
/// Why what no member takes is lost.
pub(crate) const NO_MEMBER: &str = "the format has no member for it";
