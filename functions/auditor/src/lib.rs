//! Holds everything that is stored against chains and logs, and cosigns the checkpoints behind which it found everything as it was
//! written (ledger.md §1.9). A policy that names its key asks for that.

mod time_stamp;

use std::str::FromStr;
use std::sync::Arc;

use continuity::Audit;
use ledger::{KeyError, Note, NoteError, SignatureType, Timestamp, VerifierKey};
use storage::{Log, LogNote, SigningKey, Store, StoreError};
use web::Site;

pub use time_stamp::{Authority, Unstamped};

/// Audits. Cheap to clone.
#[derive(Clone)]
pub struct Auditor {
    store: Store,
    /// The keys that checkpoints may be signed with.
    logs: Arc<[VerifierKey]>,
    key: Arc<SigningKey>,
    verifier_key: VerifierKey,
    authority: Option<Authority>,
}

/// Why there was no audit.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not read everything.
    #[error(transparent)]
    Audit(#[from] continuity::Failure),
    /// Buckets or the key.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is served as a checkpoint is none.
    #[error("the log `{0}`: {1}")]
    Note(Log, NoteError),
}

impl Auditor {
    /// An auditor over a store, of logs that may be signed with these keys; it cosigns as `<log host>/auditor`.
    ///
    /// # Errors
    /// [`KeyError`] where that cannot stand in a note.
    pub fn new(
        store: Store,
        site: &Site,
        logs: Vec<VerifierKey>,
        key: SigningKey,
    ) -> Result<Self, KeyError> {
        let name = format!("{}/auditor", site.log_host);
        Ok(Self {
            store,
            logs: logs.into(),
            verifier_key: VerifierKey::new(&name, SignatureType::CosignatureV1, key.public())?,
            key: Arc::new(key),
            authority: None,
        })
    }

    /// The same, whose cosigned checkpoints this authority stamps.
    #[must_use]
    pub fn with_authority(self, authority: Authority) -> Self {
        Self {
            authority: Some(authority),
            ..self
        }
    }

    /// As the environment of a Lambda function describes it: the store's variables, `CARRIER_ORIGIN`, `LOG_KEY_ID`, `AUDIT_KEY_ID`, and
    /// in `FORMER_LOG_KEYS`, with spaces between them, keys that signed before; in `TIMESTAMP_AUTHORITY` an address, where there is one.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let site = Site::from_env()?;
        let sentence = |error: StoreError| error.to_string();
        let store = Store::from_env().await.map_err(sentence)?;
        let present = SigningKey::from_env("LOG_KEY").await.map_err(sentence)?;
        let former = std::env::var("FORMER_LOG_KEYS").unwrap_or_default();
        let former = former.split_whitespace().map(VerifierKey::from_str);
        let present = Log::ALL.map(|log| {
            let origin = site.log_origin(log);
            VerifierKey::new(&origin, SignatureType::Ed25519, present.public())
        });
        let logs: Result<_, KeyError> = present.into_iter().chain(former).collect();
        let logs = logs.map_err(|error| format!("keys of the logs: {error}"))?;
        let key = SigningKey::from_env("AUDIT_KEY").await.map_err(sentence)?;
        let auditor = Self::new(store, &site, logs, key).map_err(|error| error.to_string())?;
        match std::env::var("TIMESTAMP_AUTHORITY") {
            Ok(url) if !url.is_empty() => {
                let authority = Authority::at(&url).map_err(|error| error.to_string())?;
                Ok(auditor.with_authority(authority))
            }
            _ => Ok(auditor),
        }
    }

    /// Reads everything that is stored. Where all of it is as it was written, it cosigns the checkpoint that each log served when it
    /// began, and serves it so; where not, it signs nothing, and what it found is in its log.
    ///
    /// # Errors
    /// [`Failure`]; what it finds is no error.
    pub async fn audit(&self, now: Timestamp) -> Result<Audit, Failure> {
        let mut notes = Vec::new();
        for log in Log::ALL {
            if let Some(served) = self.store.served(log, LogNote::Checkpoint).await? {
                let note = Note::from_str(&served.text);
                notes.push((log, note.map_err(|error| Failure::Note(log, error))?));
            }
        }
        let audit = continuity::audit(&self.store, &self.logs).await?;
        for finding in &audit.findings {
            tracing::error!(finding.place, finding.what, "it is not as it was written");
        }
        if audit.findings.is_empty() {
            for (log, note) in notes {
                let signature = self.key.cosign(&self.verifier_key, &note, now).await?;
                let note = note.with_signature(signature).to_string();
                let stamp = self.stamp(&note).await;
                let key = self.verifier_key.to_string();
                let published = self.store.publish_audit(log, now, note, &key, stamp);
                published.await?;
            }
        }
        Ok(audit)
    }

    /// What it found whole is signed, stamped or not: where there is no stamp today there is one tomorrow.
    async fn stamp(&self, note: &str) -> Option<Vec<u8>> {
        let stamped = self.authority.as_ref()?.stamp(note.as_bytes()).await;
        stamped
            .inspect_err(|error| tracing::error!(%error, "no time-stamp"))
            .ok()
    }
}
