//! The carrier: the URL in the symbol (CARRIER.md).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::gs1::{Giai, Gs1Error, Gtin};
use crate::id::{IdError, LabelId, UnitId};

/// A host name, with a port on a developer's machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

/// The text is not a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host name such as `id.example.eu`")]
pub struct NotAHost(String);

impl Host {
    /// Reads a host; kept in lower case.
    ///
    /// # Errors
    /// [`NotAHost`].
    pub fn parse(text: &str) -> Result<Self, NotAHost> {
        let fault = || NotAHost(text.chars().take(80).collect());
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // In its one form, so that two texts of the same host are equal.
        let canonical = |port: &str| {
            port.parse::<u16>()
                .is_ok_and(|number| number > 0 && number.to_string() == port)
        };
        let port_fits = port.is_none_or(canonical);
        if name.len() > 253 || !name.split('.').all(label) || !port_fits {
            return Err(fault());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// Whether it is a name of the public DNS such as `id.example.eu`: no port, no address, more than one label.
    #[must_use]
    pub fn is_domain_name(&self) -> bool {
        let is_named = |label: &str| !label.bytes().all(|byte| byte.is_ascii_digit());
        let last = self.0.rsplit_once('.').map(|(_, last)| last);
        !self.0.contains(':') && last.is_some_and(is_named)
    }

    /// In lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Host {
    type Error = NotAHost;

    fn try_from(text: String) -> Result<Self, NotAHost> {
        Self::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path's form.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// `/<UNIT>/<LABEL>`
    Plain,
    /// `/01/<GTIN>/21/<UNIT>?91=<LABEL>`
    Gtin(Gtin),
    /// `/8004/<GIAI>?91=<LABEL>`, where the GIAI is a company prefix and the unit.
    Giai(Giai),
}

/// What a symbol leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The operator's own host.
    pub host: Host,
    /// The battery.
    pub unit: UnitId,
    /// The label; a unit resolves without one too.
    pub label: Option<LabelId>,
    https: bool,
    form: Form,
}

/// The text is not a carrier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// Not `https://` (or `http://`) and a host.
    #[error("expected `https://`, a host and a path")]
    NotAUrl,
    /// The host is none.
    #[error(transparent)]
    Host(#[from] NotAHost),
    /// The path has another form.
    #[error(
        "expected the path `/<unit>`, `/<unit>/<label>`, `/01/<gtin>/21/<unit>` or `/8004/<giai>`"
    )]
    Path,
    /// An id in it is wrong.
    #[error("in the path: {0}")]
    Id(#[from] IdError),
    /// A GS1 key in it is wrong.
    #[error(transparent)]
    Gs1(#[from] Gs1Error),
}

impl Carrier {
    /// The plain form. `https` is false on a developer's machine only.
    #[must_use]
    pub const fn plain(host: Host, https: bool, unit: UnitId, label: Option<LabelId>) -> Self {
        Self {
            host,
            unit,
            label,
            https,
            form: Form::Plain,
        }
    }

    /// The GS1 form with the model's GTIN and the unit as serial number (AI 01, 21).
    #[must_use]
    pub const fn with_gtin(host: Host, gtin: Gtin, unit: UnitId, label: Option<LabelId>) -> Self {
        Self {
            host,
            unit,
            label,
            https: true,
            form: Form::Gtin(gtin),
        }
    }

    /// The GS1 form with a GIAI (AI 8004) of the company prefix and the unit.
    #[must_use]
    pub const fn with_giai(host: Host, giai: Giai, label: Option<LabelId>) -> Self {
        Self {
            host,
            unit: giai.unit(),
            label,
            https: true,
            form: Form::Giai(giai),
        }
    }

    /// Whether it is a GS1 Digital Link.
    #[must_use]
    pub const fn is_gs1(&self) -> bool {
        matches!(self.form, Form::Gtin(_) | Form::Giai(_))
    }

    /// The URL as it stands in the symbol: scheme in lower case, since an upper-case one fails on several phone cameras;
    /// host and path in upper case, so that they take the alphanumeric mode.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let host = self.host.as_str().to_ascii_uppercase();
        let unit = self.unit;
        let path = match &self.form {
            Form::Plain => self
                .label
                .map_or(format!("{unit}"), |label| format!("{unit}/{label}")),
            Form::Gtin(gtin) => format!("01/{gtin}/21/{unit}{}", self.label_query()),
            Form::Giai(giai) => format!("8004/{giai}{}", self.label_query()),
        };
        format!("{scheme}://{host}/{path}")
    }

    fn label_query(&self) -> String {
        self.label
            .map_or_else(String::new, |label| format!("?91={label}"))
    }

    /// Reads a carrier URL tolerantly: any case, a trailing slash, a query and a fragment that are not ours.
    ///
    /// # Errors
    /// [`CarrierError`] saying which part is wrong.
    pub fn parse(url: &str) -> Result<Self, CarrierError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(CarrierError::NotAUrl)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(CarrierError::NotAUrl),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = address.split_once('/').ok_or(CarrierError::NotAUrl)?;
        let host = Host::parse(host)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = path.split('/').collect();
        let label_of_query = || -> Result<Option<LabelId>, IdError> {
            let value = query.split('&').find_map(|pair| pair.strip_prefix("91="));
            value.map(LabelId::parse).transpose()
        };
        let (unit, label, form) = match segments.as_slice() {
            ["01", gtin, "21", unit] => (
                UnitId::parse(unit)?,
                label_of_query()?,
                Form::Gtin(Gtin::parse(gtin)?),
            ),
            ["8004", giai] => {
                let giai = Giai::parse(giai)?;
                (giai.unit(), label_of_query()?, Form::Giai(giai))
            }
            [unit, label] => (
                UnitId::parse(unit)?,
                Some(LabelId::parse(label)?),
                Form::Plain,
            ),
            [unit] if !unit.is_empty() => (UnitId::parse(unit)?, None, Form::Plain),
            _ => return Err(CarrierError::Path),
        };
        Ok(Self {
            host,
            unit,
            label,
            https,
            form,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://ID.EXAMPLE.EU/32XZAJ4P21M1MZ0N3RQA";

    #[test]
    fn the_url_reads_back_however_it_is_written() {
        let carrier = Carrier::parse(URL).unwrap();
        assert_eq!(carrier.url(), URL);
        for text in [
            "HTTPS://id.example.eu/32xzaj4p21m1mz0n3rqa/",
            "https://Id.Example.Eu/32XZAJ4P21M1MZ0N3RQA?utm=1#top",
        ] {
            assert_eq!(Carrier::parse(text).unwrap(), carrier, "{text}");
        }
    }

    #[test]
    fn what_is_no_carrier_is_refused() {
        for text in [
            "",
            "32XZAJ4P21M1MZ0N3RQA",
            "ftp://a/32XZAJ4P21M1MZ0N3RQA",
            "https://a",
            "https://a/",
            "https://-a/32XZAJ4P21M1MZ0N3RQA",
            "https://a/b/c/d/e",
            "https://a/32XZAJ4P21M1MZ0N3RQB",
            "https://a@b/32XZAJ4P21M1MZ0N3RQA",
            "https://a:99999/32XZAJ4P21M1MZ0N3RQA",
            "https://a:0443/32XZAJ4P21M1MZ0N3RQA",
            "https://a:+443/32XZAJ4P21M1MZ0N3RQA",
            "https://a:0/32XZAJ4P21M1MZ0N3RQA",
            "https://a/01/09521234000012/21/32XZAJ4P21M1MZ0N3RQA",
        ] {
            assert!(Carrier::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_form_reads_back(unit: [u8; 18], label: Option<[u8; 8]>) {
            let host = Host::parse("id.example.eu").unwrap();
            let (unit, label) = (UnitId::from_random(unit), label.map(LabelId::from_random));
            let gtin = Gtin::parse("09521234000013").unwrap();
            let giai = Giai::new("9521234", unit).unwrap();
            for carrier in [
                Carrier::plain(host.clone(), true, unit, label),
                Carrier::with_gtin(host.clone(), gtin, unit, label),
                Carrier::with_giai(host, giai, label),
            ] {
                prop_assert_eq!(Carrier::parse(&carrier.url()).unwrap(), carrier);
            }
        }
    }
}
