//! Hashes, event ids and times.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use serde::{Deserialize, Serialize};
use sha2::Digest;

/// A SHA-256 hash; hexadecimal in text and JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The hash of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The RFC 6962 §2.1 hash of a leaf: SHA-256(0x00 || bytes).
    #[must_use]
    pub fn of_leaf(bytes: &[u8]) -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update([0]);
        hasher.update(bytes);
        Self(hasher.finalize().into())
    }

    /// The RFC 6962 §2.1 hash of a node: SHA-256(0x01 || left || right).
    #[must_use]
    pub fn of_node(left: &Self, right: &Self) -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update([1]);
        hasher.update(left.0);
        hasher.update(right.0);
        Self(hasher.finalize().into())
    }

    /// A hash that lies somewhere as its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Standard base64, as a content security policy and a checkpoint name a hash.
    #[must_use]
    pub fn to_base64(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(self.0)
    }

    /// Reads [`Self::to_base64`]; nothing else is that hash's text.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a SHA-256 hash.
#[derive(Debug, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct NotAHash;

impl FromStr for Sha256 {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAHash)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(hash: Sha256) -> Self {
        hash.to_string()
    }
}

/// An event's id: UUIDv7, so that ids sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId(uuid::Uuid);

/// The text is not an event's id.
#[derive(Debug, thiserror::Error)]
#[error("expected a UUID of version 7 in lower case with hyphens")]
pub struct NotAnEventId;

impl EventId {
    /// An id of that moment, with ten random bytes.
    #[must_use]
    pub fn new(at: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;

    /// One text per id: braces, URNs and upper case are refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::try_parse(text)
            .ok()
            .filter(|id| id.get_version_num() == 7 && id.to_string() == text)
            .map(Self)
            .ok_or(NotAnEventId)
    }
}

impl TryFrom<String> for EventId {
    type Error = NotAnEventId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.to_string()
    }
}

/// A time in UTC, to the millisecond: `2027-02-18T09:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// The text is not a time.
#[derive(Debug, thiserror::Error)]
#[error("expected an RFC 3339 time such as `2027-02-18T09:00:00Z`")]
pub struct NotATime;

/// 0000-01-01T00:00:00.000Z: RFC 3339 has no earlier year.
const FIRST: i64 = -62_167_219_200_000;
/// 9999-12-30T21:59:59.999Z: the last millisecond that is before the year 10000 in every time zone.
const LAST: i64 = 253_402_207_199_999;

impl Timestamp {
    /// Milliseconds since 1970; what lies outside the years 0 to 9999 of RFC 3339 becomes the nearest time within.
    #[must_use]
    pub const fn from_millisecond(millisecond: i64) -> Self {
        Self(if millisecond < FIRST {
            FIRST
        } else if millisecond > LAST {
            LAST
        } else {
            millisecond
        })
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millisecond(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn as_second(self) -> i64 {
        self.as_millisecond().div_euclid(1_000)
    }

    /// One millisecond later.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::from_millisecond(self.0.saturating_add(1))
    }

    /// That much earlier.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millisecond(self.0.saturating_sub(milliseconds))
    }
}

impl From<Timestamp> for jiff::Timestamp {
    fn from(at: Timestamp) -> Self {
        Self::from_millisecond(at.0).unwrap_or_default()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self::from_millisecond(at.as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from(*self);
        write!(f, "{time:.3}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time: jiff::Timestamp = text.parse().map_err(|_| NotATime)?;
        let millisecond = time.as_millisecond();
        if (FIRST..=LAST).contains(&millisecond) {
            Ok(Self(millisecond))
        } else {
            Err(NotATime)
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_read_back_to_the_millisecond() {
        let at: Timestamp = "2027-02-18T10:00:00.0129+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2027-02-18T09:00:00.012Z");
        assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn leaf_hash_is_that_of_rfc_6962() {
        let empty_leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(Sha256::of_leaf(b"").to_string(), empty_leaf);
    }

    #[test]
    fn event_ids_sort_by_time() {
        let id = |at| EventId::new(Timestamp::from_millisecond(at), &[255; 10]).to_string();
        assert!(id(1_000) < EventId::new(Timestamp::from_millisecond(1_001), &[0; 10]).to_string());
        assert_eq!(id(1_000).as_bytes()[14], b'7');
        assert_eq!(id(1_000).parse::<EventId>().unwrap().to_string(), id(1_000));
    }

    #[test]
    fn an_event_id_has_one_text_and_version_seven() {
        let id = EventId::new(Timestamp::from_millisecond(1_800_000_000_000), &[7; 10]).to_string();
        assert!(id.to_uppercase().parse::<EventId>().is_err());
        assert!(format!("{{{id}}}").parse::<EventId>().is_err());
        assert!(id.replace('-', "").parse::<EventId>().is_err());
        assert!(
            "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
                .parse::<EventId>()
                .is_err()
        );
    }

    #[test]
    fn hashes_read_back() {
        let hash = Sha256::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse::<Sha256>().unwrap(), hash);
        for wrong in ["", "ba78", &format!("{text}00"), &text.replace('b', "g")] {
            assert!(wrong.parse::<Sha256>().is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{text}\""));
    }

    proptest! {
        #[test]
        fn every_time_reads_back(millisecond: i64) {
            let at = Timestamp::from_millisecond(millisecond);
            prop_assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
            prop_assert_eq!(at.to_string().len(), "2027-02-18T09:00:00.000Z".len());
        }
    }
}
