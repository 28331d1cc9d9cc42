//! Leaves: what an event says in the clear (ledger.md §1.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::hash::Hash;
use crate::report::Fault;

/// The only format version of a leaf there is.
const VERSION: u64 = 1;
/// Longest leaf that an entry bundle can hold (C2SP tlog-tiles).
const LONGEST: usize = 65_535;

/// An event as its log holds it.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// The origin of its log.
    pub(crate) log: String,
    /// A UUIDv7.
    pub(crate) event_id: String,
    /// When it was written: `2027-02-18T09:00:00.000Z`.
    pub(crate) at: String,
    /// The same in milliseconds since 1970.
    pub(crate) millisecond: i64,
    /// The digests of its disclosures, sorted.
    pub(crate) digests: Vec<String>,
    /// Its RFC 6962 leaf hash.
    pub(crate) hash: Hash,
}

impl Leaf {
    /// # Errors
    /// A leaf of an unknown version cannot be checked; bytes that are none at all are a lie.
    pub(crate) fn read(place: &str, bytes: &[u8]) -> Result<Self, Fault> {
        let not = |why: &str| Fault::lie(place, format!("this is no event: {why}"));
        if bytes.len() > LONGEST {
            return Err(not("it is longer than 65535 bytes"));
        }
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| not(&error.to_string()))?;
        if canonical(&value).as_deref() != Some(bytes) {
            return Err(not("its JSON is not in the canonical form (RFC 8785)"));
        }
        let leaf = value
            .as_object()
            .ok_or_else(|| not("it is no JSON object"))?;
        match leaf.get("v").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                let fault = Fault::unchecked(place, "its format version is not known here");
                return Err(fault.expected(VERSION).found(other));
            }
            None => return Err(not("it names no format version")),
        }
        if leaf.len() != 5 {
            return Err(not(
                "it has other members than `_sd`, `at`, `eventId`, `log` and `v`",
            ));
        }
        let log = text(leaf, "log").ok_or_else(|| not("it names no log"))?;
        let event_id = text(leaf, "eventId").filter(|id| number(id).is_some());
        let event_id = event_id.ok_or_else(|| not("its `eventId` is no UUID of version 7"))?;
        let at = text(leaf, "at").ok_or_else(|| not("it has no time"))?;
        let millisecond = millisecond(&at)
            .ok_or_else(|| not("its `at` is no time such as `2027-02-18T09:00:00.000Z`"))?;
        let digests = digests(leaf.get("_sd")).map_err(not)?;
        Ok(Self {
            log,
            event_id,
            at,
            millisecond,
            digests,
            hash: Hash::leaf(bytes),
        })
    }

    /// Its id as a number.
    pub(crate) fn id(&self) -> u128 {
        number(&self.event_id).unwrap_or_default()
    }
}

/// RFC 8785, by a crate that the writer does not use. `None` where it cannot be written so.
pub(crate) fn canonical(value: &Value) -> Option<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value).ok()
}

fn text(leaf: &Map<String, Value>, name: &str) -> Option<String> {
    Some(leaf.get(name)?.as_str()?.to_owned())
}

/// The number of a UUIDv7 (RFC 9562 §5.7) in lower case with hyphens.
fn number(id: &str) -> Option<u128> {
    let shape = |(place, sign): (usize, char)| match place {
        8 | 13 | 18 | 23 => sign == '-',
        14 => sign == '7',
        19 => matches!(sign, '8' | '9' | 'a' | 'b'),
        _ => matches!(sign, '0'..='9' | 'a'..='f'),
    };
    let is_id = id.len() == 36 && id.chars().enumerate().all(shape);
    is_id.then(|| u128::from_str_radix(&id.replace('-', ""), 16).ok())?
}

/// Milliseconds since 1970 of a time that is written in the one way there is.
fn millisecond(at: &str) -> Option<i64> {
    let time: jiff::Timestamp = at.parse().ok()?;
    (format!("{time:.3}") == at).then(|| time.as_millisecond())
}

/// Sorted, each once, each a SHA-256: neither their order nor their number tells anything.
fn digests(value: Option<&Value>) -> Result<Vec<String>, &'static str> {
    let digests = value
        .and_then(Value::as_array)
        .ok_or("it has no list of digests")?;
    let read = |digest: &Value| {
        let digest = digest.as_str()?;
        let bytes = URL_SAFE_NO_PAD.decode(digest).ok()?;
        (bytes.len() == 32).then(|| digest.to_owned())
    };
    let digests: Option<Vec<String>> = digests.iter().map(read).collect();
    let digests = digests.ok_or("a digest is no SHA-256 in base64url")?;
    match digests.is_sorted_by(|one, next| one < next) {
        true => Ok(digests),
        false => Err("its digests are not sorted, each once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::leaf;

    #[test]
    fn a_leaf_is_read() {
        let bytes = leaf(7, &["a".to_owned(), "b".to_owned()]);
        let read = Leaf::read("here", &bytes).unwrap();
        assert_eq!(
            (read.log.as_str(), read.digests.len()),
            ("id.example.eu/log", 2)
        );
        assert_eq!(read.at, "2027-01-15T08:00:00.007Z");
        assert_eq!(read.millisecond, 1_800_000_000_007);
        assert_eq!(read.hash, Hash::leaf(&bytes));
    }

    #[test]
    fn only_a_leaf_is_a_leaf() {
        let good = String::from_utf8(leaf(7, &["a".to_owned(), "b".to_owned()])).unwrap();
        let digests = good
            .split_once("],")
            .unwrap()
            .0
            .strip_prefix("{\"_sd\":[")
            .unwrap();
        let (one, other) = digests.split_once(',').unwrap();
        for wrong in [
            good.replace("\"v\":1", "\"v\":1,\"w\":1"),
            good.replace("\"v\":1", "\"v\":1,\"v\":1"),
            good.replace("\"v\":1", "\"v\":\"1\""),
            good.replace("\"v\":1", "\"v\": 1"),
            good.replace("\"log\"", "\"loh\""),
            good.replace(".007Z", "Z"),
            good.replace(".007Z", ".007+00:00"),
            good.replace("T08", "T28"),
            good.replace("-7", "-4"),
            good.replace("-8", "-c"),
            good.replace(digests, &format!("{other},{one}")),
            good.replace(digests, &format!("{one},{one}")),
            good.replace(digests, "\"AAAA\""),
            good.replace(digests, "7"),
            format!("{good}{{}}"),
            "[]".to_owned(),
            String::new(),
            " ".repeat(65_536),
        ] {
            assert_ne!(wrong, good);
            let fault = Leaf::read("here", wrong.as_bytes()).unwrap_err();
            assert!(
                fault.what.starts_with("this is no event: "),
                "{wrong}: {fault}"
            );
        }
        let later = Leaf::read("here", good.replace("\"v\":1", "\"v\":2").as_bytes());
        let what = later.unwrap_err().to_string();
        assert_eq!(
            what,
            "here: its format version is not known here; expected 1; found 2"
        );
    }
}
