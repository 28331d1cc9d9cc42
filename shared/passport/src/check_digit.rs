//! Identifiers that prove themselves: their check digits.

use identity::Gtin;

/// Digits of a CAS registry number: two to seven, two, and the check digit.
const CAS: [std::ops::RangeInclusive<usize>; 3] = [2..=7, 2..=2, 1..=1];
const GLN: usize = 13;
const GTIN: usize = 14;
const LEI: usize = 20;

/// A CAS registry number: the last digit is the sum of the others, weighted 1, 2, … from the right, modulo 10.
pub(crate) fn is_cas(text: &str) -> bool {
    let mut parts = text.split('-');
    let shaped = CAS.iter().all(|digits| {
        parts
            .next()
            .is_some_and(|part| digits.contains(&part.len()) && all_digits(part))
    });
    let digits: Vec<usize> = text.bytes().filter_map(digit).collect();
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let weighted = body.iter().rev().zip(1..);
    let sum: usize = weighted.map(|(digit, weight)| digit * weight).sum();
    shaped && parts.next().is_none() && sum % 10 == *check
}

/// A key of GS1 of so many digits: the check digit is that of a GTIN, whatever the key's length.
fn is_gs1_key(text: &str, length: usize) -> bool {
    text.len() == length && Gtin::parse(&format!("{text:0>GTIN$}")).is_ok()
}

/// A legal entity identifier (ISO 17442): eighteen letters and digits, and two check digits (ISO/IEC 7064, MOD 97-10).
fn is_lei(text: &str) -> bool {
    let known = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let remainder = text.bytes().fold(0, |remainder, byte| match digit(byte) {
        Some(digit) => (remainder * 10 + digit) % 97,
        None => (remainder * 100 + usize::from(byte).saturating_sub(55)) % 97,
    });
    text.len() == LEI
        && text.bytes().all(|byte| known(&byte))
        && text.get(18..).is_some_and(all_digits)
        && remainder == 1
}

/// What an identifier can say that it is.
#[derive(Clone, Copy)]
enum Kind {
    Gln,
    Gtin,
    Lei,
}

impl Kind {
    fn holds(self, text: &str) -> bool {
        match self {
            Self::Gln => is_gs1_key(text, GLN),
            Self::Gtin => is_gs1_key(text, GTIN),
            Self::Lei => is_lei(text),
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Gln => GLN,
            Self::Gtin => GTIN,
            Self::Lei => LEI,
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Gln => "a global location number of 13 digits whose check digit fits (GS1)",
            Self::Gtin => "a global trade item number of 14 digits whose check digit fits (GS1)",
            Self::Lei => {
                "a legal entity identifier of 20 characters whose check digits fit (ISO 17442)"
            }
        }
    }
}

/// Schemes; `0088` and `0199` are the codes of ISO 6523.
const SCHEMES: [(&str, Kind); 8] = [
    ("urn:lei:", Kind::Lei),
    ("lei:", Kind::Lei),
    ("0199:", Kind::Lei),
    ("urn:gln:", Kind::Gln),
    ("gln:", Kind::Gln),
    ("0088:", Kind::Gln),
    ("urn:gtin:", Kind::Gtin),
    ("gtin:", Kind::Gtin),
];
/// Keys of a GS1 Digital Link.
const LINKS: [(&str, Kind); 3] = [
    ("/01/", Kind::Gtin),
    ("/414/", Kind::Gln),
    ("/417/", Kind::Gln),
];
const GS1_HOST: &str = "id.gs1.org";

/// What an identifier says it is and is not; `None` where it keeps its word or says nothing. It says so by a scheme as
/// `lei:` or `0088:`, or as a GS1 Digital Link. On a host other than GS1's own, a path may look like one by chance: there
/// only a number of the right length counts.
pub(crate) fn broken_promise(identifier: &str) -> Option<&'static str> {
    let scheme = SCHEMES.iter().find_map(|(scheme, kind)| {
        let said = identifier.get(..scheme.len())?;
        let value = identifier.get(scheme.len()..)?;
        said.eq_ignore_ascii_case(scheme).then_some((*kind, value))
    });
    let link = || {
        let rest = identifier.strip_prefix("https://")?;
        LINKS.iter().find_map(|(key, kind)| {
            let (before, after) = rest.split_once(key)?;
            let value = after.split(['/', '?', '#']).next()?;
            let meant = before == GS1_HOST || (value.len() == kind.length() && all_digits(value));
            meant.then_some((*kind, value))
        })
    };
    let (kind, value) = scheme.or_else(link)?;
    (!kind.holds(value)).then_some(kind.expected())
}

fn digit(byte: u8) -> Option<usize> {
    byte.is_ascii_digit().then(|| usize::from(byte - b'0'))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cas_number_has_its_check_digit() {
        for good in ["7732-18-5", "7440-48-4", "21324-40-3", "96-49-1"] {
            assert!(is_cas(good), "{good}");
        }
        for bad in [
            "",
            "7732-18-4",
            "7732-81-5",
            "7732185",
            "7732-18-5-1",
            "7732-185",
            "1-18-5",
            "12345678-18-5",
            "7732-1a-5",
            " 7732-18-5",
            "７732-18-5",
        ] {
            assert!(!is_cas(bad), "{bad}");
        }
    }

    #[test]
    fn an_identifier_is_what_it_says() {
        for good in [
            "VW-T82-2026",
            "https://id.example/417",
            "https://plants.example/2026/01/15",
            "https://plants.example/01/09521234000013",
            "https://id.gs1.org/417/9521234000006",
            "https://id.gs1.org/01/09521234000013/21/A",
            "lei:529900T8BM49AURSDO55",
            "urn:lei:529900T8BM49AURSDO55",
            "0199:529900T8BM49AURSDO55",
            "0088:9521234000006",
            "gtin:09521234000013",
        ] {
            assert_eq!(broken_promise(good), None, "{good}");
        }
        for bad in [
            "https://id.gs1.org/417/9521234000007",
            "https://id.gs1.org/414/952123400000",
            "https://id.gs1.org/01/09521234000014?17=270101",
            "https://id.gs1.org/01/",
            "https://plants.example/01/09521234000014",
            "LEI:529900T8BM49AURSDO56",
            "lei:529900t8bm49aursdo55",
            "0199:",
            "GLN:9521234000060",
            "gtin:9521234000013",
        ] {
            assert!(broken_promise(bad).is_some(), "{bad}");
        }
    }
}
