//! Roots of Merkle trees (RFC 6962 §2.1).

use crate::hash::Hash;

/// The root that a leaf and its audit path come to, as RFC 9162 §2.1.3.2 walks them; `None` where the path is not as long as
/// the tree is high.
pub(crate) fn root_of_inclusion(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    let (mut node, mut last) = (index, size.checked_sub(1)?);
    if node > last {
        return None;
    }
    let mut root = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = Hash::node(beside, &root);
            // The last node of a level that is alone in its pair moves up as it is.
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            root = Hash::node(&root, beside);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// The roots of the older and of the newer tree that a consistency proof comes to, as RFC 9162 §2.1.4.2 walks it; `None` where it
/// is not as long as the two trees ask for.
pub(crate) fn roots_of_consistency(
    (older, older_root): (u64, Hash),
    newer: u64,
    proof: &[Hash],
) -> Option<(Hash, Hash)> {
    if older == 0 || older >= newer {
        return None;
    }
    let mut proof = proof.iter().copied();
    // A perfect tree is a subtree of every later one: its root is not told again.
    let first = match older.is_power_of_two() {
        true => older_root,
        false => proof.next()?,
    };
    let (mut node, mut last) = (older.saturating_sub(1), newer.saturating_sub(1));
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let mut roots = (first, first);
    for beside in proof {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            roots = (Hash::node(&beside, &roots.0), Hash::node(&beside, &roots.1));
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            roots.1 = Hash::node(&roots.1, &beside);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(roots)
}

/// The right edge of a growing tree: the roots of its perfect subtrees, the highest first.
#[derive(Clone, Default)]
pub(crate) struct Edge(Vec<(u32, Hash)>);

impl Edge {
    /// Puts a perfect subtree of 2^height leaves to the right of what is there.
    pub(crate) fn push(&mut self, height: u32, hash: Hash) {
        let (mut height, mut hash) = (height, hash);
        while let Some((_, left)) = self.0.pop_if(|(beside, _)| *beside == height) {
            hash = Hash::node(&left, &hash);
            height = height.saturating_add(1);
        }
        self.0.push((height, hash));
    }

    /// The root of all of it.
    pub(crate) fn root(&self) -> Hash {
        let mut subtrees = self.0.iter().rev().map(|(_, hash)| *hash);
        match subtrees.next() {
            Some(last) => subtrees.fold(last, |right, left| Hash::node(&left, &right)),
            None => Hash::of(b""),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{growth, path, root};

    /// Leaves and roots that implementations of Certificate Transparency have in common.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut edge = Edge::default();
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(edge.root().to_string(), *expected, "size {size}");
            if let Some(leaf) = leaves.get(size) {
                edge.push(0, Hash::leaf(&hex::decode(leaf).unwrap()));
            }
        }
    }

    fn leaves(size: usize) -> Vec<Hash> {
        (0..size)
            .map(|leaf| Hash::leaf(&leaf.to_be_bytes()))
            .collect()
    }

    proptest! {
        #[test]
        fn an_edge_comes_to_the_root_of_the_definition(size in 0..700_usize) {
            let leaves = leaves(size);
            let mut edge = Edge::default();
            leaves.iter().for_each(|leaf| edge.push(0, *leaf));
            prop_assert_eq!(edge.root(), root(&leaves));
        }

        #[test]
        fn every_leaf_has_one_path(size in 1..700_usize, at: prop::sample::Index, other: prop::sample::Index) {
            let leaves = leaves(size);
            let (at, other) = (at.index(size), other.index(size));
            let (size, path) = (u64::try_from(size).unwrap(), path(at, &leaves));
            let from = |index: usize, path: &[Hash]| {
                root_of_inclusion(u64::try_from(index).unwrap(), size, leaves[at], path)
            };
            prop_assert_eq!(from(at, &path), Some(root(&leaves)));
            prop_assert!(other == at || from(other, &path) != Some(root(&leaves)));
            let longer = [path.clone(), vec![leaves[0]]].concat();
            prop_assert!(from(at, &longer) != Some(root(&leaves)));
            if let Some((_, shorter)) = path.split_last() {
                prop_assert!(from(at, shorter) != Some(root(&leaves)));
            }
        }

        #[test]
        fn a_tree_that_grew_has_one_proof_of_it(newer in 2..300_usize, older: prop::sample::Index, other: prop::sample::Index) {
            let leaves = leaves(newer);
            let older = older.index(newer - 1) + 1;
            let (before, after) = (root(&leaves[..older]), root(&leaves));
            let sized = |size: usize| u64::try_from(size).unwrap();
            let from = |older: usize, proof: &[Hash]| {
                let held = roots_of_consistency((sized(older), before), sized(newer), proof);
                held == Some((before, after))
            };
            let proof = growth(older, &leaves);
            prop_assert!(from(older, &proof));
            let other = other.index(newer - 1) + 1;
            prop_assert!(other == older || !from(other, &proof));
            prop_assert!(!from(older, &[proof.clone(), vec![leaves[0]]].concat()));
            for place in 0..proof.len() {
                let mut spoilt = proof.clone();
                spoilt[place] = Hash::of(b"another");
                prop_assert!(!from(older, &spoilt), "{place}");
                prop_assert!(!from(older, &proof[..place]), "{place}");
            }
        }

        #[test]
        fn no_path_panics(index: u64, size: u64, length in 0..80_usize) {
            let path = leaves(length);
            let root = root_of_inclusion(index, size, Hash::leaf(b"one"), &path);
            prop_assert!(root.is_none() || index < size);
            let roots = roots_of_consistency((index, Hash::of(b"")), size, &path);
            prop_assert!(roots.is_none() || index < size);
        }
    }
}
