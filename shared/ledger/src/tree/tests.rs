use proptest::prelude::*;

use super::*;

/// Inputs and roots of the test vectors that Certificate Transparency implementations share.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
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

#[test]
fn roots_are_those_of_the_shared_test_vectors() {
    let mut tree = Frontier::default();
    assert_eq!(tree.root().to_string(), ROOTS[0]);
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        tree.push(Sha256::of_leaf(&hex::decode(leaf).unwrap()));
        assert_eq!(tree.root().to_string(), *root);
    }
}

#[test]
fn a_frontier_is_stored_and_grows_on() {
    let mut tree = Frontier::default();
    for number in 0..300_u64 {
        let text = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Frontier>(&text).unwrap(), tree);
        assert_eq!(tree.size(), number);
        tree.push(Sha256::of_leaf(&number.to_be_bytes()));
    }
}

#[test]
fn a_size_without_its_subtrees_is_no_frontier() {
    let hash = Sha256::of(b"").to_string();
    let read = |json: String| serde_json::from_str::<Frontier>(&json);
    assert!(read(format!(r#"{{"size":4,"subtrees":["{hash}"]}}"#)).is_ok());
    let wrong = read(format!(r#"{{"size":3,"subtrees":["{hash}"]}}"#)).unwrap_err();
    assert!(
        wrong
            .to_string()
            .starts_with("a tree of 3 leaves has 2 complete subtrees, found 1")
    );
    assert!(read(format!(r#"{{"size":0,"subtrees":["{hash}"]}}"#)).is_err());
    assert!(
        read(format!(
            r#"{{"size":9223372036854775808,"subtrees":["{hash}"]}}"#
        ))
        .is_err()
    );
}

#[test]
fn faults_say_what_was_expected_and_found() {
    let (one, two) = (Sha256::of_leaf(b"1"), Sha256::of_leaf(b"2"));
    let root = Sha256::of_node(&one, &two);
    assert_eq!(verify_inclusion(&one, 0, 2, &root, &[two]), Ok(()));
    assert_eq!(
        verify_inclusion(&one, 2, 2, &root, &[two]),
        Err(ProofError::NoSuchLeaf { index: 2, size: 2 })
    );
    assert_eq!(
        verify_inclusion(&one, 0, 2, &root, &[]),
        Err(ProofError::Length {
            expected: 1,
            found: 0
        })
    );
    let found = Sha256::of_node(&two, &one);
    let expected = root;
    assert_eq!(
        verify_inclusion(&one, 1, 2, &root, &[two]),
        Err(ProofError::Root {
            size: 2,
            expected,
            found
        })
    );
    assert_eq!(
        verify_consistency((2, &root), (1, &one), &[]),
        Err(ProofError::Shrunk { old: 2, new: 1 })
    );
    let nothing = Sha256::of(b"");
    assert_eq!(verify_consistency((0, &nothing), (2, &root), &[]), Ok(()));
    assert_eq!(verify_consistency((2, &root), (2, &root), &[]), Ok(()));
    assert!(verify_consistency((0, &one), (2, &root), &[]).is_err());
    assert!(verify_consistency((2, &one), (2, &root), &[]).is_err());
    assert!(verify_consistency((0, &nothing), (2, &root), &[one]).is_err());
    assert_eq!(verify_consistency((1, &one), (2, &root), &[two]), Ok(()));
}

proptest! {
    #[test]
    fn no_proof_makes_it_panic(
        (one, other) in (any::<u64>(), any::<u64>()),
        shift in 0_u32..64,
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Sha256> = hashes.into_iter().map(Sha256::from_bytes).collect();
        let hash = Sha256::of(b"");
        for (one, other) in [(one, other), (one >> shift, other >> shift), (1 << shift, u64::MAX)] {
            prop_assert!(verify_inclusion(&hash, one, other, &hash, &proof).is_err() || proof.is_empty());
            let _ = verify_consistency((one, &hash), (other, &hash), &proof);
        }
    }
}
