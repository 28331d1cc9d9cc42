//! Texts for people, in the languages of the Union.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The official languages of the European Union (Regulation No 1, Article 1), by ISO 639-1 code.
pub const LANGUAGES: [&str; 24] = [
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu", "it", "lt", "lv",
    "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv",
];

/// A text in English, German and French, and in any other language of the Union: `{"en": "…", "de": "…", "fr": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
    /// French.
    pub fr: String,
    /// Further languages, by their codes.
    pub others: BTreeMap<String, String>,
}

impl Translated {
    /// The text in a language, by its code; English where it is not there.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        self.known_in(language).unwrap_or(&self.en)
    }

    /// The text in a language, by its code, where it is there: in the catalogue, or among the labels of that language.
    #[must_use]
    pub fn known_in(&self, language: &str) -> Option<&str> {
        match language {
            "en" => Some(&self.en),
            "de" => Some(&self.de),
            "fr" => Some(&self.fr),
            other => {
                let own = self.others.get(other).map(String::as_str);
                own.or_else(|| crate::words(other)?.label(&self.en))
            }
        }
    }

    /// Every text with its language.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = [("en", &self.en), ("de", &self.de), ("fr", &self.fr)];
        let others = self.others.iter();
        let others = others.map(|(language, text)| (language.as_str(), text));
        let all = first.into_iter().chain(others);
        all.map(|(language, text)| (language, text.as_str()))
    }
}

impl Serialize for Translated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.others.len()))?;
        for (language, text) in self.texts() {
            map.serialize_entry(language, text)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Translated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Texts)
    }
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Translated;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text in `en`, `de`, `fr` and any other language of the Union")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Translated, M::Error> {
        let (mut en, mut de, mut fr) = (None, None, None);
        let mut others = BTreeMap::new();
        while let Some(language) = map.next_key::<String>()? {
            let text = map.next_value()?;
            match language.as_str() {
                "en" => en = Some(text),
                "de" => de = Some(text),
                "fr" => fr = Some(text),
                other if LANGUAGES.contains(&other) => {
                    others.insert(language, text);
                }
                other => return Err(M::Error::unknown_field(other, &LANGUAGES)),
            }
        }
        let missing = M::Error::missing_field;
        Ok(Translated {
            en: en.ok_or_else(|| missing("en"))?,
            de: de.ok_or_else(|| missing("de"))?,
            fr: fr.ok_or_else(|| missing("fr"))?,
            others,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Translated, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn any_language_of_the_union_may_be_there_and_english_stands_in() {
        let value = json!({"en": "Cell", "de": "Zelle", "fr": "Cellule", "pl": "Ogniwo"});
        let text = read(value.clone()).unwrap();
        let shown = ["en", "de", "fr", "pl", "sv", "xx"].map(|language| text.get(language));
        assert_eq!(
            shown,
            ["Cell", "Zelle", "Cellule", "Ogniwo", "Cell", "Cell"]
        );
        assert_eq!(serde_json::to_value(&text).unwrap(), value);
        assert_eq!(text.texts().count(), 4);
    }

    #[test]
    fn a_label_is_known_in_every_language_and_any_text_where_it_is_there() {
        let label = read(json!({"en": "Weight", "de": "Gewicht", "fr": "Poids"})).unwrap();
        let known = ["en", "de", "pl", "xx"].map(|language| label.known_in(language));
        assert_eq!(known, [Some("Weight"), Some("Gewicht"), Some("Masa"), None]);
        let text = json!({"en": "Nothing has it", "de": "a", "fr": "b", "pl": "Ogniwo"});
        let text = read(text).unwrap();
        let known = ["pl", "sv"].map(|language| text.known_in(language));
        assert_eq!(known, [Some("Ogniwo"), None]);
    }

    #[test]
    fn three_languages_are_always_there_and_no_other_than_the_unions() {
        for bad in [
            json!({"en": "a", "de": "b"}),
            json!({"en": "a", "de": "b", "fr": "c", "ja": "d"}),
            json!({"en": "a", "de": "b", "fr": 3}),
            json!("a"),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
        assert!(LANGUAGES.is_sorted());
        assert!(LANGUAGES.iter().all(|code| crate::language(code).is_some()));
    }
}
