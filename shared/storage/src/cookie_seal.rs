//! What a browser keeps for us, sealed: nobody but this platform reads or makes it, and each is good for one purpose and time.
//!
//! The key is a new one each day, a code (HMAC) of the day under a key that never leaves KMS: there is no secret to store, to
//! hand to a function, or to rotate.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::StoreError;
use crate::sealing::{DataKey, key_file};

const DAY_SECONDS: i64 = 86_400;
/// The longest that can be one of ours: browsers keep no longer cookies.
const LONGEST: usize = 4_096;

/// Seals and opens what a browser keeps.
pub struct CookieSeal {
    source: Source,
    /// Those of today and yesterday.
    keys: Mutex<Vec<(i64, Arc<DataKey>)>>,
}

enum Source {
    /// A KMS key for codes (`HMAC_256`).
    Kms {
        client: aws_sdk_kms::Client,
        key_id: String,
    },
    /// A local key file.
    Local(Box<hmac::Key>),
}

impl std::fmt::Debug for CookieSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CookieSeal").finish_non_exhaustive()
    }
}

impl CookieSeal {
    /// With the KMS key `key_id`.
    #[must_use]
    pub fn kms(client: aws_sdk_kms::Client, key_id: String) -> Self {
        Self::over(Source::Kms { client, key_id })
    }

    /// With the 32 bytes in `path`, made on first use.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where the file cannot be read or made.
    pub fn file(path: &Path) -> Result<Self, StoreError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key_file(path)?);
        Ok(Self::over(Source::Local(Box::new(key))))
    }

    /// As the environment says: `COOKIE_KEY_ID` names a KMS key, or `DATA_KEY_FILE` a file on a developer's machine.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where neither does.
    pub async fn from_env() -> Result<Self, StoreError> {
        match (
            std::env::var("COOKIE_KEY_ID"),
            std::env::var("DATA_KEY_FILE"),
        ) {
            (Ok(key_id), _) => {
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
                Ok(Self::kms(aws_sdk_kms::Client::new(&config), key_id))
            }
            (_, Ok(file)) => Self::file(file.as_ref()),
            _ => Err(StoreError::Misconfigured(
                "`COOKIE_KEY_ID` is not set".to_owned(),
            )),
        }
    }

    fn over(source: Source) -> Self {
        Self {
            source,
            keys: Mutex::default(),
        }
    }

    /// Seals `clear` for one purpose, until `expires`; both times in seconds since 1970.
    ///
    /// # Errors
    /// [`StoreError`] where the key service or the random source does not answer.
    pub async fn seal(
        &self,
        purpose: &str,
        clear: &[u8],
        expires: i64,
        now: i64,
    ) -> Result<String, StoreError> {
        let day = now.div_euclid(DAY_SECONDS);
        let key = self.key(day).await?;
        let sealed = key.seal(clear, &place(purpose, day, expires))?;
        Ok(format!(
            "{day}.{expires}.{}",
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// What was sealed for this purpose; `None` where it was not, or is no longer good.
    ///
    /// # Errors
    /// [`StoreError`] where the key service does not answer.
    pub async fn open(
        &self,
        purpose: &str,
        text: &str,
        now: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((day, expires, sealed)) = parts(text) else {
            return Ok(None);
        };
        let today = now.div_euclid(DAY_SECONDS);
        // Only two days have keys: nobody makes the key service work by naming others.
        if expires <= now || !(today - 1..=today).contains(&day) {
            return Ok(None);
        }
        let key = self.key(day).await?;
        Ok(key.open(&sealed, &place(purpose, day, expires)).ok())
    }

    async fn key(&self, day: i64) -> Result<Arc<DataKey>, StoreError> {
        let known = |keys: &[(i64, Arc<DataKey>)]| {
            let key = keys.iter().find(|(of, _)| *of == day);
            key.map(|(_, key)| key.clone())
        };
        if let Some(key) = known(&self.keys.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(key);
        }
        let message = format!("cookies of day {day}");
        let bytes = match &self.source {
            Source::Local(key) => hmac::sign(key, message.as_bytes()).as_ref().to_vec(),
            Source::Kms { client, key_id } => client
                .generate_mac()
                .key_id(key_id)
                .mac_algorithm(MacAlgorithmSpec::HmacSha256)
                .message(Blob::new(message))
                .send()
                .await
                .map_err(StoreError::unavailable)?
                .mac
                .map(Blob::into_inner)
                .ok_or_else(|| {
                    StoreError::Unavailable("the key service sent no code".to_owned())
                })?,
        };
        let key = DataKey::new(&bytes)
            .map(Arc::new)
            .ok_or_else(|| StoreError::damaged("a code has the wrong size"))?;
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|(of, _)| *of >= day - 1);
        keys.push((day, key.clone()));
        Ok(key)
    }
}

/// What the sealed text is bound to.
fn place(purpose: &str, day: i64, expires: i64) -> String {
    format!("{purpose}|{day}|{expires}")
}

fn parts(text: &str) -> Option<(i64, i64, Vec<u8>)> {
    let mut parts = Some(text)
        .filter(|text| text.len() <= LONGEST)?
        .splitn(3, '.');
    let day = parts.next()?.parse().ok()?;
    let expires = parts.next()?.parse().ok()?;
    let sealed = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    Some((day, expires, sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn seal() -> CookieSeal {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        CookieSeal::over(Source::Local(Box::new(key)))
    }

    async fn opened(seal: &CookieSeal, purpose: &str, text: &str, now: i64) -> Option<Vec<u8>> {
        seal.open(purpose, text, now).await.unwrap()
    }

    #[tokio::test]
    async fn it_opens_for_its_purpose_and_time_only() {
        let seal = seal();
        let text = seal.seal("session", b"who", NOW + 60, NOW).await.unwrap();
        let who = Some(b"who".to_vec());
        assert_eq!(opened(&seal, "session", &text, NOW + 59).await, who);
        assert_eq!(opened(&seal, "session", &text, NOW + 60).await, None);
        assert_eq!(opened(&seal, "sign-in", &text, NOW).await, None);
        // Midnight does not end it, a second one does.
        let long = seal.seal("session", b"who", i64::MAX, NOW).await.unwrap();
        assert_eq!(
            opened(&seal, "session", &long, NOW + DAY_SECONDS).await,
            who
        );
        let later = NOW + 2 * DAY_SECONDS;
        assert_eq!(opened(&seal, "session", &long, later).await, None);
    }

    #[tokio::test]
    async fn no_character_of_it_can_be_changed() {
        let seal = seal();
        let text = seal.seal("session", b"who", NOW + 60, NOW).await.unwrap();
        for place in 0..text.len() {
            for other in ["0", "A", "."] {
                let mut changed = text.clone();
                changed.replace_range(place..=place, other);
                let same = changed == text;
                let opened = opened(&seal, "session", &changed, NOW).await;
                assert_eq!(opened.is_some(), same, "{changed}");
            }
        }
        for nonsense in ["", "..", "1.2.3", &"9".repeat(LONGEST + 1), "ä.ö.ü"] {
            assert_eq!(opened(&seal, "session", nonsense, NOW).await, None);
        }
    }

    #[tokio::test]
    async fn another_platforms_does_not_open() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
        let other = CookieSeal::over(Source::Local(Box::new(key)));
        let text = other.seal("session", b"who", NOW + 60, NOW).await.unwrap();
        assert_eq!(opened(&seal(), "session", &text, NOW).await, None);
    }
}
