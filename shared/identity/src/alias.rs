//! Identifiers from elsewhere that name a battery, its batch or its model.

use std::fmt;

use crate::carrier::Host;
use crate::digital_link::{DigitalLink, DigitalLinkError};

/// Longest identifier that is taken: the most an identification link may have (IEC 61406-1 ILS-5).
pub const LONGEST_ALIAS: usize = 255;

/// An identifier from elsewhere, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Alias {
    /// A GS1 key: `01/09521234000013/21/SN-1`.
    Gs1(DigitalLink),
    /// A decentralised identifier (W3C DID Core): `did:web:example.eu:batteries:1`.
    Did(String),
    /// An identification link of another host (IEC 61406-1): `https://id.example.eu/1`.
    Link(String),
    /// The serial number that an organisation gave it; unique within that organisation.
    SerialNumber {
        /// The organisation.
        organisation: String,
        /// Its number.
        number: String,
    },
}

/// The text is no identifier that can be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// Empty or too long.
    #[error("an identifier has 1 to {LONGEST_ALIAS} characters, found {0}")]
    Length(usize),
    /// Not a GS1 Digital Link.
    #[error(transparent)]
    Gs1(#[from] DigitalLinkError),
    /// Not a decentralised identifier.
    #[error(
        "a DID is `did:`, a method and what identifies within it, such as `did:web:example.eu`"
    )]
    Did,
    /// Not an identification link.
    #[error(
        "an identification link is an `https://` address with a path or a query, of characters that need no encoding"
    )]
    Link,
    /// Not a serial number.
    #[error("a serial number is of printable characters, without spaces at its ends")]
    SerialNumber,
}

impl Alias {
    /// Reads an identifier that says by itself of which kind it is: a DID, a GS1 Digital Link, another address.
    ///
    /// # Errors
    /// [`AliasError`].
    pub fn parse(text: &str) -> Result<Self, AliasError> {
        fits(text)?;
        if text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("did:"))
        {
            return did(text);
        }
        let path = match text.split_once("://") {
            Some((_, address)) => address.split_once('/').map_or("", |(_, path)| path),
            None => text.strip_prefix('/').unwrap_or(text),
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match path.split('/').next() {
            Some("01" | "8004") => Ok(Self::Gs1(DigitalLink::parse(path)?)),
            _ => link(text),
        }
    }

    /// The serial number that an organisation gave something.
    ///
    /// # Errors
    /// [`AliasError`].
    pub fn serial_number(organisation: &str, number: &str) -> Result<Self, AliasError> {
        fits(number)?;
        if number.trim() != number || number.chars().any(char::is_control) {
            return Err(AliasError::SerialNumber);
        }
        Ok(Self::SerialNumber {
            organisation: organisation.to_owned(),
            number: number.to_owned(),
        })
    }
}

fn fits(text: &str) -> Result<(), AliasError> {
    match text.chars().count() {
        1..=LONGEST_ALIAS => Ok(()),
        count => Err(AliasError::Length(count)),
    }
}

/// W3C DID Core §3.1. The method is in lower case; what follows is the method's own and stays as it is.
fn did(text: &str) -> Result<Alias, AliasError> {
    let mut parts = text.splitn(3, ':').skip(1);
    let (Some(method), Some(identifier)) = (parts.next(), parts.next()) else {
        return Err(AliasError::Did);
    };
    let is_method = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-%".contains(&byte);
    let whole = !method.is_empty()
        && method.bytes().all(is_method)
        && !identifier.is_empty()
        && !identifier.ends_with(':')
        && identifier.bytes().all(is_part);
    match whole {
        true => Ok(Alias::Did(format!("did:{method}:{identifier}"))),
        false => Err(AliasError::Did),
    }
}

/// An address: the host in lower case, the rest as it is (IEC 61406-1 ILS-8).
fn link(text: &str) -> Result<Alias, AliasError> {
    let (scheme, rest) = text.split_once("://").ok_or(AliasError::Link)?;
    let end = rest.find(['/', '?']).ok_or(AliasError::Link)?;
    let (host, place) = rest.split_at_checked(end).ok_or(AliasError::Link)?;
    let host = Host::parse(host).map_err(|_| AliasError::Link)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?&=:+%@!$'()*,;".contains(&byte);
    let names = place.len() > 1 && place.bytes().all(fits);
    match names && scheme.eq_ignore_ascii_case("https") {
        true => Ok(Alias::Link(format!("https://{host}{place}"))),
        false => Err(AliasError::Link),
    }
}

impl fmt::Display for Alias {
    /// The text it is reserved under: the same for every spelling of the same identifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gs1(link) => link.fmt(f),
            Self::Did(text) | Self::Link(text) => f.write_str(text),
            Self::SerialNumber {
                organisation,
                number,
            } => write!(f, "serial:{organisation}:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_an_identifier_is_the_same() {
        for (text, canonical) in [
            (
                "https://id.gs1.org/01/09521234000013/21/a%2fb?x=1",
                "01/09521234000013/21/a%2Fb",
            ),
            ("/01/09521234000013/", "01/09521234000013"),
            ("HTTPS://Example.EU/8004/9521234A", "8004/9521234A"),
            ("DID:web:example.eu:a", "did:web:example.eu:a"),
            (
                "https://Example.EU/Case?.S=1",
                "https://example.eu/Case?.S=1",
            ),
        ] {
            assert_eq!(Alias::parse(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_identifies_nothing_is_refused() {
        for text in [
            "",
            "did:",
            "did:web:",
            "did:Web:a",
            "did:web:a:",
            "did:web:a b",
            "https://example.eu",
            "https://example.eu/",
            "http://example.eu/1",
            "https://exa mple.eu/1",
            "https://example.eu/<1>",
            "https://example.eu/01/123",
            "SN-1",
        ] {
            assert!(Alias::parse(text).is_err(), "{text}");
        }
        assert!(Alias::parse(&format!("https://example.eu/{}", "1".repeat(255))).is_err());
        assert!(Alias::serial_number("a", " 1").is_err());
        assert!(Alias::serial_number("a", "1\n2").is_err());
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_as_it_is(text: String) {
            if let Ok(alias) = Alias::parse(&text) {
                prop_assert_eq!(Alias::parse(&alias.to_string()).unwrap(), alias);
            }
        }
    }
}
