//! A witness of Merkle logs (C2SP tlog-witness v1.0.0): it cosigns a checkpoint that grew from the one it cosigned last, and no other.
//! It stands in an account of its own, so that whoever runs a log cannot make it forget.

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledger::{AddCheckpoint, KeyError, NoteSignature, Refusal, SignatureType, VerifierKey};
use storage::{SigningKey, StoreError, WitnessMemory};

/// Longest request: a proof of 63 hashes takes 3 KB, the rest is for signatures.
const LONGEST: usize = 64 * 1024;

/// What the function works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Witness {
    memory: WitnessMemory,
    key: Arc<SigningKey>,
    verifier_key: VerifierKey,
    logs: Arc<[VerifierKey]>,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Malformed(String),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Witness {
    /// A witness of this name, of the logs whose keys are these: several of one origin while a key is changed.
    ///
    /// # Errors
    /// [`KeyError`] for a name that cannot stand in a note.
    pub fn new(
        name: &str,
        key: Arc<SigningKey>,
        memory: WitnessMemory,
        logs: Vec<VerifierKey>,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            verifier_key: VerifierKey::new(name, SignatureType::CosignatureV1, key.public())?,
            memory,
            key,
            logs: logs.into(),
        })
    }

    /// As the environment describes it: `WITNESS_NAME`, `WITNESS_TABLE`, `LOG_KEY_ID` (the key it cosigns with), and `LOGS`, the
    /// verifier keys of the logs it knows, with spaces between them.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let name = web::env("WITNESS_NAME")?;
        let logs = web::env("LOGS")?;
        let logs: Result<_, _> = logs.split_whitespace().map(VerifierKey::from_str).collect();
        let logs = logs.map_err(|error| format!("`LOGS`: {error}"))?;
        let sentence = |error: StoreError| error.to_string();
        let key = SigningKey::from_env("LOG_KEY").await.map_err(sentence)?;
        let memory = WitnessMemory::from_env().await.map_err(sentence)?;
        Self::new(&name, Arc::new(key), memory, logs)
            .map_err(|error| format!("`WITNESS_NAME`: {error}"))
    }

    /// What its cosignatures verify with.
    #[must_use]
    pub const fn verifier_key(&self) -> &VerifierKey {
        &self.verifier_key
    }

    /// The cosignature of a request's checkpoint. The MUSTs of tlog-witness v1.0.0, in their order:
    ///
    /// 1. what is no request is answered 400
    /// 2. a log that is not known 404, one whose keys did not sign 403, an old size above the new one 400
    /// 3. an old size that is not the one cosigned last 409, with that; the same size with another root 409; a proof that does
    ///    not hold 422
    /// 4. what is cosigned is written first, if it still follows what was read: else 409, as if asked a moment later
    /// 5. the cosignature is the answer
    async fn add_checkpoint(&self, body: &str) -> Result<NoteSignature, Failure> {
        // 1
        let request = AddCheckpoint::from_str(body);
        let request = request.map_err(|error| Failure::Malformed(error.to_string()))?;
        let note = request.checkpoint.clone();
        // 2
        let submitted = request.open(&self.logs)?;
        let origin = submitted.checkpoint().origin();
        // 3
        let last = self.memory.last(origin).await?;
        let next = submitted.after(&last).inspect_err(|refusal| {
            if refusal.is_fork() {
                // The log's own signature under it: whoever reads this can prove what it did.
                tracing::error!(%origin, %refusal, %note, "a log showed a fork");
            }
        })?;
        // 4
        if next != last && !self.memory.remember(origin, &last, &next).await? {
            let size = self.memory.last(origin).await?.size;
            return Err(Refusal::Elsewhere { size }.into());
        }
        // 5
        let cosignature = self.key.cosign(&self.verifier_key, &note, web::now());
        let cosignature = cosignature.await?;
        tracing::info!(%origin, next.size, "cosigned");
        Ok(cosignature)
    }
}

/// `POST /add-checkpoint`, and `GET /key`: what the cosignatures verify with.
pub fn router(witness: Witness) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/key", get(key))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Witness>, body: String) -> Response {
    match witness.add_checkpoint(&body).await {
        Ok(cosignature) => format!("{cosignature}\n").into_response(),
        Err(failure) => failure.into_response(),
    }
}

async fn key(State(witness): State<Witness>) -> String {
    format!("{}\n", witness.verifier_key)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let sentence = format!("{self}\n");
        match self {
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, sentence).into_response(),
            Self::Refused(refusal) => {
                let status = StatusCode::from_u16(refusal.status());
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                match refusal.size_line() {
                    Some(size) => {
                        (status, [(CONTENT_TYPE, Refusal::SIZE_TYPE)], size).into_response()
                    }
                    None => (status, sentence).into_response(),
                }
            }
            // What failed here is for our log alone.
            Self::Store(_) => {
                tracing::error!(error = sentence, "not cosigned");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}
