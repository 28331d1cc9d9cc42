//! Commitments: a part's hash with every value salted, so that an unchanged class shows no change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{NotCanonical, canonical};
use crate::disclosure::{Salt, digest, disclose};
use crate::id::Sha256;

/// The salts of a part, by the JSON Pointer of each attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartSalts(BTreeMap<String, Salt>);

impl PartSalts {
    /// Forgets the salt of an attribute.
    pub fn forget(&mut self, pointer: &str) {
        self.0.remove(pointer);
    }

    /// The salts.
    #[must_use]
    pub const fn salts(&self) -> &BTreeMap<String, Salt> {
        &self.0
    }

    /// Salts for the attributes that are `present` now: kept where the attribute stayed as it was, drawn anew where it
    /// changed or came.
    #[must_use]
    pub fn renew<'a>(
        &self,
        present: impl Iterator<Item = &'a str>,
        changed: impl Fn(&str) -> bool,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Self {
        Self(
            present
                .map(|pointer| {
                    let kept = self.0.get(pointer).filter(|_| !changed(pointer));
                    let salt = kept.copied().unwrap_or_else(|| {
                        let mut bytes = [0; 16];
                        random(&mut bytes);
                        Salt(bytes)
                    });
                    (pointer.to_owned(), salt)
                })
                .collect(),
        )
    }
}

/// A part cannot be committed to.
#[derive(Debug, thiserror::Error)]
pub enum CommitmentError {
    /// A value holds a number that would be rounded.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// An attribute has no salt.
    #[error("`{0}` has no salt")]
    Unsalted(String),
}

/// SHA-256(JCS of the part with every attribute replaced by its salted digest).
///
/// # Errors
/// Where an attribute has no salt, or a number would be rounded.
pub fn commitment(
    attributes: &BTreeMap<String, Value>,
    salts: &BTreeMap<String, Salt>,
) -> Result<Sha256, CommitmentError> {
    Ok(commitment_of(&digests(attributes, salts)?)?)
}

/// The commitment of a part whose attributes have these salted digests.
///
/// # Errors
/// None: digests are texts.
pub fn commitment_of(digests: &BTreeMap<String, String>) -> Result<Sha256, NotCanonical> {
    Ok(Sha256::of(&canonical(&json!(digests))?))
}

/// The salted digest of each attribute of a part: what its commitment is made of. They tell nothing of the values without the salts.
///
/// # Errors
/// As [`commitment`].
pub fn digests(
    attributes: &BTreeMap<String, Value>,
    salts: &BTreeMap<String, Salt>,
) -> Result<BTreeMap<String, String>, CommitmentError> {
    let digests = attributes.iter().map(|(pointer, value)| {
        let salt = salts.get(pointer);
        let salt = salt.ok_or_else(|| CommitmentError::Unsalted(pointer.clone()))?;
        Ok((pointer.clone(), digest(&disclose(salt, pointer, value)?)))
    });
    digests.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::tests::random;
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    fn counter() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |buffer| {
            next += 1;
            buffer.fill(next);
        }
    }

    #[test]
    fn an_unchanged_attribute_keeps_its_salt() {
        let mut random = counter();
        let first = PartSalts::default().renew(["/a", "/b"].into_iter(), |_| true, &mut random);
        let second = first.renew(
            ["/a", "/b", "/c"].into_iter(),
            |pointer| pointer == "/b",
            &mut random,
        );
        assert_eq!(first.salts()["/a"], second.salts()["/a"]);
        assert_ne!(first.salts()["/b"], second.salts()["/b"]);
        assert!(second.salts().contains_key("/c"));
    }

    #[test]
    fn an_attribute_without_salt_is_named() {
        let part = BTreeMap::from([("/a".to_owned(), json!(1))]);
        let refused = commitment(&part, &BTreeMap::new()).unwrap_err();
        assert_eq!(refused.to_string(), "`/a` has no salt");
    }

    #[test]
    fn salts_read_back() {
        let salts = PartSalts::default().renew(["/a", "/b"].into_iter(), |_| true, &mut counter());
        let text = serde_json::to_string(&salts).unwrap();
        assert_eq!(serde_json::from_str::<PartSalts>(&text).unwrap(), salts);
        assert!(serde_json::from_str::<PartSalts>(r#"{"/a": "AQEB"}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_other_value_has_another_commitment(one: i32, other: i32) {
            let salts = PartSalts::default().renew(["/a"].into_iter(), |_| true, &mut counter());
            let commit = |value: i32| {
                let value = json!(value);
                commitment(&BTreeMap::from([("/a".to_owned(), value)]), salts.salts()).unwrap()
            };
            prop_assert_eq!(commit(one) == commit(other), one == other);
        }

        #[test]
        fn a_commitment_moves_exactly_when_the_part_does(
            before in btree_map("/[a-d]", 0..3_i32, 0..4),
            after in btree_map("/[a-d]", 0..3_i32, 0..4),
        ) {
            let mut random = random();
            let part = |values: &BTreeMap<String, i32>| -> BTreeMap<String, Value> {
                values.iter().map(|(pointer, value)| (pointer.clone(), json!(value))).collect()
            };
            let pointers = |values: &BTreeMap<String, i32>| -> Vec<String> {
                values.keys().cloned().collect()
            };
            let old = PartSalts::default().renew(
                pointers(&before).iter().map(String::as_str), |_| true, &mut random,
            );
            let new = old.renew(
                pointers(&after).iter().map(String::as_str),
                |pointer| before.get(pointer) != after.get(pointer),
                &mut random,
            );
            let one = commitment(&part(&before), old.salts()).unwrap();
            let other = commitment(&part(&after), new.salts()).unwrap();
            prop_assert_eq!(one == other, before == after);
        }

        #[test]
        fn without_the_salt_a_commitment_cannot_be_guessed(value: i32, salt: [u8; 16], guess: [u8; 16]) {
            prop_assume!(salt != guess);
            let part = BTreeMap::from([("/a".to_owned(), json!(value))]);
            let commit = |salt| commitment(&part, &BTreeMap::from([("/a".to_owned(), Salt(salt))])).unwrap();
            prop_assert_ne!(commit(salt), commit(guess));
        }
    }
}
