//! The Merkle tree of RFC 6962 §2.1: the right edge a log grows from, and the two proofs.

use serde::{Deserialize, Serialize};

use crate::id::Sha256;

/// The largest tree: Go's tools, and others, count leaves in 63 bits.
pub const LARGEST_SIZE: u64 = u64::MAX >> 1;

/// A tree's complete subtrees, largest first: all that is needed to know its root and to let it grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Sha256>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    size: u64,
    subtrees: Vec<Sha256>,
}

/// A size and subtrees that are not of one tree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a tree of {size} leaves has {expected} complete subtrees, found {found}")]
pub struct NotAFrontier {
    size: u64,
    expected: usize,
    found: usize,
}

impl TryFrom<Stored> for Frontier {
    type Error = NotAFrontier;

    fn try_from(stored: Stored) -> Result<Self, NotAFrontier> {
        Self::from_subtrees(stored.size, stored.subtrees)
    }
}

impl Frontier {
    /// A tree of `size` leaves has one complete subtree for each one bit of its size.
    pub(crate) fn from_subtrees(size: u64, subtrees: Vec<Sha256>) -> Result<Self, NotAFrontier> {
        let expected = usize::try_from(size.count_ones()).unwrap_or(usize::MAX);
        if subtrees.len() == expected && size <= LARGEST_SIZE {
            return Ok(Self { size, subtrees });
        }
        let found = subtrees.len();
        Err(NotAFrontier {
            size,
            expected,
            found,
        })
    }

    /// Adds the hash of the next leaf.
    pub fn push(&mut self, leaf: Sha256) {
        let mut subtree = leaf;
        // Each trailing one bit is a subtree that, with what came so far, completes the next larger one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                subtree = Sha256::of_node(&left, &subtree);
            }
        }
        self.subtrees.push(subtree);
        self.size += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root hash; that of no leaves is SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        root_of_subtrees(&self.subtrees)
    }
}

/// The root over complete subtrees, each smaller than the one before.
pub(crate) fn root_of_subtrees(subtrees: &[Sha256]) -> Sha256 {
    match subtrees.split_last() {
        None => Sha256::of(b""),
        Some((last, larger)) => larger
            .iter()
            .rfold(*last, |right, left| Sha256::of_node(left, &right)),
    }
}

/// The root of a complete subtree, from its lowest row: 1, 2, 4, 8 ... hashes.
pub(crate) fn root_of_row(row: &[Sha256]) -> Sha256 {
    let mut row = row.to_vec();
    while row.len() > 1 {
        let pairs = row.as_chunks::<2>().0;
        row = pairs
            .iter()
            .map(|[left, right]| Sha256::of_node(left, right))
            .collect();
    }
    root_of_subtrees(&row)
}

/// Why a proof does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// There is no such leaf.
    #[error("a tree of {size} leaves has none at index {index}")]
    NoSuchLeaf {
        /// Which was asked for, from 0.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The tree would have lost leaves.
    #[error("a tree of {old} leaves cannot have become one of {new}")]
    Shrunk {
        /// Leaves before.
        old: u64,
        /// Leaves after.
        new: u64,
    },
    /// The sizes say how many hashes a proof has.
    #[error("expected a proof of {expected} hashes, found {found}")]
    Length {
        /// How many it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The proof leads elsewhere.
    #[error(
        "expected the root {expected} of the tree of {size} leaves, the proof leads to {found}"
    )]
    Root {
        /// Leaves of the tree.
        size: u64,
        /// The root it is known by.
        expected: Sha256,
        /// The root the proof leads to.
        found: Sha256,
    },
}

/// Checks that a leaf is at that index, from 0, of a tree (RFC 6962 §2.1.1, RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError`] if it is not proved.
pub fn verify_inclusion(
    leaf: &Sha256,
    index: u64,
    size: u64,
    root: &Sha256,
    proof: &[Sha256],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchLeaf { index, size });
    }
    let (inner, border) = path_length(index, size);
    check_length(inner + border, proof)?;
    let (inner, border) = proof.split_at_checked(inner).unwrap_or((proof, &[]));
    let subtree = climb(*leaf, index, inner);
    check_root(size, root, climb_border(subtree, border))
}

/// Checks that a tree only grew from one to the other (RFC 6962 §2.1.2, RFC 9162 §2.1.4.2).
///
/// Every tree grew from the empty one; the proof of that, and of no growth, is empty.
///
/// # Errors
/// [`ProofError`] if it is not proved.
pub fn verify_consistency(
    (old_size, old_root): (u64, &Sha256),
    (new_size, new_root): (u64, &Sha256),
    proof: &[Sha256],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::Shrunk {
            old: old_size,
            new: new_size,
        });
    }
    if old_size == 0 || old_size == new_size {
        check_length(0, proof)?;
        let known = if old_size == 0 {
            Sha256::of(b"")
        } else {
            *new_root
        };
        return check_root(old_size, old_root, known);
    }
    // The proof begins at the smallest complete subtree of the old tree; is that the whole old tree, its hash is known.
    let begins_at = old_size.trailing_zeros();
    let index = (old_size - 1) >> begins_at;
    let (inner, border) = path_length(index, ((new_size - 1) >> begins_at) + 1);
    let (first, rest) = match (index, proof.split_first()) {
        (0, _) => (old_root, proof),
        (_, Some(parts)) => parts,
        (_, None) => return check_length(1 + inner + border, proof),
    };
    check_length(inner + border + proof.len() - rest.len(), proof)?;
    let (inner, border) = rest.split_at_checked(inner).unwrap_or((rest, &[]));
    let old = climb_border(climb_left(*first, index, inner), border);
    check_root(old_size, old_root, old)?;
    let new = climb_border(climb(*first, index, inner), border);
    check_root(new_size, new_root, new)
}

/// How many hashes lead from a leaf to the root: up to where it meets the way of the last leaf, and from there along the
/// right border, where there is a sibling only on the left.
fn path_length(index: u64, size: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ size.saturating_sub(1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    let count = |bits: u32| usize::try_from(bits).unwrap_or(usize::MAX);
    (count(inner), count(border))
}

/// Up through siblings on either side.
fn climb(from: Sha256, index: u64, siblings: &[Sha256]) -> Sha256 {
    let step = |node, (height, sibling): (usize, &Sha256)| match is_right(index, height) {
        true => Sha256::of_node(sibling, &node),
        false => Sha256::of_node(&node, sibling),
    };
    siblings.iter().enumerate().fold(from, step)
}

/// Up through siblings on the left: those on the right were not there when the tree was smaller.
fn climb_left(from: Sha256, index: u64, siblings: &[Sha256]) -> Sha256 {
    let step = |node, (height, sibling): (usize, &Sha256)| match is_right(index, height) {
        true => Sha256::of_node(sibling, &node),
        false => node,
    };
    siblings.iter().enumerate().fold(from, step)
}

fn climb_border(from: Sha256, siblings: &[Sha256]) -> Sha256 {
    siblings
        .iter()
        .fold(from, |node, sibling| Sha256::of_node(sibling, &node))
}

fn is_right(index: u64, height: usize) -> bool {
    index >> height & 1 == 1
}

fn check_length(expected: usize, proof: &[Sha256]) -> Result<(), ProofError> {
    let found = proof.len();
    if found == expected {
        Ok(())
    } else {
        Err(ProofError::Length { expected, found })
    }
}

fn check_root(size: u64, expected: &Sha256, found: Sha256) -> Result<(), ProofError> {
    if found == *expected {
        return Ok(());
    }
    Err(ProofError::Root {
        size,
        expected: *expected,
        found,
    })
}

#[cfg(test)]
mod tests;
