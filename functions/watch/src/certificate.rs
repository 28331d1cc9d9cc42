//! What is read of a certificate that was found valid (RFC 5280 §4.1).

use asn1::{
    Explicit, ObjectIdentifier, Parser, Sequence, SequenceOf, SetOf, Tlv, UtcTime,
    X509GeneralizedTime,
};
use ledger::{Sha256, Timestamp};

use crate::seen::Certificate;

/// `organizationName`
const ORGANISATION: ObjectIdentifier = asn1::oid!(2, 5, 4, 10);
/// `commonName`
const COMMON_NAME: ObjectIdentifier = asn1::oid!(2, 5, 4, 3);

type Name<'a> = SequenceOf<'a, SetOf<'a, Sequence<'a>>>;

/// The crate's own error is large, and nobody asks for it.
struct Unreadable;

impl From<asn1::ParseError> for Unreadable {
    fn from(_: asn1::ParseError) -> Self {
        Self
    }
}

/// Reads a certificate in DER; `None` where it is none.
pub(crate) fn read(der: &[u8]) -> Option<Certificate> {
    let certificate: Sequence<'_> = asn1::parse_single(der).ok()?;
    let signed: Result<Sequence<'_>, Unreadable> = certificate.parse(|parser| {
        let signed = parser.read_element()?;
        let _algorithm: Tlv<'_> = parser.read_element()?;
        let _signature: Tlv<'_> = parser.read_element()?;
        Ok(signed)
    });
    let (issuer, ends, key) = signed.ok()?.parse(parts).ok()?;
    Some(Certificate {
        issuer: name(issuer),
        ends: time(&ends)?,
        key: Sha256::of(key.full_data()).to_string(),
    })
}

/// Issuer, `notAfter` and the public key.
fn parts<'a>(parser: &mut Parser<'a>) -> Result<(Name<'a>, Tlv<'a>, Tlv<'a>), Unreadable> {
    let _version: Option<Explicit<u8, 0>> = parser.read_element()?;
    let _serial: Tlv<'_> = parser.read_element()?;
    let _algorithm: Tlv<'_> = parser.read_element()?;
    let issuer = parser.read_element()?;
    let validity: Sequence<'_> = parser.read_element()?;
    let _subject: Tlv<'_> = parser.read_element()?;
    let key = parser.read_element()?;
    while !parser.is_empty() {
        let _further: Tlv<'_> = parser.read_element()?;
    }
    let ends = validity.parse(|parser| {
        let _begins: Tlv<'_> = parser.read_element()?;
        Ok::<_, Unreadable>(parser.read_element()?)
    })?;
    Ok((issuer, ends, key))
}

/// The organisation, else whatever it is called.
fn name(issuer: Name<'_>) -> String {
    let attributes = issuer.flatten().filter_map(|attribute: Sequence<'_>| {
        let read: Result<(ObjectIdentifier, Tlv<'_>), Unreadable> =
            attribute.parse(|parser| Ok((parser.read_element()?, parser.read_element()?)));
        let (kind, value) = read.ok()?;
        Some((kind, String::from_utf8_lossy(value.data()).into_owned()))
    });
    let attributes: Vec<_> = attributes.collect();
    let named = |wanted: &ObjectIdentifier| attributes.iter().find(|(kind, _)| kind == wanted);
    let named = named(&ORGANISATION).or_else(|| named(&COMMON_NAME));
    named.map(|(_, text)| text.clone()).unwrap_or_default()
}

/// Until 2049 in the short form, from then on in the long one (RFC 5280 §4.1.2.5).
fn time(value: &Tlv<'_>) -> Option<Timestamp> {
    let short = value.parse::<UtcTime>().ok();
    let long = value.parse::<X509GeneralizedTime>().ok();
    let time = short.as_ref().map(UtcTime::as_datetime);
    let time = time.or_else(|| long.as_ref().map(X509GeneralizedTime::as_datetime))?;
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};

    use super::*;

    #[test]
    fn issuer_end_and_key_are_read() {
        for (year, organisation, issuer) in [
            (2030, Some("Example Trust"), "Example Trust"),
            (2061, None, "An Authority"),
        ] {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let mut of = CertificateParams::new(vec!["dpp.maker.example".to_owned()]).unwrap();
            of.not_after = rcgen::date_time_ymd(year, 2, 18);
            of.distinguished_name
                .push(DnType::CommonName, "An Authority");
            if let Some(organisation) = organisation {
                of.distinguished_name
                    .push(DnType::OrganizationName, organisation);
            }
            let der = of.self_signed(&key).unwrap();
            let read = read(der.der()).unwrap();
            assert_eq!(read.issuer, issuer);
            assert_eq!(read.ends.to_string(), format!("{year}-02-18T00:00:00.000Z"));
            assert_eq!(read.key.len(), 64);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
