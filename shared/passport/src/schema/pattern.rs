//! The forms of texts as regular expressions that every dialect reads alike: ECMA-262, Python, Rust. They say what
//! [`crate::format`] checks; tests hold them against it.
//!
//! Python's `$` also matches before a last line feed, so a text of fixed length has its `maxLength` beside it, and
//! [`END`] ends the others.

use std::fmt::Write;
use std::sync::LazyLock;

use crate::text::is_plain_text;

/// The end of the text, where nothing else limits its length.
const END: &str = "$(?!\\n)";

/// Days from 0000-01-01 to 9999-12-31 of the Gregorian calendar, leap years and all.
const DAY: &str = "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)\
    |02-(?:0[1-9]|1[0-9]|2[0-8]))\
    |(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";

pub(super) const YEAR_MONTH: &str = "^(?:19|[2-9][0-9])[0-9]{2}-(?:0[1-9]|1[0-2])$";
pub(super) const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
/// Digits and hyphens of a CAS registry number.
pub(super) const CAS: &str = "^[0-9]{2,7}-[0-9]{2}-[0-9]$";

pub(super) fn date() -> String {
    format!("^(?!0|1[0-8]){DAY}$")
}

pub(super) fn time() -> String {
    format!(
        "^{DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{{1,9}})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]){END}"
    )
}

pub(super) fn https_url() -> String {
    let authority = "A-Za-z0-9._\\[\\]";
    let rest = "A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-";
    format!("^https://[{authority}-][{authority}:-]*(?:[/?#](?:[{rest}]|%[0-9A-Fa-f]{{2}})*)?{END}")
}

pub(super) fn media_type() -> String {
    let name = "[A-Za-z0-9!#$&^_.+-]+";
    format!("^{name}/{name}{END}")
}

/// One character that is not plain ([`is_plain_text`]). Beyond the basic plane only the character itself is read alike
/// everywhere.
pub(super) fn not_plain() -> &'static str {
    static NOT_PLAIN: LazyLock<String> = LazyLock::new(|| {
        let mut class = "[".to_owned();
        for (first, last) in ranges(|character| !is_plain_text(character.encode_utf8(&mut [0; 4])))
        {
            push(&mut class, first);
            if first != last {
                class.push('-');
                push(&mut class, last);
            }
        }
        class + "]"
    });
    &NOT_PLAIN
}

fn push(class: &mut String, character: char) {
    match u32::from(character) {
        // Writing into a String cannot fail.
        code @ ..=0xFFFF => drop(write!(class, "\\u{code:04x}")),
        _ => class.push(character),
    }
}

/// The ranges of characters that a condition holds for. Surrogates are no characters: a range ends before them.
fn ranges(holds: impl Fn(char) -> bool) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for character in (char::MIN..=char::MAX).filter(|character| holds(*character)) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(character) => *last = character,
            _ => ranges.push((character, character)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::format;

    /// What the schema says of a text, through the whole definition.
    fn says(definition: &str, text: &str) -> bool {
        let definitions = crate::schema::value::definitions();
        let schema = definitions.get(definition).unwrap();
        jsonschema::is_valid(schema, &Value::from(text))
    }

    type Form = (&'static str, fn(&str) -> bool);

    const FORMS: [Form; 6] = [
        ("date", format::is_date),
        ("year-month", format::is_year_month),
        ("time", format::is_time),
        ("url", format::is_https_url),
        ("uuid", format::is_uuid),
        ("media-type", format::is_media_type),
    ];

    #[test]
    fn a_schema_takes_the_same_texts_as_the_checks() {
        let texts = [
            "2027-02-18",
            "2028-02-29",
            "2027-02-29",
            "2100-02-29",
            "2000-02-29",
            "0000-02-29",
            "2027-04-31",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "2027-2-18",
            "2027-02-18\n",
            "２027-02-18",
            "2027-02",
            "2027-13",
            "2027-00",
            "2027-02\n",
            "2027-06-01T08:00:00Z",
            "2027-06-01T08:00:00z",
            "2027-06-01 08:00:00Z",
            "2027-06-01T08:00:00",
            "2027-06-01T24:00:00Z",
            "2027-06-01T23:59:60Z",
            "2027-06-01T23:59:61Z",
            "2027-06-01T08:00:00.5Z",
            "2027-06-01T08:00:00.123456789+02:00",
            "2027-06-01T08:00:00.1234567890Z",
            "2027-06-01T08:00:00.Z",
            "2027-06-01T08:00:00,5Z",
            "2027-06-01T08:00:00+25:59",
            "2027-06-01T08:00:00+26:00",
            "2027-06-01T08:00:00-00:00",
            "2027-06-01T08:00:00+01:60",
            "2027-06-01T08:00:00Z\n",
            "2027-06-01T08:60:00Z",
            "2027-02-30T08:00:00Z",
            "https://a",
            "https://a/",
            "https://a?b#c",
            "https://[::1]:80/",
            "https://",
            "https:///a",
            "https://:80",
            "http://a",
            "HTTPS://a",
            "https://a b",
            "https://u:p@a",
            "https://a/@",
            "https://a/%4",
            "https://a/%4g",
            "https://a/%4G%41",
            "https://a%41",
            "https://a/é",
            "https://a\n",
            "https://a/\"",
            "https://a\\b",
            "0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11",
            "0B0E8D2C-4A0F-4C8A-9A51-5E0A4C1F7C11",
            "0b0e8d2c4a0f4c8a9a515e0a4c1f7c11",
            "0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11\n",
            "application/pdf",
            "application/",
            "/pdf",
            "a/b/c",
            "a/b; q=1",
            "a/b\n",
            "",
        ];
        for (definition, check) in FORMS {
            let mut taken = 0;
            for text in texts {
                assert_eq!(
                    says(definition, text),
                    check(text),
                    "{definition}: {text:?}"
                );
                taken += usize::from(check(text));
            }
            assert!(taken > 0, "{definition}");
        }
        let long = format!("https://a/{}", "b".repeat(1990));
        assert!(says("url", &long) && !says("url", &format!("{long}b")));
        let long = format!("a/{}", "b".repeat(125));
        assert!(says("media-type", &long) && !says("media-type", &format!("{long}b")));
    }

    #[test]
    fn every_character_is_plain_to_both_or_to_neither() {
        let schema = json!({"type": "string", "not": {"pattern": not_plain()}});
        let validator = jsonschema::validator_for(&schema).unwrap();
        for character in char::MIN..=char::MAX {
            let text = character.to_string();
            let plain = is_plain_text(&text);
            assert_eq!(
                validator.is_valid(&Value::from(text)),
                plain,
                "{character:?}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn texts_near_a_form_are_taken_by_both_or_by_neither(
            form in prop::sample::select(FORMS.to_vec()),
            good in prop::sample::select(vec![
                "2028-02-29", "2027-06", "2027-06-01T08:00:00.25+02:00", "https://a.example:8443/b?c=%20#d",
                "0b0e8d2c-4a0f-4c8a-9a51-5e0a4c1f7c11", "application/vnd.a+json",
            ]),
            at in any::<prop::sample::Index>(),
            with in "[ -~\n]{0,2}",
        ) {
            let (definition, check) = form;
            let mut text: Vec<char> = good.chars().collect();
            let at = at.index(text.len());
            text.splice(at..=at, with.chars());
            let text: String = text.into_iter().collect();
            prop_assert_eq!(says(definition, &text), check(&text), "{}: {:?}", definition, text);
        }
    }
}
