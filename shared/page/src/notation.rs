//! Numbers, dates and times as the reader writes them. The forms are data, in the text files.

use serde::Deserialize;
use serde_json::Number;

use crate::plural::Plurals;

/// From this many digits before the decimal sign on, a number is written in groups: four are read at a glance, and a group
/// sign among them is easily taken for the decimal sign of another country.
const GROUPED_FROM: usize = 5;

/// How a language writes numbers and dates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notation {
    decimal: String,
    group: String,
    /// Between a name and its value.
    pub colon: String,
    /// Of `{day}`, `{month}` (its name) and `{year}`, or `{dd}` and `{mm}`, each with two digits.
    date: String,
    /// `{day}` on the first of a month.
    first_day: String,
    year_month: String,
    /// Of `{date}`, `{hour}` and `{minute}`.
    time: String,
    /// As they stand beside a day.
    months: [String; 12],
    /// As they stand alone, where that is another form.
    months_alone: Option<[String; 12]>,
    pub(crate) plural: Plurals,
}

impl Notation {
    /// A number, exactly, without exponent.
    #[must_use]
    pub fn number(&self, number: &Number) -> String {
        self.signed(&plain(number))
    }

    /// A number with its decimal sign moved that many places to the left.
    #[must_use]
    pub fn number_of_power(&self, number: &Number, power_of_ten: usize) -> String {
        self.signed(&moved(&plain(number), power_of_ten))
    }

    /// Which plural form of a unit stands beside a number: `one`, `few`, …
    pub(crate) fn plural(&self, number: &Number) -> &str {
        self.plural.category(&plain(number))
    }

    /// `2026-11-25`; `None` for any other form.
    #[must_use]
    pub fn date(&self, text: &str) -> Option<String> {
        let (year, month, day) = parts(text)?;
        let day_word = match day.trim_start_matches('0') {
            "1" => &self.first_day,
            day => day,
        };
        let form = self.date.replace("{dd}", day).replace("{mm}", month);
        Some(
            form.replace("{day}", day_word)
                .replace("{month}", month_of(&self.months, month)?)
                .replace("{year}", year),
        )
    }

    /// `2026-11`; `None` for any other form.
    #[must_use]
    pub fn year_month(&self, text: &str) -> Option<String> {
        let (year, month) = text.split_once('-')?;
        let months = self.months_alone.as_ref().unwrap_or(&self.months);
        Some(
            self.year_month
                .replace("{month}", month_of(months, month)?)
                .replace("{year}", year),
        )
    }

    /// `2026-11-25T14:05:00.000Z`, to the minute; `None` for any other form.
    #[must_use]
    pub fn time(&self, text: &str) -> Option<String> {
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

fn month_of<'a>(months: &'a [String; 12], number: &str) -> Option<&'a str> {
    let index = number.parse::<usize>().ok()?.checked_sub(1)?;
    months.get(index).map(String::as_str)
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

    /// English, German, French.
    const THREE: [Language; 3] = [Language::EN, Language::DE, Language::FR];

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_have_the_languages_signs() {
        let written = |text: &str| THREE.map(|language| notation(language).number(&number(text)));
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
        let english = |text: &str| notation(Language::EN).number(&number(text));
        assert_eq!(english("1e-7"), "0.0000001");
        assert_eq!(english("0.0011"), "0.0011");
        assert_eq!(english("1e21"), "1,000,000,000,000,000,000,000");
        assert_eq!(english("-0.0"), "0");
        assert_eq!(english("12.0"), "12");
    }

    #[test]
    fn a_power_of_ten_is_taken_off_exactly() {
        let english = |text: &str| notation(Language::EN).number_of_power(&number(text), 3);
        assert_eq!(english("210000"), "210");
        assert_eq!(english("12345.6"), "12.3456");
        assert_eq!(english("-10000"), "\u{2212}10");
        assert_eq!(english("12"), "0.012");
    }

    #[test]
    fn dates_are_written_as_the_reader_writes_them() {
        let written = |text: &str| THREE.map(|language| notation(language).date(text).unwrap());
        assert_eq!(
            written("2026-11-25"),
            ["25 November 2026", "25.11.2026", "25 novembre 2026"]
        );
        assert_eq!(
            written("2027-02-01"),
            ["1 February 2027", "01.02.2027", "1er février 2027"]
        );
        let months = THREE.map(|language| notation(language).year_month("2026-09").unwrap());
        assert_eq!(
            months,
            ["September 2026", "September 2026", "septembre 2026"]
        );
        for text in ["", "2026", "2026-13-01", "2026-00-01", "soon", "2026-1x"] {
            assert_eq!(notation(Language::EN).date(text), None, "{text}");
        }
    }

    #[test]
    fn times_say_that_they_are_universal() {
        let written =
            THREE.map(|language| notation(language).time("2026-11-25T14:05:59.123Z").unwrap());
        assert_eq!(
            written,
            [
                "25 November 2026, 14:05 UTC",
                "25.11.2026, 14:05 UTC",
                "25 novembre 2026, 14\u{A0}h\u{A0}05 UTC"
            ]
        );
        assert_eq!(notation(Language::EN).time("2026-11-25"), None);
    }

    /// The same day, month, time and number in every language, held against what CLDR 48 has.
    #[test]
    fn every_language_writes_days_times_and_numbers_in_its_own_way() {
        let written = |code: &str| {
            let notation = notation(Language::of(code).unwrap());
            [
                notation.date("2026-11-05").unwrap(),
                notation.year_month("2026-11").unwrap(),
                notation.time("2026-11-05T09:05:00Z").unwrap(),
                notation.number(&number("12345.5")),
            ]
            .map(|text| text.replace(['\u{a0}', '\u{202f}'], "_"))
        };
        for (code, expected) in [
            (
                "bg",
                [
                    "5 ноември 2026_г.",
                    "ноември 2026_г.",
                    "5 ноември 2026_г., 09:05 ч. UTC",
                    "12_345,5",
                ],
            ),
            (
                "cs",
                [
                    "5. listopadu 2026",
                    "listopad 2026",
                    "5. listopadu 2026 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "da",
                [
                    "5. november 2026",
                    "november 2026",
                    "5. november 2026 09.05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "el",
                [
                    "5 Νοεμβρίου 2026",
                    "Νοέμβριος 2026",
                    "5 Νοεμβρίου 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "es",
                [
                    "5 de noviembre de 2026",
                    "noviembre de 2026",
                    "5 de noviembre de 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "et",
                [
                    "5. november 2026",
                    "november 2026",
                    "5. november 2026 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "fi",
                [
                    "5. marraskuuta 2026",
                    "marraskuu 2026",
                    "5. marraskuuta 2026 09.05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "ga",
                [
                    "5 Samhain 2026",
                    "Samhain 2026",
                    "5 Samhain 2026 09:05 UTC",
                    "12,345.5",
                ],
            ),
            (
                "hr",
                [
                    "5. studenoga 2026.",
                    "studeni 2026.",
                    "5. studenoga 2026. 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "hu",
                [
                    "2026. november 5.",
                    "2026. november",
                    "2026. november 5. 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "it",
                [
                    "5 novembre 2026",
                    "novembre 2026",
                    "5 novembre 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "lt",
                [
                    "2026 m. lapkričio 5 d.",
                    "2026 m. lapkritis",
                    "2026 m. lapkričio 5 d. 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "lv",
                [
                    "2026. gada 5. novembris",
                    "2026. g. novembris",
                    "2026. gada 5. novembris 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "mt",
                [
                    "5 ta’ Novembru 2026",
                    "Novembru 2026",
                    "5 ta’ Novembru 2026 09:05 UTC",
                    "12,345.5",
                ],
            ),
            (
                "nl",
                [
                    "5 november 2026",
                    "november 2026",
                    "5 november 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "pl",
                [
                    "5 listopada 2026",
                    "listopad 2026",
                    "5 listopada 2026, 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "pt",
                [
                    "5 de novembro de 2026",
                    "novembro de 2026",
                    "5 de novembro de 2026, 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "ro",
                [
                    "5 noiembrie 2026",
                    "noiembrie 2026",
                    "5 noiembrie 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "sk",
                [
                    "5. novembra 2026",
                    "november 2026",
                    "5. novembra 2026, 09:05 UTC",
                    "12_345,5",
                ],
            ),
            (
                "sl",
                [
                    "5. november 2026",
                    "november 2026",
                    "5. november 2026, 09:05 UTC",
                    "12.345,5",
                ],
            ),
            (
                "sv",
                [
                    "5 november 2026",
                    "november 2026",
                    "5 november 2026 09:05 UTC",
                    "12_345,5",
                ],
            ),
        ] {
            assert_eq!(written(code), expected, "{code}");
        }
    }

    proptest! {
        #[test]
        fn a_number_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let written = notation(Language::DE).number(&Number::from_f64(value).unwrap());
            let plain = written.replace('\u{202F}', "").replace(',', ".").replace('\u{2212}', "-");
            prop_assert_eq!(plain.parse::<f64>().unwrap(), value);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = notation(Language::FR).date(&text);
            let _ = notation(Language::FR).year_month(&text);
            let _ = notation(Language::FR).time(&text);
            let _ = notation(Language::FR).plural.category(&text);
        }
    }
}
