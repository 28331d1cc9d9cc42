//! Cosignatures of witnesses (C2SP tlog-witness), asked for before a checkpoint is kept and served.
//!
//! Each may be missing: a witness that does not answer holds nobody up for longer than a second, and is asked again until the
//! checkpoint has its cosignature, and again when that is old. One that cosigned another history stops the log: then one of the two is a fork.

use std::str::FromStr;
use std::time::Duration;

use futures_util::future::try_join_all;
use ledger::{AddCheckpoint, Answer, Checkpoint, Note, ProofPlan, SignatureType, VerifierKey};
use reqwest::header::CONTENT_TYPE;
use storage::Log;

use crate::{Failure, Sequencer};

/// How long a witness is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How old a cosignature gets: whoever sees a fresh one knows that nothing newer was held back before it (ledger.md §1.8).
const HEARTBEAT: u64 = 10 * 60;
/// Longest answer that is read: a few signature lines.
const LONGEST: usize = 64 * 1024;

/// The witnesses that are asked. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Witnesses {
    client: reqwest::Client,
    witnesses: Vec<Witness>,
}

#[derive(Debug, Clone)]
struct Witness {
    key: VerifierKey,
    /// `<submission prefix>/add-checkpoint`.
    url: String,
}

impl Witnesses {
    /// As `WITNESSES` names them: `<verifier key> <submission prefix>` of each, with commas or line ends between them. None where it
    /// is not set.
    ///
    /// # Errors
    /// A sentence naming what is wrong.
    pub fn from_env() -> Result<Self, String> {
        let text = std::env::var("WITNESSES").unwrap_or_default();
        text.parse()
            .map_err(|error| format!("`WITNESSES`: {error}"))
    }
}

impl FromStr for Witnesses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lines = text.split([',', '\n']).map(str::trim);
        let witnesses = lines.filter(|line| !line.is_empty()).map(str::parse);
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Ok(Self {
            client: client.map_err(|error| error.to_string())?,
            witnesses: witnesses.collect::<Result<_, _>>()?,
        })
    }
}

impl FromStr for Witness {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (key, prefix) = line
            .split_once(' ')
            .ok_or_else(|| format!("expected `<verifier key> <URL>`, found `{line}`"))?;
        let key = VerifierKey::from_str(key).map_err(|error| error.to_string())?;
        if key.signs() != SignatureType::CosignatureV1 {
            return Err(format!("expected a key that cosigns, found `{key}`"));
        }
        let prefix = prefix.trim().trim_end_matches('/');
        let url = format!("{prefix}/add-checkpoint");
        Ok(Self { key, url })
    }
}

impl Sequencer {
    /// A checkpoint with the cosignatures that it lacks or that are old, of those witnesses that gave them. `known` is the size that they
    /// probably cosigned last.
    ///
    /// # Errors
    /// [`Failure::Fork`] where a witness cosigned another history, and [`Failure::Fault`] where it cosigned more than the log has.
    pub(crate) async fn cosigned(&self, log: Log, known: u64, note: Note) -> Result<Note, Failure> {
        let size = Checkpoint::from_str(note.text())?.size();
        let now = u64::try_from(web::now().as_millisecond() / 1_000).unwrap_or_default();
        let lacking = self.witnesses.witnesses.iter().filter(|witness| {
            let signed = note.signed_by(&witness.key).ok().flatten();
            let at = signed.and_then(|signed| signed.timestamp);
            at.is_none_or(|at| at.saturating_add(HEARTBEAT) < now)
        });
        let asked = lacking.map(async |witness| {
            let answer = self.ask(log, witness, known, size, &note).await?;
            Ok::<_, Failure>((witness.key.name(), answer))
        });
        let mut cosigned = note.clone();
        for (witness, answer) in try_join_all(asked).await? {
            match answer {
                Answer::Cosigned(line) => cosigned = cosigned.with_signature(line),
                Answer::Fork => {
                    let witness = witness.to_owned();
                    return Err(Failure::Fork { log, witness, size });
                }
                Answer::StandsAt(further) => {
                    self.not_put_back(log, further).await?;
                    tracing::warn!(%log, witness, size, further, "no cosignature");
                }
                Answer::Nothing(why) => tracing::warn!(%log, witness, size, why, "no cosignature"),
            }
        }
        Ok(cosigned)
    }

    /// Asks from where the witness should stand, and then once from where it says that it does.
    async fn ask(
        &self,
        log: Log,
        witness: &Witness,
        known: u64,
        size: u64,
        note: &Note,
    ) -> Result<Answer, Failure> {
        let mut old = known;
        let mut answer = Answer::StandsAt(known);
        for _ in 0..2 {
            let plan = ProofPlan::consistency(old, size)?;
            let tiles = self.store.log_tiles(log, plan.tiles()).await?;
            let asked = AddCheckpoint {
                old,
                proof: plan.prove(&tiles)?,
                checkpoint: note.clone(),
            };
            answer = self.witnesses.sent(witness, &asked).await;
            match answer {
                Answer::StandsAt(there) if there <= size => old = there,
                _ => break,
            }
        }
        Ok(answer)
    }
}

impl Witnesses {
    async fn sent(&self, witness: &Witness, asked: &AddCheckpoint) -> Answer {
        match self.answer(witness, asked).await {
            Ok(answer) => answer,
            Err(error) => Answer::Nothing(error.without_url().to_string()),
        }
    }

    async fn answer(
        &self,
        witness: &Witness,
        asked: &AddCheckpoint,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(&witness.url).body(asked.to_string());
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let media_type = response.headers().get(CONTENT_TYPE).cloned();
        let media_type = media_type.as_ref().and_then(|it| it.to_str().ok());
        let mut body = Vec::new();
        while let Some(more) = response.chunk().await? {
            body.extend_from_slice(&more);
            if body.len() > LONGEST {
                return Ok(Answer::Nothing("an answer that is too long".to_owned()));
            }
        }
        let body = String::from_utf8_lossy(&body);
        Ok(Answer::read(
            asked,
            &witness.key,
            (status, media_type, &body),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "witness1.example+d0089c06+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

    #[test]
    fn witnesses_are_named_by_key_and_address() {
        let two = format!("{KEY} https://one.example/,\n {KEY}  http://two.example/prefix\n");
        let read = Witnesses::from_str(&two).unwrap().witnesses;
        let urls: Vec<&str> = read.iter().map(|witness| witness.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://one.example/add-checkpoint",
                "http://two.example/prefix/add-checkpoint"
            ]
        );
        assert!(Witnesses::from_str("").unwrap().witnesses.is_empty());
        let log = "ledger.example.eu/log+116d4013+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
        for wrong in [
            KEY.to_owned(),
            format!("{log} https://one.example"),
            format!("{KEY}x https://one.example"),
            format!("https://one.example {KEY}"),
        ] {
            assert!(Witnesses::from_str(&wrong).is_err(), "{wrong}");
        }
    }
}
