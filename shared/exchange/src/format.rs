//! The formats: each a file of `formats/`, read once, when it is first asked for.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use passport::{Attribute, Category, escaped};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::form::Form;
use crate::leaf::Target;
use crate::path::Path;

/// A format that passports are exchanged in.
#[derive(Debug)]
pub struct Format {
    /// Its name in addresses and on the command line.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is and in which form, in a few sentences.
    pub about: String,
    /// Its forms for the categories of battery, where it has more than one.
    pub variants: Vec<Variant>,
    recognised_by: Vec<Path>,
    /// Where it says when its values were true.
    pub(crate) dated_by: Path,
    pub(crate) required: Required,
    pub(crate) members: Vec<Member>,
    pub(crate) without: BTreeMap<String, String>,
}

/// One form of a format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name.
    pub id: String,
    /// The battery category it is for.
    pub category: Category,
    /// Whether it is used only where it is asked for by name.
    #[serde(default)]
    pub on_request: bool,
    #[serde(default)]
    pub(crate) required: Required,
}

/// What there has to be: members by the place that has them.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, Vec<String>>")]
pub(crate) struct Required(Vec<(Path, Vec<String>)>);

impl TryFrom<BTreeMap<String, Vec<String>>> for Required {
    type Error = String;

    fn try_from(members: BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let place = |(place, names)| Ok((Path::try_from(place)?, names));
        members
            .into_iter()
            .map(place)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Required {
    fn below(self, root: &Path) -> Self {
        let places = self.0.into_iter();
        Self(
            places
                .map(|(place, names)| (root.then(&place), names))
                .collect(),
        )
    }

    /// The members that a document lacks in the places it has (RFC 6901).
    pub(crate) fn lacking(&self, document: &Value) -> Vec<String> {
        let mut lacking = Vec::new();
        for (place, names) in &self.0 {
            for found in place.find(document) {
                let absent = names.iter().filter(|name| found.value.get(name).is_none());
                lacking.extend(absent.map(|name| format!("{}/{}", found.pointer, escaped(name))));
            }
        }
        lacking
    }
}

/// A member of the format and what it is here.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) at: Path,
    pub(crate) is: Is,
    pub(crate) form: Form,
    /// The variants that have it; all where none is named.
    pub(crate) only: Vec<String>,
    /// Values that stand beside it on our side: written by an import, asked for by an export.
    pub(crate) with: Vec<(Target, Value)>,
    /// It is read and never written: what it says cannot be said of our values.
    pub(crate) import_only: bool,
    pub(crate) why: Option<String>,
}

/// What a member is here.
#[derive(Debug)]
pub(crate) enum Is {
    /// An attribute, or a place in its value.
    Attribute(Target),
    /// A member of the derived header.
    Header(String),
    /// Always the same.
    Constant(Value),
    /// Nothing of ours.
    Nothing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormatFile {
    id: String,
    name: String,
    about: String,
    recognised_by: Vec<Path>,
    #[serde(default)]
    dated_by: Path,
    /// Before every other place of the format.
    #[serde(default)]
    root: Path,
    #[serde(default)]
    variant: Vec<Variant>,
    #[serde(default)]
    required: Required,
    #[serde(default)]
    form: BTreeMap<String, Form>,
    member: Vec<Entry>,
    /// Attributes that it has no place for, and why.
    #[serde(default)]
    without: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at: Path,
    to: Option<Path>,
    header: Option<String>,
    constant: Option<Value>,
    form: Option<FormEntry>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    #[serde(default)]
    import_only: bool,
    why: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FormEntry {
    Named(String),
    Own(Box<Form>),
}

const FILES: [&str; 2] = [
    include_str!("../formats/batterypass-ready.toml"),
    include_str!("../formats/idta-02035.toml"),
];

#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them"
)]
static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let formats: Result<_, String> = FILES.into_iter().map(str::parse).collect();
    match formats {
        Ok(formats) => formats,
        Err(error) => panic!("the interchange formats: {error}"),
    }
});

/// Every format.
pub fn formats() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter()
}

/// A format by its id, or by that of one of its variants: `<format>-<variant>`.
#[must_use]
pub fn format(id: &str) -> Option<(&'static Format, Option<&'static Variant>)> {
    formats().find_map(|format| match id.strip_prefix(format.id.as_str())? {
        "" => Some((format, None)),
        rest => {
            let variant = rest.strip_prefix('-')?;
            let variant = format.variants.iter().find(|one| one.id == variant)?;
            Some((format, Some(variant)))
        }
    })
}

/// The format that a document is in.
#[must_use]
pub fn detect(document: &Map<String, Value>) -> Option<&'static Format> {
    formats().find(|format| {
        let mut marks = format.recognised_by.iter();
        marks.any(|mark| !mark.find_in(document).is_empty())
    })
}

impl FromStr for Format {
    type Err = String;

    /// Reads a mapping as those of `formats/` are written.
    fn from_str(text: &str) -> Result<Self, String> {
        let file: FormatFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let FormatFile { id, root, form, .. } = file;
        let members: Result<_, String> = file
            .member
            .into_iter()
            .map(|entry| {
                let at = format!("`{id}`: {:?}", entry.at);
                entry
                    .member(&root, &form)
                    .map_err(|error| format!("{at}: {error}"))
            })
            .collect();
        Ok(Self {
            name: file.name,
            about: file.about,
            recognised_by: file.recognised_by,
            dated_by: root.then(&file.dated_by),
            required: file.required.below(&root),
            variants: file
                .variant
                .into_iter()
                .map(|variant| Variant {
                    required: variant.required.below(&root),
                    ..variant
                })
                .collect(),
            members: members?,
            without: file.without,
            id,
        })
    }
}

impl Format {
    /// The form for a category of battery: the one that was asked for, else the format's usual one.
    ///
    /// # Errors
    /// The category that the one asked for is for.
    pub fn form(
        &self,
        asked: Option<&'static Variant>,
        category: Category,
    ) -> Result<Option<&Variant>, Category> {
        match asked {
            Some(variant) if variant.category == category => Ok(Some(variant)),
            Some(variant) => Err(variant.category),
            None => Ok(self.variant(category)),
        }
    }

    /// Its usual form for a category of battery.
    #[must_use]
    pub fn variant(&self, category: Category) -> Option<&Variant> {
        self.variants
            .iter()
            .find(|variant| variant.category == category && !variant.on_request)
    }
}

/// A member of a format, for people.
#[derive(Debug)]
pub struct Place<'f> {
    /// Where it stands in the format.
    pub at: String,
    /// The attribute that it is, or is a part of.
    pub attribute: Option<&'static Attribute>,
    /// Where it stands here, if it does: in the attribute, or in the header.
    pub to: Option<String>,
    /// By what the element is chosen that it stands in here: `title=Waste prevention`.
    pub chosen_by: Option<String>,
    /// Why it is not read.
    pub why: Option<&'f str>,
    /// The forms of the format that have it; all where none is named.
    pub only: &'f [String],
}

impl Format {
    /// Its members, in its own order.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.members.iter().map(|member| Place {
            at: member.at.to_string(),
            attribute: match &member.is {
                Is::Attribute(target) => Some(target.attribute),
                _ => None,
            },
            to: match &member.is {
                Is::Attribute(target) => Some(target.path.to_string()),
                Is::Header(name) => Some(format!("/{name}")),
                Is::Constant(value) => Some(value.to_string()),
                Is::Nothing => None,
            },
            chosen_by: match &member.is {
                Is::Attribute(target) => target.path.choice().map(ToString::to_string),
                _ => None,
            },
            why: member.why.as_deref(),
            only: &member.only,
        })
    }
}

impl Entry {
    fn member(self, root: &Path, forms: &BTreeMap<String, Form>) -> Result<Member, String> {
        let form = match self.form {
            None => Form::default(),
            Some(FormEntry::Own(form)) => *form,
            Some(FormEntry::Named(name)) => forms
                .get(&name)
                .cloned()
                .ok_or_else(|| format!("there is no form `{name}`"))?,
        };
        let is = match (self.to, self.header, self.constant, &self.why) {
            (Some(to), None, None, _) => {
                let target = Target::at(&to)?;
                form.fit(target.leaf)?;
                Is::Attribute(target)
            }
            (None, Some(header), None, _) => Is::Header(header),
            (None, None, Some(constant), _) => Is::Constant(constant),
            (None, None, None, Some(_)) => Is::Nothing,
            _ => return Err("exactly one of `to`, `header`, `constant`, or only `why`".to_owned()),
        };
        let with = self.with.into_iter().map(|(path, value)| {
            let path = Path::try_from(path)?;
            Ok::<_, String>((Target::at(&path)?, value))
        });
        Ok(Member {
            with: with.collect::<Result<_, _>>()?,
            at: root.then(&self.at).then(&form.at),
            is,
            form,
            only: self.only,
            import_only: self.import_only,
            why: self.why,
        })
    }
}

impl Member {
    /// Whether a variant has it.
    pub(crate) fn in_variant(&self, variant: Option<&Variant>) -> bool {
        self.only.is_empty() || variant.is_some_and(|variant| self.only.contains(&variant.id))
    }
}
