//! The page's own words, one file per language (`text/`). A language is read at its first use.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use web::Language;

use crate::Notation;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Every sentence of the page. A file that lacks one does not load, and a test loads them all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// What this is: a battery passport.
    pub title: String,
    /// In a few words: the record is in force.
    pub in_force: String,
    /// In a few words: the scanned label is in force.
    pub label_current: String,
    /// In a few words: there is no recall.
    pub not_recalled: String,
    /// The record's state, where there is nothing to show yet.
    pub not_yet_on_market: String,
    /// The record's state after it was closed.
    pub archived: String,
    /// The record's state after recycling.
    pub recycled: String,
    /// The record's state until recycling is final on `{day}`.
    pub recycling_recorded: String,
    /// Since `{day}`.
    pub recalled: String,
    /// The label's state, since `{day}`.
    pub label_replaced: String,
    /// The label's state, since `{day}`.
    pub label_revoked: String,
    /// The label's state, since `{day}`.
    pub label_destroyed: String,
    /// The label's state, since `{day}`.
    pub label_suspected: String,
    /// The label is not this unit's.
    pub label_never_issued: String,
    /// The label's part of the address names no label.
    pub label_unreadable: String,
    /// This is a copy; before the time when it was so.
    pub copy_as_of: String,
    /// What is not in it.
    pub copy: String,
    /// Before the languages that there are copies in.
    pub copy_languages: String,
    /// Heading of the labels in a copy.
    pub labels_title: String,
    /// How to find the scanned one among them, and what it means where it is not there.
    pub labels: String,
    /// Heading of what needs rights.
    pub restricted_title: String,
    /// How those who have rights see it, and how others ask for them.
    pub restricted: String,
    /// The part of a whole that is not named.
    pub rest: String,
    /// A battery without a model name.
    pub unit: String,
    /// Before the time of the last change.
    pub updated: String,
    /// Before the operator that signed it.
    pub signed_by: String,
    /// The word for a language.
    pub language: String,
    /// Above several links that fit.
    pub choice_title: String,
    /// There is no such unit.
    pub unknown_title: String,
    /// What to do about it.
    pub unknown: String,
    /// The text is no unit id.
    pub malformed_title: String,
    /// What a unit id is.
    pub malformed: String,
    /// It has `{found}` characters.
    pub malformed_length: String,
    /// Its check characters do not fit.
    pub malformed_character: String,
    /// Before what was probably meant.
    pub suggestion: String,
    /// Heading of the form for a typed id.
    pub find_title: String,
    /// What can be typed.
    pub find: String,
    /// Beside the field.
    pub find_label: String,
    /// On the button.
    pub find_button: String,
    /// A fault of ours.
    pub failed_title: String,
    /// What it means to the reader.
    pub failed: String,
    /// Too much was asked for from one network.
    pub too_many_title: String,
    /// What to do.
    pub too_many: String,
    /// A property that is there.
    pub yes: String,
    /// A property that is not.
    pub no: String,
    /// What the page says that shows what its reader has rights to, and on the way there.
    pub rights: Rights,
    /// How numbers and dates are written.
    pub notation: Notation,
    /// For whom the restricted access classes are, by their numbers.
    pub readers: BTreeMap<String, String>,
    /// Headings of the sections of the summary.
    pub summary: BTreeMap<String, String>,
    /// Headings of the catalogue's groups.
    pub groups: BTreeMap<String, String>,
}

/// Every sentence of the page that shows what its reader has rights to, and of signing in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rights {
    /// On the link to sign in.
    pub sign_in: String,
    /// On the button to sign out.
    pub sign_out: String,
    /// On the link to sign in once more.
    pub again: String,
    /// Before who signed in.
    pub signed_in: String,
    /// To somebody who did not sign in.
    pub everybody: String,
    /// The sign-in is no longer good.
    pub ended: String,
    /// The organisation's record does not bear the sign-in out.
    pub not_registered: String,
    /// On the link to the page that a scan leads to.
    pub public_page: String,
    /// On the link to where somebody came from.
    pub back: String,
    /// A passport that is not on the market yet.
    pub draft: String,
    /// Over what is for the responsible company only.
    pub internal: String,
    /// Over what everybody sees.
    pub public: String,
    /// Over the time line.
    pub events: String,
    /// Of an event that happened, and no more.
    pub withheld: String,
    /// Before when it was recorded, where it happened earlier.
    pub recorded: String,
    /// Before who acted.
    pub by: String,
    /// Before why.
    pub reason: String,
    /// Before anything else.
    pub notes: String,
    /// Before what proves it.
    pub evidence: String,
    /// Before what changed.
    pub changed: String,
    /// There are more events than are shown.
    pub older: String,
    /// Before the time of the last change.
    pub updated: String,
    /// Over the drawings.
    pub health: String,
    /// On the table of what is drawn.
    pub table: String,
    /// Over the times in it.
    pub measured: String,
    /// There are more values than are drawn.
    pub thinned: String,
    /// Above several providers.
    pub choose: String,
    /// There is no provider.
    pub not_set_up_title: String,
    /// What that means to the reader.
    pub not_set_up: String,
    /// The provider does not answer.
    pub unreachable_title: String,
    /// What that means to the reader.
    pub unreachable: String,
    /// Before the command that starts it.
    pub started_by: String,
    /// The sign-in did not work out.
    pub failed_title: String,
    /// Why not, and what to do.
    pub failed: String,
    /// There is nothing that this reader may know of.
    pub unknown_title: String,
    /// What to do about it.
    pub unknown: String,
}

static TEXTS: [OnceLock<Texts>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// The texts of a language.
///
/// # Panics
/// Never: a test loads those of every language.
#[must_use]
#[allow(
    clippy::panic,
    reason = "the files are part of the program, and a test loads them all"
)]
pub fn texts(language: Language) -> &'static Texts {
    let mut known = FILES.iter().zip(&TEXTS);
    let Some(((_, file), texts)) = known.find(|((code, _), _)| *code == language.code()) else {
        panic!("the page has no words in `{}`", language.code());
    };
    texts.get_or_init(|| {
        serde_json::from_str(file)
            .unwrap_or_else(|error| panic!("the words of `{}`: {error}", language.code()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Texts that are the same in another language as in English, and right: `language key`.
    const THE_SAME: [&str; 4] = [
        "es no",
        "it no",
        "fr summary/documents",
        "fr groups/identification",
    ];

    fn flat(value: &Value, place: &str, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    flat(member, &format!("{place}/{name}"), into);
                }
            }
            Value::String(text) => {
                let _ = into.insert(place.trim_start_matches('/').to_owned(), text.clone());
            }
            _ => {}
        }
    }

    /// All but how numbers and dates are written.
    fn every_text() -> Vec<(&'static str, BTreeMap<String, String>)> {
        FILES
            .iter()
            .map(|(code, file)| {
                let mut words: Value = serde_json::from_str(file).unwrap();
                let _ = words.as_object_mut().unwrap().remove("notation");
                let mut all = BTreeMap::new();
                flat(&words, "", &mut all);
                (*code, all)
            })
            .collect()
    }

    /// `{day}` and the like.
    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0))
            .collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_language_has_every_text_with_what_is_filled_in() {
        let all = every_text();
        assert_eq!(all.len(), Language::ALL.len());
        let (_, english) = all.iter().find(|(code, _)| *code == "en").unwrap();
        for (code, texts) in &all {
            assert_eq!(
                texts.keys().collect::<Vec<_>>(),
                english.keys().collect::<Vec<_>>(),
                "{code}"
            );
            for (key, text) in texts {
                assert!(!text.trim().is_empty(), "{code} {key}");
                assert_eq!(places(text), places(&english[key]), "{code} {key}");
            }
        }
        for language in Language::ALL {
            assert!(!texts(language).notation.colon.is_empty(), "{language:?}");
        }
    }

    #[test]
    fn no_text_was_left_in_english() {
        let all = every_text();
        let (_, english) = all.iter().find(|(code, _)| *code == "en").unwrap();
        for (code, texts) in all.iter().filter(|(code, _)| *code != "en") {
            for (key, text) in texts {
                let known = THE_SAME.contains(&format!("{code} {key}").as_str());
                assert_eq!(*text == english[key], known, "{code} {key}: {text}");
            }
        }
    }

    /// A day may end in a full stop (`25. studenoga 2026.`): it never stands before another.
    #[test]
    fn no_day_stands_before_a_full_stop_that_it_may_end_in() {
        for (code, all) in every_text() {
            let day = texts(Language::of(code).unwrap())
                .notation
                .date("2026-11-25");
            let ends_in_a_stop = day.unwrap().ends_with('.');
            for (key, text) in all {
                assert!(!ends_in_a_stop || !text.contains("{day}."), "{code} {key}");
            }
        }
    }

    #[test]
    fn no_french_line_begins_with_a_colon() {
        let (_, own) = every_text()
            .into_iter()
            .find(|(code, _)| *code == "fr")
            .unwrap();
        let explained = passport::catalogue()
            .attributes()
            .map(|attribute| attribute.explanation.fr.as_str());
        for text in explained.chain(own.values().map(String::as_str)) {
            for sign in [" :", " ;", " ?", " !"] {
                assert!(!text.contains(sign), "{text}");
            }
        }
    }
}
