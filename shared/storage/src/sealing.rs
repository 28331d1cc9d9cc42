//! Data keys: one per subject, wrapped by KMS (or by a key file on a developer's machine), never stored in the clear.
//!
//! Everything but class 1 is sealed with AES-256-GCM under its subject's key. Another key in its place erases all of it, while every
//! proof stays valid: what an earlier key sealed counts as absent.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_sdk_kms::primitives::Blob;
use serde::{Deserialize, Serialize};

use crate::change::{Guard, Row};
use crate::store::Item;
use crate::{Store, StoreError, Subject, Table};

pub(crate) const KEY_BYTES: usize = 32;
/// Keys held in the memory of one process; past that all are dropped and read again.
const CACHED_KEYS: usize = 10_000;
/// Format byte before what the first key of a subject sealed.
const OF_FIRST: u8 = 1;
/// Format byte before what a later key sealed; the key's number follows, big-endian.
const OF_LATER: u8 = 2;

/// Fills a buffer from the operating system's random source.
///
/// # Errors
/// [`StoreError::Unavailable`] where the source fails.
pub fn fill_random(buffer: &mut [u8]) -> Result<(), StoreError> {
    aws_lc_rs::rand::fill(buffer)
        .map_err(|_| StoreError::Unavailable("the random source did not answer".to_owned()))
}

/// Has something drawn from the operating system's random source as it is made, such as an event with its salts.
///
/// # Errors
/// As [`fill_random`]; what was made is dropped then.
pub(crate) fn with_random<T>(
    make: impl FnOnce(&mut dyn FnMut(&mut [u8])) -> T,
) -> Result<T, StoreError> {
    let mut failure = None;
    let made = make(&mut |buffer| {
        if let Err(error) = fill_random(buffer) {
            failure = Some(error);
        }
    });
    failure.map_or(Ok(made), Err)
}

/// What wraps data keys.
pub struct KeyVault {
    wrapper: Wrapper,
    cache: Mutex<HashMap<Subject, Arc<DataKey>>>,
}

enum Wrapper {
    /// AWS KMS, `Encrypt` and `Decrypt` with the subject as encryption context.
    Kms {
        client: aws_sdk_kms::Client,
        key_id: String,
    },
    /// A local key file.
    Local(Box<DataKey>),
    /// None: this function may read public parts only.
    Absent,
}

impl KeyVault {
    /// Keys wrapped by the KMS key `key_id`.
    #[must_use]
    pub fn kms(client: aws_sdk_kms::Client, key_id: String) -> Self {
        Self::over(Wrapper::Kms { client, key_id })
    }

    /// Keys wrapped by the 32 bytes in `path`, made on first use.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] where the file cannot be read or made, or has another size.
    pub fn file(path: &Path) -> Result<Self, StoreError> {
        Self::of(&key_file(path)?)
    }

    /// Keys wrapped by these 32 bytes.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, StoreError> {
        let key = DataKey::new(bytes).ok_or_else(|| StoreError::damaged("a key file"))?;
        Ok(Self::over(Wrapper::Local(Box::new(key))))
    }

    /// No keys: sealed parts stay closed.
    #[must_use]
    pub fn none() -> Self {
        Self::over(Wrapper::Absent)
    }

    fn over(wrapper: Wrapper) -> Self {
        Self {
            wrapper,
            cache: Mutex::default(),
        }
    }

    fn cached(&self, subject: &Subject) -> Option<Arc<DataKey>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(subject).cloned()
    }

    /// Forgets a key that another took the place of.
    pub(crate) fn forget_before(&self, subject: &Subject, number: u32) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.get(subject).is_some_and(|key| key.number < number) {
            cache.remove(subject);
        }
    }

    fn remember(&self, subject: &Subject, key: &Arc<DataKey>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED_KEYS {
            cache.clear();
        }
        cache.insert(subject.clone(), Arc::clone(key));
    }

    pub(crate) async fn wrap(
        &self,
        subject: &Subject,
        bytes: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        match &self.wrapper {
            Wrapper::Kms { client, key_id } => {
                let answer = client
                    .encrypt()
                    .key_id(key_id)
                    .plaintext(Blob::new(bytes))
                    .encryption_context("subject", subject.to_string())
                    .send()
                    .await
                    .map_err(StoreError::unavailable)?;
                answer.ciphertext_blob.map(Blob::into_inner).ok_or_else(|| {
                    StoreError::Unavailable("the key service sent no ciphertext".to_owned())
                })
            }
            Wrapper::Local(key) => key.seal(bytes, &subject.to_string()),
            Wrapper::Absent => Err(StoreError::NoKeys),
        }
    }

    pub(crate) async fn unwrap_bytes(
        &self,
        subject: &Subject,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        match &self.wrapper {
            Wrapper::Kms { client, key_id } => client
                .decrypt()
                .key_id(key_id)
                .ciphertext_blob(Blob::new(wrapped))
                .encryption_context("subject", subject.to_string())
                .send()
                .await
                .map_err(StoreError::unavailable)?
                .plaintext
                .map(Blob::into_inner)
                .ok_or_else(|| StoreError::Unavailable("the key service sent no key".to_owned())),
            Wrapper::Local(key) => key.open(wrapped, &subject.to_string()),
            Wrapper::Absent => Err(StoreError::NoKeys),
        }
    }

    async fn open_key(&self, subject: &Subject, item: &KeyItem) -> Result<DataKey, StoreError> {
        let bytes = self.unwrap_bytes(subject, &item.wrapped).await?;
        let key = DataKey::new(&bytes);
        let key = key.ok_or_else(|| StoreError::damaged("a data key has the wrong size"))?;
        Ok(key.numbered(item.number))
    }
}

/// The 32 bytes of a key file, made on first use.
///
/// # Errors
/// [`StoreError::Misconfigured`] where it cannot be read or made, or has another size.
pub(crate) fn key_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let fault = |what: String| StoreError::Misconfigured(format!("key file: {what}"));
    if !path.exists() {
        make_key_file(path).map_err(|error| fault(error.to_string()))?;
    }
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    match bytes.len() {
        KEY_BYTES => Ok(bytes),
        other => Err(fault(format!("{other} bytes found, {KEY_BYTES} expected"))),
    }
}

/// Makes a key file whole or not at all, for its owner's eyes only; where another process was faster, its key counts.
fn make_key_file(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0; KEY_BYTES];
    fill_random(&mut bytes).map_err(std::io::Error::other)?;
    let draft = path.with_extension(uuid::Uuid::new_v4().to_string());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&draft)?.write_all(&bytes)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// A subject's key in the clear, in memory only.
pub(crate) struct DataKey {
    /// Which of its subject's keys it is, from 1.
    pub(crate) number: u32,
    cipher: LessSafeKey,
    references: hmac::Key,
}

impl DataKey {
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).ok()?);
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"references");
        Some(Self {
            number: 1,
            cipher,
            references: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        })
    }

    fn numbered(self, number: u32) -> Self {
        Self { number, ..self }
    }

    /// A name that tells nobody who is meant, the same for the same person within one subject.
    pub(crate) fn reference(&self, name: &str) -> String {
        hex::encode(hmac::sign(&self.references, name.as_bytes()))
    }

    /// Seals `clear`, bound to `place` (the key of the item it will be stored in), as format byte, the key's number where it is
    /// not the first, nonce, ciphertext, tag.
    pub(crate) fn seal(&self, clear: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        fill_random(&mut nonce)?;
        let mut body = clear.to_vec();
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut body,
            )
            .map_err(|_| StoreError::damaged("sealing failed"))?;
        let number = self.number.to_be_bytes();
        let begins = match self.number {
            1 => vec![OF_FIRST],
            _ => [&[OF_LATER][..], &number].concat(),
        };
        Ok([&begins[..], &nonce, &body].concat())
    }

    /// What is sealed at `place`; `None` where an earlier key sealed it, since that one was erased.
    pub(crate) fn open_unless_erased(
        &self,
        sealed: &[u8],
        place: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match sealed_by(sealed) {
            Some((number, _)) if number < self.number => Ok(None),
            _ => self.open(sealed, place).map(Some),
        }
    }

    pub(crate) fn open(&self, sealed: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
        let fault =
            || StoreError::damaged(format!("the sealed content of `{place}` does not open"));
        let (number, rest) = sealed_by(sealed).ok_or_else(fault)?;
        if number > self.number {
            return Err(StoreError::Unavailable(format!(
                "the key of `{place}` was replaced meanwhile"
            )));
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(fault)?;
        let mut body = body.to_vec();
        let length = self
            .cipher
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place),
                &mut body,
            )
            .map_err(|_| fault())?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

/// What the key with this number sealed, as the key after it would have, were it the same; what an earlier one sealed is gone.
pub(crate) fn renumbered(sealed: &[u8], number: u32) -> Option<Vec<u8>> {
    let (of, rest) = sealed_by(sealed)?;
    Some(match of < number {
        true => gone(),
        false => [&[OF_LATER][..], &(number + 1).to_be_bytes(), rest].concat(),
    })
}

/// What counts as sealed by a key that is gone, and is nothing.
pub(crate) fn gone() -> Vec<u8> {
    vec![OF_FIRST]
}

/// Which key sealed this, and what follows that; `None` where it is nothing sealed.
fn sealed_by(sealed: &[u8]) -> Option<(u32, &[u8])> {
    let (begins, rest) = sealed.split_first()?;
    match *begins {
        OF_FIRST => Some((1, rest)),
        OF_LATER => {
            let (number, rest) = rest.split_first_chunk()?;
            let number = u32::from_be_bytes(*number);
            (number > 1).then_some((number, rest))
        }
        _ => None,
    }
}

const fn first() -> u32 {
    1
}

/// The stored form of a data key.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyItem {
    pub(crate) pk: String,
    v: u8,
    #[serde(default = "first")]
    pub(crate) number: u32,
    #[serde(with = "serde_bytes")]
    pub(crate) wrapped: Vec<u8>,
}

impl KeyItem {
    /// That of a subject's first key.
    pub(crate) fn first(subject: &Subject, wrapped: Vec<u8>) -> Self {
        Self {
            pk: subject.to_string(),
            v: 1,
            number: first(),
            wrapped,
        }
    }
}

/// A subject's key and, where it is new, the item that has to be written with the change that first uses it.
pub(crate) struct KeyForChange {
    pub(crate) key: Arc<DataKey>,
    pub(crate) new_item: Option<Item>,
    guard: Guard,
}

impl KeyForChange {
    /// The row of a new key.
    pub(crate) fn row(self) -> Option<Row> {
        self.new_item.map(|item| Row {
            table: Table::Keys,
            item,
            guard: self.guard,
        })
    }
}

impl Store {
    /// The key a subject's sealed parts open with; `None` once it was erased, or before anything was sealed.
    pub(crate) async fn data_key(
        &self,
        subject: &Subject,
    ) -> Result<Option<Arc<DataKey>>, StoreError> {
        if let Some(key) = self.vault().cached(subject) {
            return Ok(Some(key));
        }
        let Some(item) = self
            .get::<KeyItem>(Table::Keys, &subject.to_string(), None)
            .await?
        else {
            return Ok(None);
        };
        let key = Arc::new(self.vault().open_key(subject, &item).await?);
        self.vault().remember(subject, &key);
        Ok(Some(key))
    }

    /// A subject's key, unwrapped.
    pub(crate) async fn key_bytes(&self, subject: &Subject) -> Result<Vec<u8>, StoreError> {
        let place = subject.to_string();
        let item = self.get::<KeyItem>(Table::Keys, &place, None).await?;
        let item = item.ok_or(StoreError::NoKeys)?;
        self.vault().unwrap_bytes(subject, &item.wrapped).await
    }

    /// The name under which a person's acts stand in a subject's records: the same for the same person, and nobody's name.
    /// `None` before the subject's first change.
    ///
    /// # Errors
    /// [`StoreError`] where the table or the key service does not answer.
    pub async fn person_reference(
        &self,
        subject: &Subject,
        person: &str,
    ) -> Result<Option<String>, StoreError> {
        let key = self.data_key(subject).await?;
        Ok(key.map(|key| key.reference(person)))
    }

    /// The key for a change of the subject, made where there is none yet.
    pub(crate) async fn data_key_for_change(
        &self,
        subject: &Subject,
    ) -> Result<KeyForChange, StoreError> {
        if let Some(key) = self.data_key(subject).await? {
            return Ok(KeyForChange {
                key,
                new_item: None,
                guard: Guard::New,
            });
        }
        self.new_key(subject, 1, Guard::New).await
    }

    /// The key with this number, which takes the place of the one before: whatever that one sealed is erased with it. It is written
    /// together with the head that names it.
    pub(crate) async fn key_in_place(
        &self,
        subject: &Subject,
        number: u32,
    ) -> Result<KeyForChange, StoreError> {
        self.new_key(subject, number, Guard::Covered).await
    }

    async fn new_key(
        &self,
        subject: &Subject,
        number: u32,
        guard: Guard,
    ) -> Result<KeyForChange, StoreError> {
        let mut bytes = [0; KEY_BYTES];
        fill_random(&mut bytes)?;
        let wrapped = self.vault().wrap(subject, &bytes).await?;
        let key = DataKey::new(&bytes).ok_or_else(|| StoreError::damaged("a new data key"))?;
        let item = KeyItem {
            number,
            ..KeyItem::first(subject, wrapped)
        };
        Ok(KeyForChange {
            key: Arc::new(key.numbered(number)),
            new_item: Some(crate::store::encode(&item)?),
            guard,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_opens_with_the_next_number_and_what_stays_is_gone() {
        for number in [1, 2] {
            let sealed = key()
                .numbered(number)
                .seal(b"state of health", "here")
                .unwrap();
            let next = key().numbered(number + 1);
            let moved = renumbered(&sealed, number).unwrap();
            let opened = next.open_unless_erased(&moved, "here").unwrap();
            assert_eq!(opened.as_deref(), Some(&b"state of health"[..]));
            assert_eq!(next.open_unless_erased(&gone(), "here").unwrap(), None);
        }
        // Erased before it moved.
        let erased = key().seal(b"state of health", "here").unwrap();
        let moved = renumbered(&erased, 2).unwrap();
        assert_eq!(
            key()
                .numbered(3)
                .open_unless_erased(&moved, "here")
                .unwrap(),
            None
        );
        assert_eq!(renumbered(b"", 1), None);
    }

    fn key() -> DataKey {
        DataKey::new(&[7; KEY_BYTES]).unwrap()
    }

    #[test]
    fn sealed_content_opens_only_at_its_place() {
        let sealed = key().seal(b"state of health", "P#1|0#PART#4").unwrap();
        assert_eq!(
            key().open(&sealed, "P#1|0#PART#4").unwrap(),
            b"state of health"
        );
        assert!(key().open(&sealed, "P#2|0#PART#4").is_err());
    }

    #[test]
    fn a_key_file_is_made_once_by_however_many_at_once() {
        let folder = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("data-key");
        let sealed: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        let vault = KeyVault::file(&file).unwrap();
                        let Wrapper::Local(key) = vault.wrapper else {
                            panic!("a file makes a local vault");
                        };
                        key.seal(b"state of health", "here").unwrap()
                    })
                })
                .collect();
            makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect()
        });
        let key = DataKey::new(&std::fs::read(&file).unwrap()).unwrap();
        for sealed in sealed {
            assert_eq!(key.open(&sealed, "here").unwrap(), b"state of health");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_an_earlier_key_sealed_is_absent_and_what_a_later_one_sealed_is_not() {
        let second = DataKey::new(&[8; KEY_BYTES]).unwrap().numbered(2);
        let (early, late) = (
            key().seal(b"1", "here").unwrap(),
            second.seal(b"2", "here").unwrap(),
        );
        assert_eq!(second.open_unless_erased(&early, "here").unwrap(), None);
        assert_eq!(
            second.open_unless_erased(&late, "here").unwrap().unwrap(),
            b"2"
        );
        let refused = key().open_unless_erased(&late, "here").unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
        // Nobody makes what the first key sealed look as if an even earlier one had.
        for number in [0_u32, 1] {
            let lie = [&[OF_LATER][..], &number.to_be_bytes(), &early[1..]].concat();
            assert!(key().open_unless_erased(&lie, "here").is_err());
        }
    }

    #[test]
    fn any_flipped_byte_is_noticed() {
        let sealed = key().seal(b"state of health", "here").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key().open(&changed, "here").is_err(), "byte {position}");
        }
        assert!(key().open(&[], "here").is_err());
    }
}
