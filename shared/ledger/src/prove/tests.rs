use proptest::prelude::*;

use super::*;
use crate::append::append;
use crate::tree::{Frontier, verify_consistency, verify_inclusion};

fn log(size: u64) -> (Tiles, Vec<Sha256>) {
    let entries: Vec<Vec<u8>> = (0..size).map(|it| it.to_string().into_bytes()).collect();
    let leaves = entries.iter().map(|it| Sha256::of_leaf(it)).collect();
    (append(0, &Tiles::new(), &entries).unwrap().written, leaves)
}

fn root(leaves: &[Sha256]) -> Sha256 {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The proof from no more than the tiles it asks for.
fn prove(plan: &ProofPlan, tiles: &Tiles) -> Vec<Sha256> {
    let wanted = plan.tiles().into_iter();
    let read = wanted.map(|tile| (tile, tiles[&tile].clone())).collect();
    plan.prove(&read).unwrap()
}

/// RFC 6962 §2.1.3, the tree of seven leaves: its own examples.
#[test]
fn proofs_are_those_of_the_rfc() {
    let (tiles, leaves) = log(7);
    let [a, b, c, d, e, f, j] = leaves[..] else {
        panic!()
    };
    let node = |left: &Sha256, right: &Sha256| Sha256::of_node(left, right);
    let (g, h, i) = (node(&a, &b), node(&c, &d), node(&e, &f));
    let (k, l) = (node(&g, &h), node(&i, &j));
    let inclusion = |index| prove(&ProofPlan::inclusion(index, 7).unwrap(), &tiles);
    assert_eq!(inclusion(0), [b, h, l]);
    assert_eq!(inclusion(3), [c, g, l]);
    assert_eq!(inclusion(4), [f, j, k]);
    assert_eq!(inclusion(6), [i, k]);
    let consistency = |old| prove(&ProofPlan::consistency(old, 7).unwrap(), &tiles);
    assert_eq!(consistency(3), [c, d, g, l]);
    assert_eq!(consistency(4), [l]);
    assert_eq!(consistency(6), [i, j, k]);
    assert_eq!(consistency(7), []);
    assert_eq!(consistency(0), []);
}

#[test]
fn what_is_not_there_cannot_be_proved() {
    assert_eq!(
        ProofPlan::inclusion(7, 7),
        Err(ProofError::NoSuchLeaf { index: 7, size: 7 })
    );
    assert_eq!(
        ProofPlan::consistency(8, 7),
        Err(ProofError::Shrunk { old: 8, new: 7 })
    );
    let plan = ProofPlan::inclusion(3, 7).unwrap();
    let tile = "tile/0/000.p/7".parse().unwrap();
    assert_eq!(plan.tiles(), [tile]);
    assert_eq!(plan.prove(&Tiles::new()), Err(TileError::Missing(tile)));
}

#[test]
fn a_proof_in_70_000_entries_needs_five_tiles_and_17_hashes() {
    let plan = ProofPlan::inclusion(12_345, 70_000).unwrap();
    let paths: Vec<String> = plan.tiles().iter().map(ToString::to_string).collect();
    let expected = [
        "tile/0/048",
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
    ];
    assert_eq!(paths, expected);
    assert_eq!(plan.ranges.len(), 17);
}

/// Plans alone, at sizes nobody could build.
#[test]
fn plans_of_the_largest_trees_can_be_made() {
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, crate::LARGEST_SIZE] {
        for index in [0, 1, size / 2, size - 1] {
            assert!(
                !ProofPlan::inclusion(index, size)
                    .unwrap()
                    .tiles()
                    .is_empty()
            );
            let consistency = ProofPlan::consistency(index + 1, size).unwrap();
            assert_eq!(consistency.tiles().is_empty(), index + 1 == size);
        }
    }
}

#[test]
fn every_leaf_and_every_growth_of_small_logs_is_proved() {
    let (_, leaves) = log(40);
    for size in 1..=40 {
        let (tiles, _) = log(size);
        let of = |size: u64| root(&leaves[..usize::try_from(size).unwrap()]);
        for index in 0..size {
            let proof = prove(&ProofPlan::inclusion(index, size).unwrap(), &tiles);
            let leaf = leaves[usize::try_from(index).unwrap()];
            assert_eq!(
                verify_inclusion(&leaf, index, size, &of(size), &proof),
                Ok(())
            );
        }
        for old in 0..=size {
            let proof = prove(&ProofPlan::consistency(old, size).unwrap(), &tiles);
            let (old, new) = ((old, &of(old)), (size, &of(size)));
            assert_eq!(verify_consistency(old, new, &proof), Ok(()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_proof_holds_and_another_one_does_not(size in (0_u32..17).prop_flat_map(|bits| 1..2_u64 << bits), at: prop::sample::Index, bit in 0_usize..256) {
        let (tiles, leaves) = log(size);
        let index = at.index(leaves.len());
        let (new, number) = (root(&leaves), u64::try_from(index).unwrap());

        let mut proof = prove(&ProofPlan::inclusion(number, size).unwrap(), &tiles);
        prop_assert_eq!(verify_inclusion(&leaves[index], number, size, &new, &proof), Ok(()));
        prop_assert!(verify_inclusion(&leaves[index], number + 1, size, &new, &proof).is_err());
        for position in 0..proof.len() {
            proof[position] = flip(&proof[position], bit);
            prop_assert!(verify_inclusion(&leaves[index], number, size, &new, &proof).is_err());
            proof[position] = flip(&proof[position], bit);
        }

        let old = (number, &root(&leaves[..index]));
        let mut proof = prove(&ProofPlan::consistency(number, size).unwrap(), &tiles);
        prop_assert_eq!(verify_consistency(old, (size, &new), &proof), Ok(()));
        for position in 0..proof.len() {
            proof[position] = flip(&proof[position], bit);
            prop_assert!(verify_consistency(old, (size, &new), &proof).is_err());
            proof[position] = flip(&proof[position], bit);
        }
        let forged = flip(old.1, bit);
        prop_assert!(verify_consistency((number, &forged), (size, &new), &proof).is_err());
    }
}

fn flip(hash: &Sha256, bit: usize) -> Sha256 {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Sha256::from_bytes(bytes)
}
