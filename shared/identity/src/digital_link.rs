//! GS1 Digital Link: a GS1 key as the path of a URL (GS1 Digital Link, URI Syntax 1.7.0).
//!
//! The keys served are those a battery can have: the trade item number of its model (AI 01), with variant, batch or lot and
//! serial number, and the individual asset identifier (AI 8004).

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::gs1::{Gs1Error, Gtin};
use crate::id::UnitId;

/// What stands in a path as it is (RFC 3986 §2.3); everything else is percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What GS1 character set 82 has beside digits and letters (GS1 General Specifications §7.11).
const SIGNS: &[u8] = b"!\"%&'()*+,-./:;<=>?_";

/// The key qualifiers of a GTIN in the order they come in, each with its most characters.
const OF_GTIN: [(&str, usize); 3] = [("22", 20), ("10", 20), ("21", 20)];
/// The longest individual asset identifier.
const GIAI: usize = 30;
/// Of these a GS1 company prefix has at least four at its beginning.
const PREFIX: usize = 4;

/// A GS1 key with its qualifiers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DigitalLink {
    /// A trade item: `/01/<GTIN>[/22/<variant>][/10/<lot>][/21/<serial>]`.
    TradeItem {
        /// AI 01.
        gtin: Gtin,
        /// AI 22: consumer product variant.
        variant: Option<Element>,
        /// AI 10: batch or lot.
        lot: Option<Element>,
        /// AI 21: serial number.
        serial: Option<Element>,
    },
    /// An asset of its own: `/8004/<GIAI>`.
    Asset {
        /// AI 8004: a GS1 company prefix and a reference.
        giai: Element,
    },
}

/// A value of GS1 character set 82.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Element(String);

/// The path is no GS1 Digital Link of a key that is served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigitalLinkError {
    /// It begins with another key, or none.
    #[error("a path here begins with the key 01 (GTIN) or 8004 (GIAI), found `{0}`")]
    Key(String),
    /// The GTIN is wrong.
    #[error(transparent)]
    Gtin(#[from] Gs1Error),
    /// A qualifier the key does not have, or in the wrong place.
    #[error("`{found}` may not stand here: after {after} {expected}")]
    Qualifier {
        /// What stands there.
        found: String,
        /// The identifier before it.
        after: &'static str,
        /// What may follow.
        expected: &'static str,
    },
    /// A key or qualifier without a value.
    #[error("{0} has no value")]
    Missing(&'static str),
    /// Too long.
    #[error("{name} has at most {most} characters, found {found}")]
    Length {
        /// Which value.
        name: &'static str,
        /// How many it may have.
        most: usize,
        /// How many it has.
        found: usize,
    },
    /// A sign that no GS1 value has.
    #[error("{name} has a sign that GS1 character set 82 lacks: `{found}`")]
    Character {
        /// Which value.
        name: &'static str,
        /// The sign.
        found: char,
    },
    /// `%` that two hexadecimal digits do not follow, or that yield no text.
    #[error("{0} is not percent-encoded as RFC 3986 §2.1 asks")]
    Encoding(&'static str),
    /// `.` or `..`, which no path can hold: whoever handles it on its way may take it for a step (RFC 3986 §5.2.4).
    #[error("{0} is a dot segment, which no path can hold")]
    DotSegment(&'static str),
    /// No company prefix at the beginning.
    #[error("a GIAI begins with a GS1 company prefix: at least four digits")]
    Prefix,
}

impl Element {
    /// The value, decoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a path segment.
    fn decode(segment: &str, name: &'static str, most: usize) -> Result<Self, DigitalLinkError> {
        let text = percent_decoded(segment).ok_or(DigitalLinkError::Encoding(name))?;
        Self::new(&text, name, most)
    }

    fn new(text: &str, name: &'static str, most: usize) -> Result<Self, DigitalLinkError> {
        let stranger = text
            .chars()
            .find(|sign| !sign.is_ascii_alphanumeric() && !is_sign(*sign));
        if let Some(found) = stranger {
            return Err(DigitalLinkError::Character { name, found });
        }
        match text.len() {
            0 => Err(DigitalLinkError::Missing(name)),
            found if found > most => Err(DigitalLinkError::Length { name, most, found }),
            _ if matches!(text, "." | "..") => Err(DigitalLinkError::DotSegment(name)),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Itself; a unit id in its canonical form, however it is typed.
    fn canonical(self) -> Self {
        match UnitId::parse(&self.0) {
            Ok(unit) => Self(unit.to_string()),
            Err(_) => self,
        }
    }
}

fn is_sign(sign: char) -> bool {
    u8::try_from(sign).is_ok_and(|sign| SIGNS.contains(&sign))
}

/// A part of a URL, percent-decoded (RFC 3986 §2.1); `None` where a `%` encodes nothing or the bytes are no text.
#[must_use]
pub fn percent_decoded(segment: &str) -> Option<String> {
    let mut rest = segment.split('%');
    rest.next();
    let whole = rest.all(|part| {
        let digits = part.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    whole.then(|| text.into_owned())
}

impl fmt::Display for Element {
    /// Percent-encoded, for a path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        utf8_percent_encode(&self.0, ENCODED).fmt(f)
    }
}

impl DigitalLink {
    /// Reads the path of a URL after its host: `/01/09521234000013/21/A%2F1`. One slash at the end is tolerated.
    ///
    /// # Errors
    /// [`DigitalLinkError`], naming what is wrong.
    pub fn parse(path: &str) -> Result<Self, DigitalLinkError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = path.split('/');
        match segments.next() {
            Some("01") => Self::trade_item(segments),
            Some("8004") => {
                let value = segments.next().ok_or(DigitalLinkError::Missing("8004"))?;
                if let Some(found) = segments.next() {
                    return Err(DigitalLinkError::Qualifier {
                        found: shortened(found),
                        after: "8004",
                        expected: "nothing follows",
                    });
                }
                Self::asset(value)
            }
            other => Err(DigitalLinkError::Key(shortened(other.unwrap_or_default()))),
        }
    }

    fn asset(segment: &str) -> Result<Self, DigitalLinkError> {
        let giai = Element::decode(segment, "GIAI (8004)", GIAI)?;
        let digits = giai.0.bytes().take_while(u8::is_ascii_digit).count();
        if digits < PREFIX {
            return Err(DigitalLinkError::Prefix);
        }
        let unit = unit_at_end(&giai.0).map(|(prefix, unit)| format!("{prefix}{unit}"));
        Ok(Self::Asset {
            giai: unit.map_or(giai, Element),
        })
    }

    fn trade_item<'a>(
        mut segments: impl Iterator<Item = &'a str>,
    ) -> Result<Self, DigitalLinkError> {
        let gtin = segments
            .next()
            .filter(|gtin| !gtin.is_empty())
            .ok_or(DigitalLinkError::Missing("GTIN (01)"))?;
        let gtin =
            Gtin::parse(&percent_decoded(gtin).ok_or(DigitalLinkError::Encoding("GTIN (01)"))?)?;
        let mut values = [const { None }; OF_GTIN.len()];
        let mut next = 0;
        while let Some(key) = segments.next() {
            let found = OF_GTIN.iter().position(|(qualifier, _)| *qualifier == key);
            let Some(place) = found.filter(|place| *place >= next) else {
                return Err(DigitalLinkError::Qualifier {
                    found: shortened(key),
                    after: next
                        .checked_sub(1)
                        .and_then(|last| OF_GTIN.get(last))
                        .map_or("01", |(name, _)| name),
                    expected: "come 22, 10 and 21, each once and in this order",
                });
            };
            let (Some((name, most)), Some(value)) = (OF_GTIN.get(place), values.get_mut(place))
            else {
                break;
            };
            let segment = segments.next().ok_or(DigitalLinkError::Missing(name))?;
            *value = Some(Element::decode(segment, name, *most)?);
            next = place + 1;
        }
        let [variant, lot, serial] = values;
        Ok(Self::TradeItem {
            gtin,
            variant,
            lot,
            serial: serial.map(Element::canonical),
        })
    }

    /// The unit that the last value itself names, where an operator uses unit ids as serial numbers or asset references.
    #[must_use]
    pub fn unit(&self) -> Option<UnitId> {
        match self {
            Self::TradeItem { serial, .. } => UnitId::parse(&serial.as_ref()?.0).ok(),
            Self::Asset { giai } => unit_at_end(&giai.0).map(|(_, unit)| unit),
        }
    }

    /// Whether it was made from this GS1 company prefix: a GTIN has it after the indicator digit, a GIAI at its beginning.
    #[must_use]
    pub fn has_prefix(&self, prefix: &str) -> bool {
        !prefix.is_empty()
            && match self {
                Self::TradeItem { gtin, .. } => gtin
                    .to_string()
                    .get(1..)
                    .is_some_and(|digits| digits.starts_with(prefix)),
                Self::Asset { giai } => giai.as_str().starts_with(prefix),
            }
    }

    /// What it is known by, without what does not identify it further: an item by GTIN and serial number, a lot without its variant.
    #[must_use]
    pub fn identifying(&self) -> Self {
        match self {
            Self::TradeItem {
                gtin, lot, serial, ..
            } => Self::TradeItem {
                gtin: *gtin,
                variant: None,
                lot: lot.clone().filter(|_| serial.is_none()),
                serial: serial.clone(),
            },
            asset @ Self::Asset { .. } => asset.clone(),
        }
    }

    /// As people read it (GS1 General Specifications §4.14): `(01)09521234000013(21)SN-1`.
    #[must_use]
    pub fn human_readable(&self) -> String {
        match self {
            Self::TradeItem {
                gtin,
                variant,
                lot,
                serial,
            } => {
                let qualifiers = OF_GTIN.iter().zip([variant, lot, serial]);
                let texts = qualifiers.filter_map(|((name, _), value)| {
                    value
                        .as_ref()
                        .map(|value| format!("({name}){}", value.as_str()))
                });
                std::iter::once(format!("(01){gtin}"))
                    .chain(texts)
                    .collect()
            }
            Self::Asset { giai } => format!("(8004){}", giai.as_str()),
        }
    }

    /// From itself up to its primary key: item, batch, model (GS1-Conformant Resolver 1.2.1, "walking up the tree").
    #[must_use]
    pub fn levels(&self) -> Vec<Self> {
        let mut levels = vec![self.clone()];
        if let Self::TradeItem {
            gtin,
            variant,
            lot,
            serial,
        } = self
        {
            let level = |variant: &Option<Element>, lot: &Option<Element>| Self::TradeItem {
                gtin: *gtin,
                variant: variant.clone(),
                lot: lot.clone(),
                serial: None,
            };
            if serial.is_some() && lot.is_some() {
                levels.push(level(variant, lot));
            }
            if (serial.is_some() || lot.is_some()) && variant.is_some() {
                levels.push(level(variant, &None));
            }
            if serial.is_some() || lot.is_some() || variant.is_some() {
                levels.push(level(&None, &None));
            }
        }
        levels
    }
}

/// A GIAI that ends in a unit id: company prefix and unit.
fn unit_at_end(giai: &str) -> Option<(&str, UnitId)> {
    let (prefix, unit) = giai.split_at_checked(giai.len().checked_sub(UnitId::LENGTH)?)?;
    let is_prefix = (6..=10).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_digit());
    let unit = UnitId::parse(unit).ok().filter(|_| is_prefix)?;
    Some((prefix, unit))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Display for DigitalLink {
    /// The canonical path, without its first slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TradeItem {
                gtin,
                variant,
                lot,
                serial,
            } => {
                write!(f, "01/{gtin}")?;
                for ((name, _), value) in OF_GTIN.iter().zip([variant, lot, serial]) {
                    if let Some(value) = value {
                        write!(f, "/{name}/{value}")?;
                    }
                }
                Ok(())
            }
            Self::Asset { giai } => write!(f, "8004/{giai}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNIT: &str = "32XZAJ4P21M1MZ0N3RQA";

    fn canonical(path: &str) -> String {
        DigitalLink::parse(path)
            .unwrap_or_else(|error| panic!("{path}: {error}"))
            .to_string()
    }

    #[test]
    fn keys_and_qualifiers_are_read_in_their_order() {
        for path in [
            "01/09521234000013",
            "01/09521234000013/22/2A",
            "01/09521234000013/10/LOT-1",
            "01/09521234000013/21/SN1",
            "01/09521234000013/22/2A/10/LOT-1/21/SN1",
            "8004/9521234ASSET",
        ] {
            assert_eq!(canonical(path), path);
            assert_eq!(canonical(&format!("/{path}/")), path);
        }
    }

    #[test]
    fn values_are_percent_decoded_once_and_encoded_anew() {
        assert_eq!(
            canonical("/01/09521234000013/21/A%2fB"),
            "01/09521234000013/21/A%2FB"
        );
        assert_eq!(
            canonical("/01/09521234000013/21/A(B)"),
            "01/09521234000013/21/A%28B%29"
        );
        assert_eq!(
            canonical("/01/09521234000013/21/%41%252F"),
            "01/09521234000013/21/A%252F"
        );
        assert_eq!(canonical("/01/0952123400001%33"), "01/09521234000013");
    }

    #[test]
    fn what_the_syntax_does_not_allow_is_refused() {
        for path in [
            "/",
            "/01",
            "/01/",
            "/00/095212340000000018",
            "/gtin/09521234000013",
            "/01/9521234000013",
            "/01/09521234000014",
            "/01/09521234000013/foo",
            "/01/09521234000013/21",
            "/01/09521234000013/21/",
            "/01/09521234000013//21/A",
            "/01/09521234000013/21/A/10/B",
            "/01/09521234000013/10/A/10/B",
            "/01/09521234000013/21/A/22/B",
            "/01/09521234000013/17/271231",
            "/01/09521234000013/21/A%20B",
            "/01/09521234000013/21/A%ZZ",
            "/01/09521234000013/21/A%",
            "/01/09521234000013/21/%FF",
            "/01/09521234000013/21/A~B",
            "/01/09521234000013/21/Ä",
            "/01/09521234000013/21/..",
            "/01/09521234000013/10/%2E/21/A",
            "/01/09521234000013/21/123456789012345678901",
            "/8004",
            "/8004/ABC",
            "/8004/9521234/7040/1ABC",
            "/8004/9521234567890123456789012345678",
        ] {
            assert!(DigitalLink::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_unit_id_in_it_is_found_however_it_is_typed() {
        let unit = UnitId::parse(UNIT).unwrap();
        for path in [
            format!("/01/09521234000013/21/{UNIT}"),
            format!("/01/09521234000013/21/{}", UNIT.to_lowercase()),
            format!("/8004/9521234{}", UNIT.to_lowercase()),
        ] {
            let link = DigitalLink::parse(&path).unwrap();
            assert_eq!(link.unit(), Some(unit), "{path}");
            assert!(link.to_string().ends_with(UNIT), "{link}");
        }
        let other = DigitalLink::parse("/01/09521234000013/21/SN1").unwrap();
        assert_eq!(other.unit(), None);
    }

    #[test]
    fn the_tree_is_walked_up_to_the_primary_key() {
        let walked = |path: &str| -> Vec<String> {
            let link = DigitalLink::parse(path).unwrap();
            link.levels().iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            walked("/01/09521234000013/10/L/21/S"),
            [
                "01/09521234000013/10/L/21/S",
                "01/09521234000013/10/L",
                "01/09521234000013"
            ]
        );
        assert_eq!(walked("/01/09521234000013"), ["01/09521234000013"]);
        assert_eq!(walked("/8004/9521234A"), ["8004/9521234A"]);
    }

    proptest! {
        #[test]
        fn every_value_reads_back(lot in "[!-~&&[^#$@\\[\\\\\\]^`{|}~]]{1,20}", serial in "[!-~&&[^#$@\\[\\\\\\]^`{|}~]]{1,20}") {
            prop_assume!(![&lot, &serial].iter().any(|value| matches!(value.as_str(), "." | "..")));
            let path = format!("/01/09521234000013/10/{}/21/{}", Element(lot), Element(serial));
            let link = DigitalLink::parse(&path).unwrap();
            prop_assert_eq!(DigitalLink::parse(&link.to_string()).unwrap(), link);
        }

        #[test]
        fn no_path_panics(path: String) {
            let _ = DigitalLink::parse(&path);
        }
    }
}
