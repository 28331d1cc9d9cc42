//! Keys that sign, a log's checkpoints or for an operator: Ed25519, in KMS or in a file on a developer's machine.

use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};

use ledger::{Cosignature, Note, NoteSignature, Timestamp, VerifierKey};

use crate::StoreError;
use crate::sealing::key_file;
use crate::store::required;

/// Bytes of an Ed25519 public key; the last ones of its DER form (RFC 8410).
const PUBLIC_KEY: usize = 32;

/// A key that signs.
pub struct SigningKey {
    signer: Signer,
    public: [u8; PUBLIC_KEY],
}

enum Signer {
    /// A KMS key (`ECC_NIST_EDWARDS25519`).
    Kms {
        client: aws_sdk_kms::Client,
        key_id: String,
    },
    /// A local key file.
    Local(Box<Ed25519KeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

impl SigningKey {
    /// With a KMS key by its id, ARN or alias. What is signed is signed with the very key whose public half this has, wherever the alias
    /// leads later.
    ///
    /// # Errors
    /// [`StoreError`] where KMS does not answer or the key is no Ed25519 key.
    pub async fn kms(client: aws_sdk_kms::Client, key_id: String) -> Result<Self, StoreError> {
        let answer = client.get_public_key().key_id(&key_id).send().await;
        let answer = answer.map_err(StoreError::unavailable)?;
        let der = answer.public_key.map(Blob::into_inner).unwrap_or_default();
        let public = der.last_chunk().copied();
        let key_id = answer.key_id.unwrap_or(key_id);
        Ok(Self {
            signer: Signer::Kms { client, key_id },
            public: public.ok_or_else(|| StoreError::damaged("a public key that is too short"))?,
        })
    }

    /// With the seed of 32 bytes in `path`, made on first use.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where the file cannot be read or made, or has another size.
    pub fn file(path: &Path) -> Result<Self, StoreError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&key_file(path)?);
        let pair = pair.map_err(|_| StoreError::damaged("a key file"))?;
        let public = pair.public_key().as_ref().try_into();
        Ok(Self {
            public: public.map_err(StoreError::damaged)?,
            signer: Signer::Local(Box::new(pair)),
        })
    }

    /// As the environment says: `<name>_ID` names a KMS key, or `<name>_FILE` a file on a developer's machine.
    ///
    /// # Errors
    /// [`StoreError`] where neither does, or the key cannot be had.
    pub async fn from_env(name: &str) -> Result<Self, StoreError> {
        let (id, file) = (format!("{name}_ID"), format!("{name}_FILE"));
        match (std::env::var(&id), std::env::var(file)) {
            (Ok(key_id), _) => {
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
                Self::kms(aws_sdk_kms::Client::new(&config), key_id).await
            }
            (_, Ok(file)) => Self::file(file.as_ref()),
            _ => Err(StoreError::Misconfigured(format!("`{id}` is not set"))),
        }
    }

    /// The public key.
    #[must_use]
    pub const fn public(&self) -> &[u8; PUBLIC_KEY] {
        &self.public
    }

    /// Cosigns a checkpoint (C2SP tlog-cosignature), as `own`, whose key this is.
    ///
    /// # Errors
    /// [`StoreError`] where KMS does not answer, or answers with what is no signature.
    pub async fn cosign(
        &self,
        own: &VerifierKey,
        checkpoint: &Note,
        now: Timestamp,
    ) -> Result<NoteSignature, StoreError> {
        let timestamp = now.as_second().unsigned_abs();
        let message = Cosignature::message(timestamp, checkpoint.text());
        let signature = self.sign(&message).await?;
        let no_signature = || StoreError::damaged("the key gave no signature that verifies");
        let cosignature = Cosignature {
            timestamp,
            signature: signature.try_into().map_err(|_| no_signature())?,
        };
        let line = NoteSignature::cosignature(own, &cosignature);
        // What does not verify here verifies nowhere.
        let cosigned = checkpoint.clone().with_signature(line.clone());
        match cosigned.signed_by(own) {
            Ok(Some(_)) => Ok(line),
            _ => Err(no_signature()),
        }
    }

    /// Signs a message of at most 4,096 bytes: pure Ed25519 (RFC 8032 §5.1).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where KMS does not answer.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, StoreError> {
        match &self.signer {
            Signer::Kms { client, key_id } => {
                let answer = client
                    .sign()
                    .key_id(key_id)
                    .message(Blob::new(message))
                    .message_type(MessageType::Raw)
                    .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
                    .send()
                    .await
                    .map_err(StoreError::unavailable)?;
                answer.signature.map(Blob::into_inner).ok_or_else(|| {
                    StoreError::Unavailable("the key service sent no signature".to_owned())
                })
            }
            Signer::Local(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// Where the keys are that sign for operators, one each.
#[derive(Debug, Clone)]
pub enum OperatorKeys {
    /// In KMS, as `alias/<prefix>-view-<organisation>`.
    Kms {
        /// The key service.
        client: aws_sdk_kms::Client,
        /// The tables' prefix.
        prefix: String,
    },
    /// On a developer's machine: a file each, made on first use.
    Folder(PathBuf),
}

impl OperatorKeys {
    /// As the environment says: in KMS, by `TABLE_PREFIX`, or in the folder `OPERATOR_KEY_FOLDER` on a developer's machine.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where neither is set.
    pub async fn from_env() -> Result<Self, StoreError> {
        if let Some(folder) = std::env::var_os("OPERATOR_KEY_FOLDER") {
            return Ok(Self::Folder(folder.into()));
        }
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Ok(Self::Kms {
            client: aws_sdk_kms::Client::new(&config),
            prefix: required("TABLE_PREFIX")?,
        })
    }

    /// The key that signs for an operator now.
    ///
    /// # Errors
    /// [`StoreError`] where there is none, or it cannot be had.
    pub async fn of(&self, organisation: &str) -> Result<SigningKey, StoreError> {
        match self {
            Self::Kms { client, prefix } => {
                let alias = format!("alias/{prefix}-view-{organisation}");
                SigningKey::kms(client.clone(), alias).await
            }
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| {
                    StoreError::Misconfigured(format!("operators' keys: {error}"))
                })?;
                SigningKey::file(&folder.join(organisation))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[tokio::test]
    async fn the_same_file_signs_for_the_same_public_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log-key");
        let (one, again) = (
            SigningKey::file(&path).unwrap(),
            SigningKey::file(&path).unwrap(),
        );
        assert_eq!(one.public(), again.public());
        let signature = one.sign(b"a checkpoint").await.unwrap();
        let key = UnparsedPublicKey::new(&ED25519, again.public());
        assert!(key.verify(b"a checkpoint", &signature).is_ok());
        assert!(key.verify(b"another", &signature).is_err());
    }
}
