//! Salted disclosures after RFC 9901, and who may open them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Digest;

use crate::canonical::{NotCanonical, canonical};

/// Sixteen random bytes that keep a value from being guessed from its digest. They are as secret as the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Serialize for Salt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(&text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("expected 16 bytes in base64url"))
    }
}

/// Who may open a disclosure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// Whoever may read this access class (point of Annex XIII; 0 is internal).
    Class(u8),
    /// Whoever may see the chain itself: a public sequence number would count the hidden events.
    Chain,
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class-{class}"),
            Self::Chain => f.write_str("chain"),
        }
    }
}

/// The text names no audience.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no audience: expected `chain` or `class-0` to `class-4`")]
pub struct NotAnAudience(String);

impl FromStr for Audience {
    type Err = NotAnAudience;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "chain" {
            return Ok(Self::Chain);
        }
        text.strip_prefix("class-")
            .and_then(|class| class.parse().ok())
            .filter(|class| *class <= 4)
            .map(Self::Class)
            .ok_or_else(|| NotAnAudience(text.to_owned()))
    }
}

impl TryFrom<String> for Audience {
    type Error = NotAnAudience;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> Self {
        audience.to_string()
    }
}

/// `base64url(JCS([salt, name, value]))`.
pub(crate) fn disclose(salt: &Salt, name: &str, value: &Value) -> Result<String, NotCanonical> {
    let bytes = canonical(&json!([URL_SAFE_NO_PAD.encode(salt.0), name, value]))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// `base64url(SHA-256(disclosure))`, as RFC 9901 §4.2.3 has it.
#[must_use]
pub fn digest(disclosure: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(disclosure))
}

/// Name and value of a disclosure; `None` where it is no disclosure. Only the canonical form counts: a member that stands
/// there twice would read differently elsewhere.
#[must_use]
pub fn read(disclosure: &str) -> Option<(String, Value)> {
    let bytes = URL_SAFE_NO_PAD.decode(disclosure).ok()?;
    let parts: [Value; 3] = serde_json::from_slice(&bytes).ok()?;
    if canonical(&json!(parts)).ok()? != bytes {
        return None;
    }
    let [salt, Value::String(name), value] = parts else {
        return None;
    };
    serde_json::from_value::<Salt>(salt).ok()?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_read_back_and_nothing_else_does() {
        for audience in (0..=4).map(Audience::Class).chain([Audience::Chain]) {
            assert_eq!(audience.to_string().parse::<Audience>().unwrap(), audience);
        }
        for wrong in ["class-5", "class-", "Chain", "class--1", "1"] {
            assert!(wrong.parse::<Audience>().is_err(), "{wrong}");
        }
    }

    /// RFC 9901 §4.2.3 gives this disclosure and its digest.
    #[test]
    fn digest_is_that_of_rfc_9901() {
        let disclosure = "WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
        assert_eq!(
            digest(disclosure),
            "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"
        );
    }

    #[test]
    fn only_the_canonical_form_is_a_disclosure() {
        let salt = URL_SAFE_NO_PAD.encode([7; 16]);
        let text = |json: String| URL_SAFE_NO_PAD.encode(json);
        let good = format!(r#"["{salt}","/a",{{"after":1,"op":"add"}}]"#);
        assert!(read(&text(good.clone())).is_some());
        for wrong in [
            good.replace("\"op\"", "\"after\":2,\"op\""),
            good.replace(",\"/a\"", ", \"/a\""),
            format!("{good} "),
            good.replace(&salt, ""),
            good.replace(&salt, &URL_SAFE_NO_PAD.encode([7; 15])),
            good.replace("1,", "1.0,"),
            good.replace("\"/a\"", "7"),
            format!(r#"["{salt}","/a"]"#),
            format!(r#"["{salt}","/a",1,2]"#),
        ] {
            assert!(read(&text(wrong.clone())).is_none(), "{wrong}");
        }
        assert!(read(&format!("{}=", text(good))).is_none());
    }

    #[test]
    fn a_salt_is_not_printed() {
        assert_eq!(format!("{:?}", Salt([7; 16])), "Salt(…)");
    }
}
