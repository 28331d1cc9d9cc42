//! Which plural form stands beside a number: the rules of CLDR (UTS #35, Part 3, §5), as they stand there, in the text files.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The rules of a language by their categories: `one = "i = 1 and v = 0"`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Plurals(BTreeMap<String, String>);

/// What a rule may ask of a number.
struct Operands<'a> {
    whole: u64,
    /// The digits behind the decimal sign, without zeros at the end.
    fraction: &'a str,
}

impl Plurals {
    /// The category of a plain decimal: `one`, `few`, …, or `other` where no rule holds.
    pub(crate) fn category(&self, plain: &str) -> &str {
        let digits = plain.trim_start_matches('-');
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let operands = Operands {
            whole: whole.parse().unwrap_or(u64::MAX),
            fraction,
        };
        let mut rules = self.0.iter();
        let rule = rules.find(|(_, rule)| operands.satisfy(rule) == Some(true));
        rule.map_or("other", |(category, _)| category)
    }
}

impl Operands<'_> {
    /// Whether the rule holds; `None` for what is no rule.
    fn satisfy(&self, rule: &str) -> Option<bool> {
        let all = |condition: &str| {
            let relations = condition
                .split(" and ")
                .map(|relation| self.relation(relation));
            relations.collect::<Option<Vec<bool>>>()
        };
        let conditions: Option<Vec<_>> = rule.split(" or ").map(all).collect();
        Some(conditions?.iter().any(|all| all.iter().all(|holds| *holds)))
    }

    /// `n % 10 = 2..4,9`, or with `!=`.
    fn relation(&self, relation: &str) -> Option<bool> {
        let (value, ranges, wanted) = match relation.split_once(" != ") {
            Some((value, ranges)) => (value, ranges, false),
            None => relation
                .split_once(" = ")
                .map(|(value, ranges)| (value, ranges, true))?,
        };
        let (operand, modulus) = match value.split_once(" % ") {
            Some((operand, modulus)) => (operand, Some(modulus.parse::<u64>().ok()?)),
            None => (value, None),
        };
        // A number with a fraction equals no whole one.
        let value = self.operand(operand)?.map(|value| match modulus {
            Some(modulus) => value.checked_rem(modulus).unwrap_or(value),
            None => value,
        });
        let mut within = false;
        for range in ranges.split(',') {
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            let range = first.parse::<u64>().ok()?..=last.parse().ok()?;
            within |= value.is_some_and(|value| range.contains(&value));
        }
        Some(within == wanted)
    }

    /// The absolute value (`n`, where it is whole), its whole part (`i`), the number of digits behind the decimal sign (`v`)
    /// and what they say (`f`, `t`), and the exponent of a compact form (`e`), which no number here has.
    fn operand(&self, name: &str) -> Option<Option<u64>> {
        Some(match name {
            "n" => Some(self.whole).filter(|_| self.fraction.is_empty()),
            "i" => Some(self.whole),
            "v" => u64::try_from(self.fraction.len()).ok(),
            "f" | "t" if self.fraction.is_empty() => Some(0),
            "f" | "t" => Some(self.fraction.parse().unwrap_or(u64::MAX)),
            "e" => Some(0),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use web::Language;

    use super::*;
    use crate::texts;

    /// CLDR's own samples: numbers of each category, `other` included.
    #[test]
    fn the_plural_form_is_the_languages_own() {
        for (code, samples) in [
            ("bg", "one 1, other 0 2 1.5"),
            ("cs", "one 1, few 2 4, many 0.5 1.5, other 0 5 22 100"),
            ("da", "one 1 0.1 1.6, other 0 2 2.5"),
            ("en", "one 1, other 0 2 1.5 100"),
            ("es", "one 1, many 1000000, other 0 2 0.5"),
            ("fr", "one 0 1 1.5, many 1000000, other 2 17"),
            (
                "ga",
                "one 1, two 2, few 3 6, many 7 10, other 0 11 22 96 1.5",
            ),
            (
                "hr",
                "one 1 21 101 0.1 2.1, few 2 4 22 0.2, other 0 5 11 12 111 0.5",
            ),
            ("lt", "one 1 21, few 2 9 22, many 0.1 1.5, other 0 10 11 20"),
            (
                "lv",
                "zero 0 10 11 20 100, one 1 21 0.1 1.1, other 2 9 22 0.2 1.5",
            ),
            (
                "mt",
                "one 1, two 2, few 0 3 10 103, many 11 19 111, other 20 96 1.5",
            ),
            ("pl", "one 1, few 2 4 22, many 0 5 11 12 96, other 0.5 1.5"),
            ("pt", "one 1, other 0 2 1.5"),
            ("ro", "one 1, few 0 2 16 101 1.5, other 20 35 100"),
            ("sk", "one 1, few 2 4, many 1.5, other 0 5"),
            ("sl", "one 1 101, two 2 102, few 3 4 1.5, other 0 5 100"),
        ] {
            let plurals = &texts(Language::of(code).unwrap()).notation.plural;
            for sample in samples.split(", ") {
                let (category, numbers) = sample.split_once(' ').unwrap();
                for number in numbers.split(' ') {
                    assert_eq!(plurals.category(number), category, "{code} {number}");
                }
            }
        }
    }

    #[test]
    fn every_rule_of_every_language_is_understood() {
        let operands = Operands {
            whole: 1,
            fraction: "",
        };
        for language in Language::ALL {
            for (category, rule) in &texts(language).notation.plural.0 {
                assert!(
                    operands.satisfy(rule).is_some(),
                    "{language:?} {category}: {rule}"
                );
            }
        }
        for nonsense in [
            "",
            "n",
            "x = 1",
            "n = a",
            "n % b = 1",
            "n = 1..",
            "n = 1 and",
        ] {
            assert_eq!(operands.satisfy(nonsense), None, "{nonsense}");
        }
    }
}
