//! What of the keys and of evidence goes along to another platform: wrapped and sealed by keys that open nothing here.

use std::collections::BTreeMap;

use crate::sealing::{DataKey, KEY_BYTES, KeyItem, KeyVault, fill_random};
use crate::store::{decode, encode};
use crate::stored::{ObjectHeaders, StoredItem, StoredObject};
use crate::{Evidence, EvidenceError, Store, StoreError, Subject};

/// The keys of somebody who moves to another platform.
///
/// The keys of its subjects are unwrapped here and wrapped by a new one. What another organisation kept for itself of such a subject stays:
/// it goes along empty, as if an earlier key had sealed it, and what goes along as if the key after that had. Evidence is sealed anew: that of whoever moves under its own
/// key, that of others under new ones, since theirs open what stays here.
pub struct Moving<'s> {
    store: &'s Store,
    organisation: &'s str,
    secret: [u8; KEY_BYTES],
    vault: KeyVault,
    others: BTreeMap<String, [u8; KEY_BYTES]>,
}

impl<'s> Moving<'s> {
    /// With a new key from the random source.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that does not answer.
    pub fn new(store: &'s Store, organisation: &'s str) -> Result<Self, StoreError> {
        let mut secret = [0; KEY_BYTES];
        fill_random(&mut secret)?;
        Ok(Self {
            store,
            organisation,
            secret,
            vault: KeyVault::of(&secret)?,
            others: BTreeMap::new(),
        })
    }

    /// What wraps the keys that go along: the other platform's key file.
    #[must_use]
    pub const fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// A subject's key, wrapped anew; where something of the subject stays, as the key after it.
    ///
    /// # Errors
    /// [`StoreError`] where it does not open.
    pub async fn key(
        &self,
        item: StoredItem,
        something_stays: bool,
    ) -> Result<StoredItem, StoreError> {
        let mut item: KeyItem = decode(item.into_item())?;
        let subject: Subject = item.pk.parse().map_err(StoreError::damaged)?;
        let vault = self.store.vault();
        let bytes = vault.unwrap_bytes(&subject, &item.wrapped).await?;
        item.wrapped = self.vault.wrap(&subject, &bytes).await?;
        item.number += u32::from(something_stays);
        Ok(StoredItem::new(encode(&item)?))
    }

    /// The object of a confirmed piece of evidence, with its name.
    ///
    /// # Errors
    /// [`EvidenceError`] where it is not what was confirmed.
    pub async fn evidence(
        &mut self,
        evidence: &Evidence,
    ) -> Result<(String, StoredObject), EvidenceError> {
        let bytes = self.store.evidence_bytes(evidence).await?;
        let key = self.key_of(&evidence.organisation).await?;
        let (name, bytes) = evidence.locked(&key, bytes)?;
        let headers = ObjectHeaders {
            content_type: Some(evidence.media_type.clone()),
            ..ObjectHeaders::default()
        };
        Ok((name, StoredObject { headers, bytes }))
    }

    /// The new keys of others whose evidence goes along.
    ///
    /// # Errors
    /// [`StoreError`] where one cannot be wrapped.
    pub async fn keys_of_others(&self) -> Result<Vec<StoredItem>, StoreError> {
        let mut items = Vec::new();
        for (organisation, bytes) in &self.others {
            let subject = Subject::Organisation(organisation.clone());
            let wrapped = self.vault.wrap(&subject, bytes).await?;
            let item = KeyItem::first(&subject, wrapped);
            items.push(StoredItem::new(encode(&item)?));
        }
        Ok(items)
    }

    async fn key_of(&mut self, organisation: &str) -> Result<DataKey, EvidenceError> {
        let bytes = if organisation == self.organisation {
            let subject = Subject::Organisation(organisation.to_owned());
            self.store.key_bytes(&subject).await?
        } else if let Some(made) = self.others.get(organisation) {
            made.to_vec()
        } else {
            let mut new = [0; KEY_BYTES];
            fill_random(&mut new)?;
            self.others.insert(organisation.to_owned(), new);
            new.to_vec()
        };
        let damaged = || StoreError::damaged("a data key has the wrong size");
        Ok(DataKey::new(&bytes).ok_or_else(damaged)?)
    }
}
