//! What stands first on the page: `summary.toml`.

use std::sync::LazyLock;

use passport::{Attribute, Composed, catalogue};
use serde::Deserialize;
use serde_json::Value;

/// A few attributes under one heading.
#[derive(Debug)]
pub struct Section {
    /// Key of its heading in the texts.
    pub title: String,
    /// How its values are drawn.
    pub drawn: Option<Drawn>,
    attributes: Vec<&'static Attribute>,
}

/// How values are drawn beside being written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// Each a share of a hundred.
    Bars,
    /// A list of materials, each with its share of the whole.
    Donut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SummaryFile {
    health: Vec<String>,
    section: Vec<SectionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionEntry {
    title: String,
    drawn: Option<Drawn>,
    attributes: Vec<String>,
}

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    load()
        .section
        .into_iter()
        .map(|entry| Section {
            title: entry.title,
            drawn: entry.drawn,
            attributes: entry
                .attributes
                .iter()
                .filter_map(|pointer| catalogue().by_pointer(pointer))
                .collect(),
        })
        .collect()
});

static HEALTH: LazyLock<Vec<&'static Attribute>> = LazyLock::new(|| {
    let pointers = load().health;
    let known = pointers
        .iter()
        .map(|pointer| catalogue().by_pointer(pointer));
    known.flatten().collect()
});

/// The attributes whose course over time shows the state of health.
#[must_use]
pub fn health() -> &'static [&'static Attribute] {
    &HEALTH
}

#[allow(
    clippy::panic,
    reason = "the file is part of the program, and a test loads it"
)]
fn load() -> SummaryFile {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/summary.json")))
        .unwrap_or_else(|error| panic!("the summary of the page: {error}"))
}

/// The sections, in the order they are shown.
#[must_use]
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

/// The groups with the attributes that the summary does not show.
static FURTHER: LazyLock<Vec<(&str, Vec<&'static Attribute>)>> = LazyLock::new(|| {
    let shown = |attribute: &&Attribute| {
        let mut shown = SECTIONS.iter().flat_map(|section| &section.attributes);
        !shown.any(|shown| std::ptr::eq(*shown, *attribute))
    };
    let groups = catalogue().groups();
    groups
        .map(|group| (group, catalogue().group(group).filter(shown).collect()))
        .collect()
});

/// What is shown below the summary: the groups, in the order they are shown, each with its attributes.
pub(crate) fn further() -> &'static [(&'static str, Vec<&'static Attribute>)] {
    &FURTHER
}

impl Section {
    /// What the document has of it.
    #[must_use]
    pub fn present<'a>(&self, document: &Composed<'a>) -> Vec<(&'static Attribute, &'a Value)> {
        self.attributes
            .iter()
            .filter_map(|attribute| {
                let value = document.get(&attribute.group, &attribute.id)?;
                Some((*attribute, value))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts;
    use web::Language;

    #[test]
    fn the_state_of_health_is_of_numbers_that_change_with_use() {
        assert_eq!(health().len(), load().health.len());
        for attribute in health() {
            let is_number = matches!(attribute.ty, passport::Type::Quantity { .. });
            assert!(attribute.dynamic && is_number, "{}", attribute.pointer());
        }
    }

    #[test]
    fn the_summary_names_public_attributes_once_under_a_heading_of_every_language() {
        let entries = load().section;
        let mut pointers: Vec<&String> =
            entries.iter().flat_map(|entry| &entry.attributes).collect();
        for pointer in &pointers {
            let attribute = catalogue().by_pointer(pointer);
            assert!(
                attribute.is_some_and(|attribute| attribute.class == passport::Class::Public),
                "{pointer}"
            );
        }
        let count = pointers.len();
        pointers.sort();
        pointers.dedup();
        assert_eq!(pointers.len(), count);
        for language in Language::ALL {
            let titles = &texts(language).summary;
            assert_eq!(titles.len(), entries.len(), "{language:?}");
            assert!(
                entries
                    .iter()
                    .all(|entry| titles.contains_key(&entry.title))
            );
        }
    }
}
