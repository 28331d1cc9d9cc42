//! Numbers, dates and times as the reader writes them. The forms are data, in the text files.

use serde::Deserialize;
use serde_json::Number;

/// From this many digits before the decimal sign on, a number is written in groups: four are read at a glance, and a group
/// sign among them is easily taken for the decimal sign of another country.
const GROUPED_FROM: usize = 5;

/// How a language writes numbers and dates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notation {
    decimal: String,
    group: String,
    /// Between a name and its value.
    pub(crate) colon: String,
    /// Whether the singular stands beside everything below two, as in French, or beside one alone.
    singular_below_two: bool,
    /// Of `{day}`, `{month}` (its name) and `{year}`, or `{dd}` and `{mm}`, each with two digits.
    date: String,
    /// `{day}` on the first of a month.
    first_day: String,
    year_month: String,
    /// Of `{date}`, `{hour}` and `{minute}`.
    time: String,
    months: [String; 12],
}

impl Notation {
    /// A number, exactly, without exponent.
    pub(crate) fn number(&self, number: &Number) -> String {
        self.signed(&plain(number))
    }

    /// A number with its decimal sign moved that many places to the left.
    pub(crate) fn number_of_power(&self, number: &Number, power_of_ten: usize) -> String {
        self.signed(&moved(&plain(number), power_of_ten))
    }

    /// Whether the singular stands beside a number.
    #[allow(clippy::float_cmp, reason = "exactly one")]
    pub(crate) fn is_singular(&self, value: f64) -> bool {
        value.abs() == 1.0 || self.singular_below_two && value.abs() < 2.0
    }

    /// `2026-11-25`; `None` for any other form.
    pub(crate) fn date(&self, text: &str) -> Option<String> {
        let (year, month, day) = parts(text)?;
        let day_word = match day.trim_start_matches('0') {
            "1" => &self.first_day,
            day => day,
        };
        let form = self.date.replace("{dd}", day).replace("{mm}", month);
        Some(
            form.replace("{day}", day_word)
                .replace("{month}", self.month(month)?)
                .replace("{year}", year),
        )
    }

    /// `2026-11`; `None` for any other form.
    pub(crate) fn year_month(&self, text: &str) -> Option<String> {
        let (year, month) = text.split_once('-')?;
        Some(
            self.year_month
                .replace("{month}", self.month(month)?)
                .replace("{year}", year),
        )
    }

    /// `2026-11-25T14:05:00.000Z`, to the minute; `None` for any other form.
    pub(crate) fn time(&self, text: &str) -> Option<String> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (hour, rest) = time.split_once(':')?;
        let minute = rest.get(..2)?;
        Some(
            self.time
                .replace("{date}", &self.date(date)?)
                .replace("{hour}", hour)
                .replace("{minute}", minute),
        )
    }

    fn month(&self, number: &str) -> Option<&str> {
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.months.get(index).map(String::as_str)
    }

    /// A plain decimal with the language's signs and a true minus.
    fn signed(&self, plain: &str) -> String {
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(digits) => ("\u{2212}", digits),
            None => ("", plain),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let mut text = sign.to_owned();
        for (index, digit) in whole.char_indices() {
            let left = whole.len() - index;
            if whole.len() >= GROUPED_FROM && index > 0 && left.is_multiple_of(3) {
                text.push_str(&self.group);
            }
            text.push(digit);
        }
        if let Some(fraction) = fraction {
            text.push_str(&self.decimal);
            text.push_str(fraction);
        }
        text
    }
}

fn parts(date: &str) -> Option<(&str, &str, &str)> {
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Some((year, month, day))
}

/// The shortest decimal that reads back as the same number, without exponent and without a negative zero.
fn plain(number: &Number) -> String {
    let text = match number.as_f64() {
        Some(value) if number.is_f64() => value.to_string(),
        _ => number.to_string(),
    };
    match text.as_str() {
        "-0" => "0".to_owned(),
        _ => text,
    }
}

/// A plain decimal with its point moved to the left: exact, since no number is computed.
fn moved(plain: &str, places: usize) -> String {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = format!("{whole:0>width$}", width = places + 1);
    let (whole, below) = whole.split_at(whole.len() - places);
    let fraction = format!("{below}{fraction}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use web::Language;

    use super::*;
    use crate::text::texts;

    fn notation(language: Language) -> &'static Notation {
        &texts(language).notation
    }

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_have_the_languages_signs() {
        let written =
            |text: &str| Language::ALL.map(|language| notation(language).number(&number(text)));
        assert_eq!(written("94.5"), ["94.5", "94,5", "94,5"]);
        assert_eq!(written("1500"), ["1500", "1500", "1500"]);
        assert_eq!(
            written("-1234567.25"),
            [
                "\u{2212}1,234,567.25",
                "\u{2212}1\u{202F}234\u{202F}567,25",
                "\u{2212}1\u{202F}234\u{202F}567,25"
            ]
        );
        assert_eq!(written("10000")[0], "10,000");
    }

    #[test]
    fn small_and_large_numbers_have_no_exponent() {
        let english = |text: &str| notation(Language::En).number(&number(text));
        assert_eq!(english("1e-7"), "0.0000001");
        assert_eq!(english("0.0011"), "0.0011");
        assert_eq!(english("1e21"), "1,000,000,000,000,000,000,000");
        assert_eq!(english("-0.0"), "0");
        assert_eq!(english("12.0"), "12");
    }

    #[test]
    fn a_power_of_ten_is_taken_off_exactly() {
        let english = |text: &str| notation(Language::En).number_of_power(&number(text), 3);
        assert_eq!(english("210000"), "210");
        assert_eq!(english("12345.6"), "12.3456");
        assert_eq!(english("-10000"), "\u{2212}10");
        assert_eq!(english("12"), "0.012");
    }

    #[test]
    fn dates_are_written_as_the_reader_writes_them() {
        let written =
            |text: &str| Language::ALL.map(|language| notation(language).date(text).unwrap());
        assert_eq!(
            written("2026-11-25"),
            ["25 November 2026", "25.11.2026", "25 novembre 2026"]
        );
        assert_eq!(
            written("2027-02-01"),
            ["1 February 2027", "01.02.2027", "1er février 2027"]
        );
        let months =
            Language::ALL.map(|language| notation(language).year_month("2026-09").unwrap());
        assert_eq!(
            months,
            ["September 2026", "September 2026", "septembre 2026"]
        );
        for text in ["", "2026", "2026-13-01", "2026-00-01", "soon", "2026-1x"] {
            assert_eq!(notation(Language::En).date(text), None, "{text}");
        }
    }

    #[test]
    fn times_say_that_they_are_universal() {
        let written = Language::ALL
            .map(|language| notation(language).time("2026-11-25T14:05:59.123Z").unwrap());
        assert_eq!(
            written,
            [
                "25 November 2026, 14:05 UTC",
                "25.11.2026, 14:05 UTC",
                "25 novembre 2026, 14\u{A0}h\u{A0}05 UTC"
            ]
        );
        assert_eq!(notation(Language::En).time("2026-11-25"), None);
    }

    #[test]
    fn the_singular_stands_where_the_language_has_it() {
        let singular = |value| Language::ALL.map(|language| notation(language).is_singular(value));
        assert_eq!(singular(1.0), [true; 3]);
        assert_eq!(singular(1.5), [false, false, true]);
        assert_eq!(singular(0.0), [false, false, true]);
        assert_eq!(singular(2.0), [false; 3]);
    }

    proptest! {
        #[test]
        fn a_number_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let written = notation(Language::De).number(&Number::from_f64(value).unwrap());
            let plain = written.replace('\u{202F}', "").replace(',', ".").replace('\u{2212}', "-");
            prop_assert_eq!(plain.parse::<f64>().unwrap(), value);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = notation(Language::Fr).date(&text);
            let _ = notation(Language::Fr).year_month(&text);
            let _ = notation(Language::Fr).time(&text);
        }
    }
}
