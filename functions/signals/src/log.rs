//! CloudFront's standard logs (v2), JSON lines in a gzip file.
//!
//! The delivery is told to write these fields and no others (`template.yaml`), so that no address of a viewer is ever stored:
//! `date`, `cs-method`, `cs-uri-stem`, `cs-uri-query`, `sc-status`, `c-country`.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::seen::Seen;

/// The most bytes a log may have when it is unpacked; what is beyond is not read.
const UNPACKED: u64 = 256 << 20;
/// The longest line: CloudFront logs no URL over 8,192 bytes.
const LINE: u64 = 32 << 10;
/// Most scans that are taken from one log.
const MOST: usize = 1_000_000;
/// How late an entry may come: CloudFront delays some by up to 24 hours.
pub(crate) const LATE_DAYS: i32 = 3;

/// What a log had.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Its scans.
    pub seen: Vec<Seen>,
    /// Lines that could not be read.
    pub unread: u64,
}

#[derive(Deserialize)]
struct Line {
    date: String,
    #[serde(rename = "cs-method")]
    method: String,
    #[serde(rename = "cs-uri-stem")]
    path: String,
    #[serde(rename = "cs-uri-query", default)]
    query: String,
    #[serde(rename = "sc-status")]
    status: Value,
    #[serde(rename = "c-country", default)]
    country: Option<String>,
}

/// Reads a log that was delivered on a day. Whatever is in it, it costs no more than its limits say.
///
/// # Errors
/// Where it cannot be unpacked.
pub fn read(bytes: &[u8], today: i32) -> io::Result<Log> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    match bytes.starts_with(&GZIP) {
        true => lines(MultiGzDecoder::new(bytes), today),
        false => lines(bytes, today),
    }
}

fn lines(unpacked: impl Read, today: i32) -> io::Result<Log> {
    let mut reader = BufReader::new(unpacked.take(UNPACKED));
    let mut log = Log::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        if read == 0 || log.seen.len() == MOST {
            return Ok(log);
        }
        match serde_json::from_slice::<Line>(&line) {
            Ok(line) => log.seen.extend(line.seen(today)),
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => log.unread += 1,
        }
    }
}

impl Line {
    fn seen(&self, today: i32) -> Option<Seen> {
        let day = passport::day_of(&self.date)?;
        if day > today || day < today - LATE_DAYS {
            return None;
        }
        let status = match &self.status {
            Value::String(text) => text.parse().ok()?,
            number => u16::try_from(number.as_u64()?).ok()?,
        };
        // A field that is empty is logged as a hyphen.
        let query = if self.query == "-" { "" } else { &self.query };
        let place = (self.path.as_str(), query);
        Seen::of(&self.method, place, status, self.country.as_deref(), day)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TODAY: i32 = 20_783;

    fn line(path: &str, date: &str, status: Value) -> String {
        json!({
            "date": date, "cs-method": "GET", "cs-uri-stem": path, "cs-uri-query": "-",
            "sc-status": status, "c-country": "DE", "c-ip": "192.0.2.1",
        })
        .to_string()
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    fn scan() -> String {
        format!(
            "/32XZAJ4P21M1MZ0N3RQA/{}",
            identity::LabelId::from_random([7; 8])
        )
    }

    #[test]
    fn scans_are_read_and_the_rest_is_passed_over() {
        let today = passport::date(TODAY);
        let text = [
            line(&scan(), &today, json!("200")),
            line(&scan(), &today, json!(410)),
            line("/docs", &today, json!("200")),
            "not JSON".to_owned(),
            String::new(),
            json!({"date": today}).to_string(),
            "{".repeat(100_000),
        ]
        .join("\n");
        let log = read(&packed(&text), TODAY).unwrap();
        assert_eq!(log.seen.len(), 2);
        // The long line is given up in pieces.
        assert_eq!(log.unread, 2 + 4);
        assert_eq!(read(text.as_bytes(), TODAY).unwrap(), log);
        // Nothing of an address stays, even where a delivery were told to write one.
        assert!(!format!("{log:?}").contains("192.0.2"));
    }

    #[test]
    fn a_day_that_cannot_be_is_not_counted() {
        for (days, counted) in [(0, 1), (-3, 1), (-4, 0), (1, 0), (-4_000, 0)] {
            let text = line(&scan(), &passport::date(TODAY + days), json!("200"));
            assert_eq!(
                read(text.as_bytes(), TODAY).unwrap().seen.len(),
                counted,
                "{days}"
            );
        }
    }

    #[test]
    fn a_log_that_is_cut_off_is_an_error_and_not_half_a_log() {
        let whole = packed(&line(&scan(), &passport::date(TODAY), json!("200")));
        assert!(read(&whole[..whole.len() / 2], TODAY).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = read(&bytes, TODAY);
        }
    }
}
