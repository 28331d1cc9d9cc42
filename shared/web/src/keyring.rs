//! The issuers whose tokens count, and their keys as they are now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use access::{Claims, Expected, Issuer, Issuers, KeySet, Keys, TokenFault};

use crate::outward::{Outward, Unreachable, limited_body};
use crate::{Problem, now};

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How old keys may be before they are asked for again.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How often at most an issuer is asked because a token named a key that is not known, or because it did not answer.
const PAUSE: Duration = Duration::from_secs(60);
/// How long keys count while their issuer does not answer.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Checks tokens, with keys that stand in the configuration or are fetched from their issuer when they are needed.
#[derive(Debug)]
pub struct Keyring {
    issuers: Issuers,
    served: HashMap<String, Served>,
    outward: Outward,
}

/// A token that could not be found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It is not.
    #[error(transparent)]
    Refused(#[from] TokenFault),
    /// Nobody can tell: its issuer does not answer, and its keys are not known.
    #[error("the keys of the token's issuer cannot be read at the moment")]
    NoKeys,
}

/// The keys of an issuer that serves them.
#[derive(Debug, Default)]
struct Served {
    known: Mutex<Known>,
    /// Held by the one who asks the issuer.
    asking: tokio::sync::Mutex<()>,
}

/// What is known of an issuer's keys, and since when.
#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<KeySet>, Instant)>,
    /// When it failed to answer, if it did not answer since.
    failed: Option<Instant>,
    /// When it was last asked for a key that was not known.
    sought: Option<Instant>,
}

/// Why keys are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// To check a token.
    Any,
    /// The token names a key that was not among them.
    Another,
}

impl Known {
    /// The keys, while they count.
    fn keys(&self, now: Instant) -> Option<Arc<KeySet>> {
        let (keys, since) = self.keys.as_ref()?;
        (now.duration_since(*since) < KEPT).then(|| keys.clone())
    }

    /// Whether the issuer is to be asked.
    fn is_due(&self, want: Want, now: Instant) -> bool {
        let since = |then: Option<Instant>| then.map(|then| now.duration_since(then));
        let rested = |then: Option<Instant>| since(then).is_none_or(|rest| rest >= PAUSE);
        let age = since(self.keys.as_ref().map(|(_, since)| *since));
        let is_old = age.is_none_or(|age| age >= FRESH);
        rested(self.failed) && (is_old || want == Want::Another && rested(self.sought))
    }

    /// Remembers what the issuer answered. What it answered before counts on where it does not.
    fn answered(&mut self, keys: Option<KeySet>, want: Want, now: Instant) {
        if want == Want::Another {
            self.sought = Some(now);
        }
        match keys {
            Some(keys) => {
                self.keys = Some((Arc::new(keys), now));
                self.failed = None;
            }
            None => self.failed = Some(now),
        }
    }
}

impl Served {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose turn it is to ask. Who has old keys goes on with them while somebody else asks; who has none waits.
    async fn turn(&self, want: Want) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let has_keys = self.known().keys(Instant::now()).is_some();
        match has_keys && want == Want::Any {
            true => self.asking.try_lock().ok(),
            false => Some(self.asking.lock().await),
        }
    }
}

impl Keyring {
    /// The one of these issuers. Nobody is asked before a token comes.
    #[must_use]
    pub fn new(issuers: Issuers) -> Self {
        let served = issuers
            .iter()
            .filter(|issuer| matches!(issuer.keys(), Keys::Served(_)))
            .map(|issuer| (issuer.name().to_owned(), Served::default()))
            .collect();
        Self {
            issuers,
            served,
            outward: Outward::default(),
        }
    }

    /// The issuers.
    #[must_use]
    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// The claims of an access token ([`access::verify`]).
    ///
    /// # Errors
    /// [`Unverified`].
    pub async fn verify(&self, token: &str) -> Result<Claims, Unverified> {
        let seconds = now().as_second();
        self.checked(token, |issuer, keys| {
            access::verify(token, issuer, keys, seconds)
        })
        .await
    }

    /// Checks an ID token ([`access::identify`]).
    ///
    /// # Errors
    /// [`Unverified`].
    pub async fn identify(&self, token: &str, expected: Expected<'_>) -> Result<(), Unverified> {
        let seconds = now().as_second();
        self.checked(token, |issuer, keys| {
            access::identify(token, issuer, keys, expected, seconds)
        })
        .await
    }

    /// Checks a token with the keys of the issuer that it names, and where its key is not among them once more with newer ones.
    async fn checked<T>(
        &self,
        token: &str,
        check: impl Fn(&Issuer, &KeySet) -> Result<T, TokenFault>,
    ) -> Result<T, Unverified> {
        let issuer = self.issuers.of(token)?;
        let first = check(issuer, &*self.keys(issuer, Want::Any).await?);
        let Err(TokenFault::UnknownKey) = first else {
            return Ok(first?);
        };
        Ok(check(issuer, &*self.keys(issuer, Want::Another).await?)?)
    }

    async fn keys(&self, issuer: &Issuer, want: Want) -> Result<Arc<KeySet>, Unverified> {
        let (address, served) = match (issuer.keys(), self.served.get(issuer.name())) {
            (Keys::Given(keys), _) => return Ok(keys.clone()),
            (Keys::Served(address), Some(served)) => (address, served),
            (Keys::Served(_), None) => return Err(Unverified::NoKeys),
        };
        let is_due = || served.known().is_due(want, Instant::now());
        if is_due()
            && let Some(_turn) = served.turn(want).await
            // Whoever had the turn before may have asked for the same.
            && is_due()
        {
            let keys = self.asked(address).await;
            let keys = keys.inspect_err(|cause| {
                tracing::warn!(%cause, issuer = issuer.name(), "an issuer's keys could not be read");
            });
            let mut known = served.known();
            known.answered(keys.ok(), want, Instant::now());
        }
        let keys = served.known().keys(Instant::now());
        keys.ok_or(Unverified::NoKeys)
    }

    async fn asked(&self, address: &str) -> Result<KeySet, Unreachable> {
        let body = limited_body(self.outward.get(address, PATIENCE).await?).await?;
        KeySet::served(&body).map_err(Unreachable::because)
    }
}

impl From<Unverified> for Problem {
    fn from(error: Unverified) -> Self {
        match error {
            Unverified::Refused(fault) => fault.into(),
            Unverified::NoKeys => Self::unavailable(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &[u8] = br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn keys() -> Option<KeySet> {
        Some(KeySet::served(SET).unwrap())
    }

    #[test]
    fn an_issuer_is_asked_when_its_keys_are_needed_or_old() {
        let start = Instant::now();
        let mut known = Known::default();
        assert!(known.is_due(Want::Any, start));
        known.answered(keys(), Want::Any, start);
        let at = |known: &Known, seconds: u64| {
            known.is_due(Want::Any, start + Duration::from_secs(seconds))
        };
        assert!(!at(&known, 0) && !at(&known, 599) && at(&known, 600));
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_a_minute() {
        let start = Instant::now();
        let mut known = Known::default();
        known.answered(keys(), Want::Any, start);
        let due = |known: &Known, seconds: u64| {
            known.is_due(Want::Another, start + Duration::from_secs(seconds))
        };
        // A key that the issuer took right after it was asked is found at once.
        assert!(due(&known, 1));
        known.answered(keys(), Want::Another, start + Duration::from_secs(1));
        assert!(!due(&known, 60) && due(&known, 61));
    }

    #[test]
    fn an_issuer_that_does_not_answer_is_left_alone_for_a_minute_and_its_keys_are_kept_for_a_day() {
        let start = Instant::now();
        let mut known = Known::default();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        known.answered(None, Want::Any, start);
        for want in [Want::Any, Want::Another] {
            assert!(!known.is_due(want, at(59)) && known.is_due(want, at(60)));
        }
        assert!(known.keys(at(60)).is_none());
        known.answered(keys(), Want::Any, at(60));
        known.answered(None, Want::Any, at(660));
        assert!(!known.is_due(Want::Any, at(719)) && known.is_due(Want::Any, at(720)));
        let day = KEPT.as_secs();
        assert!(known.keys(at(60 + day - 1)).is_some());
        assert!(known.keys(at(60 + day)).is_none());
        known.answered(keys(), Want::Any, at(60 + day));
        assert!(known.keys(at(60 + day)).is_some() && known.failed.is_none());
    }
}
