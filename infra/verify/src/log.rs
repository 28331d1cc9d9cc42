//! Where a log's files are: in a folder, or below an address.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Client;
use verify::Files;

/// No file of a log is longer: 256 entries of 65,535 bytes with their lengths.
const LONGEST: u64 = 256 * 65_537;
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder, or what an address begins with.
pub(crate) fn open(place: &str) -> Result<Box<dyn Files>, String> {
    if !place.starts_with("https://") && !place.starts_with("http://") {
        let folder = PathBuf::from(place);
        return Ok(Box::new(move |path: &str| stored(&folder, path)));
    }
    let client = Client::builder().timeout(PATIENCE).build();
    let client = client.map_err(|error| error.to_string())?;
    let prefix = place.trim_end_matches('/').to_owned();
    Ok(Box::new(move |path: &str| {
        served(&client, &format!("{prefix}/{path}"))
    }))
}

fn stored(folder: &Path, path: &str) -> Result<Option<Vec<u8>>, String> {
    match File::open(folder.join(path)) {
        Ok(file) => limited(file).map(Some),
        // A folder stands where `tile/0/000` is asked for and there is only `tile/0/000/…`.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error.to_string()),
    }
}

fn served(client: &Client, address: &str) -> Result<Option<Vec<u8>>, String> {
    let answer = client.get(address).send();
    let answer = answer.map_err(|error| format!("{error}: {}", cause(&error)))?;
    match answer.status() {
        StatusCode::OK => limited(answer).map(Some),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status => Err(format!("it was answered {status}")),
    }
}

/// The innermost cause: the outer ones only say that something failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn limited(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = from.take(LONGEST + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| error.to_string())?;
    match u64::try_from(read).is_ok_and(|read| read <= LONGEST) {
        true => Ok(bytes),
        false => Err(format!("it is longer than {LONGEST} bytes")),
    }
}
