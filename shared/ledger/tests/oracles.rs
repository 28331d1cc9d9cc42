//! The log is held against other implementations: `tlog_tiles`, which is Go's `sumdb/tlog` in Rust, `ct-merkle` and
//! `signed_note`. Each reads what this one wrote, and the other way round.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ed25519_dalek::{Signer, SigningKey};
use ledger::{
    Checkpoint, Frontier, Level, Note, NoteSignature, ProofPlan, Sha256, SignatureType, Tile,
    Tiles, VerifierKey, append, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::tile::{TileHashReader, TileReader};
use tlog_tiles::tlog::{self, Hash};

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

fn leaf(number: u64) -> Sha256 {
    Sha256::of_leaf(&entry(number))
}

/// A log as this implementation writes it, and its tree.
fn log(size: u64) -> (Tiles, Frontier) {
    let entries: Vec<Vec<u8>> = (0..size).map(entry).collect();
    let appended = append(0, &Tiles::new(), &entries).unwrap();
    (appended.written, appended.after)
}

/// `tlog_tiles` reads our tiles, and authenticates each against the root before it uses it.
struct Ours<'t>(&'t Tiles);

impl TileReader for Ours<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::tile::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = tiles.iter().map(|tile| {
            // Go's paths begin with the height of a tile.
            let ours: Tile = tile.path().replacen("tile/8/", "tile/", 1).parse().unwrap();
            self.0[&ours].clone()
        });
        Ok(read.collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::tile::Tile], _: &[Vec<u8>]) {}
}

fn theirs(hash: &Sha256) -> Hash {
    Hash(*hash.as_bytes())
}

fn all_theirs(proof: &[Sha256]) -> Vec<Hash> {
    proof.iter().map(theirs).collect()
}

fn in_memory(size: u64) -> MemoryBackedTree<sha2::Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|number| tree.push(entry(number)));
    tree
}

fn ours(proof: &[Hash]) -> Vec<Sha256> {
    proof
        .iter()
        .map(|hash| Sha256::from_bytes(hash.0))
        .collect()
}

fn prove(plan: &ProofPlan, tiles: &Tiles) -> Vec<Sha256> {
    plan.prove(tiles).unwrap()
}

fn flipped(proof: &[Sha256], bit: usize) -> Vec<Sha256> {
    let mut proof: Vec<[u8; 32]> = proof.iter().map(|hash| *hash.as_bytes()).collect();
    if !proof.is_empty() {
        let at = bit % proof.len();
        proof[at][bit / 8 % 32] ^= 1 << (bit % 8);
    }
    proof.into_iter().map(Sha256::from_bytes).collect()
}

#[test]
fn go_in_rust_finds_the_same_root_and_proofs_in_our_tiles() {
    for size in [
        1, 2, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 70_000,
    ] {
        let (tiles, tree) = log(size);
        let root = tree.root();
        let files = Ours(&tiles);
        let reader = TileHashReader::new(size, theirs(&root), &files);
        assert_eq!(tlog::tree_hash(size, &reader).unwrap(), theirs(&root));
        for number in [0, 1, size / 3, size / 2, size.saturating_sub(2), size - 1] {
            let number = number.min(size - 1);
            let proof = prove(&ProofPlan::inclusion(number, size).unwrap(), &tiles);
            assert_eq!(
                ours(&tlog::prove_record(size, number, &reader).unwrap()),
                proof
            );

            let proof = prove(&ProofPlan::consistency(number + 1, size).unwrap(), &tiles);
            assert_eq!(
                ours(&tlog::prove_tree(size, number + 1, &reader).unwrap()),
                proof
            );
        }
    }
}

/// Its reader does not authenticate every tile (it skips as many as complete subtrees share one): the proof then fails.
#[test]
fn go_in_rust_refuses_a_flipped_bit_in_any_of_our_tiles() {
    let (tiles, tree) = log(70_000);
    let root = theirs(&tree.root());
    let verdict = |tiles: &Tiles| {
        let files = Ours(tiles);
        let reader = TileHashReader::new(70_000, root, &files);
        let proof = tlog::prove_record(70_000, 257, &reader)?;
        tlog::check_record(&proof, 70_000, root, 257, theirs(&leaf(257)))
    };
    assert!(verdict(&tiles).is_ok());
    let read = [
        "tile/0/001",
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ];
    for tile in read {
        let mut changed = tiles.clone();
        changed.get_mut(&tile.parse().unwrap()).unwrap()[7] ^= 1;
        assert!(verdict(&changed).is_err(), "{tile}");
    }
}

#[test]
fn go_in_rust_writes_the_same_tiles() {
    let (tiles, _) = log(66_000);
    for (from, to) in [(0, 255), (255, 256), (256, 600), (600, 66_000)] {
        let (_, before) = log(from);
        let (now, _) = log(to);
        let mut paths: Vec<String> = tlog_tiles::tile::Tile::new_tiles(8, from, to)
            .iter()
            .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
            .collect();
        paths.sort();
        assert_eq!(before.size(), from);
        let edge: Tiles = ledger::right_edge(from)
            .into_iter()
            .map(|tile| (tile, log(from).0[&tile].clone()))
            .collect();
        let more: Vec<Vec<u8>> = (from..to).map(entry).collect();
        let written = append(from, &edge, &more).unwrap().written;
        let mut hashes: Vec<String> = written
            .keys()
            .filter(|tile| tile.level() != Level::Entries)
            .map(Tile::to_string)
            .collect();
        hashes.sort();
        assert_eq!(hashes, paths);
        for (tile, bytes) in written {
            assert_eq!(now[&tile], bytes);
            assert!(!tile.is_full() || tiles[&tile] == bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inclusion_proofs_are_the_same_and_accepted_both_ways(size in 1_u64..1_500, at: prop::sample::Index, bit: usize) {
        let (tiles, tree) = log(size);
        let (root, memory) = (tree.root(), in_memory(size));
        let there = memory.root();
        prop_assert_eq!(there.as_bytes().as_slice(), root.as_bytes());

        let index = at.index(usize::try_from(size).unwrap());
        let number = u64::try_from(index).unwrap();
        let proof = prove(&ProofPlan::inclusion(number, size).unwrap(), &tiles);
        let proof_there = memory.prove_inclusion(index);
        prop_assert_eq!(proof_there.as_bytes(), bytes(&proof));

        let verdicts = |proof: &[Sha256]| [
            there.verify_inclusion(&entry(number), number, &InclusionProof::from_bytes(bytes(proof))).is_ok(),
            tlog::check_record(&all_theirs(proof), size, theirs(&root), number, theirs(&leaf(number))).is_ok(),
            verify_inclusion(&leaf(number), number, size, &root, proof).is_ok(),
        ];
        prop_assert_eq!(verdicts(&proof), [true; 3]);
        if !proof.is_empty() {
            prop_assert_eq!(verdicts(&flipped(&proof, bit)), [false; 3]);
        }
    }

    /// Of trees that are not empty and did grow: the others have no proof of anything else.
    #[test]
    fn consistency_proofs_are_the_same_and_accepted_both_ways(old in 1_u64..1_500, more in 1_u64..1_500, bit: usize) {
        let size = old + more;
        let (tiles, tree) = log(size);
        let (root, old_root) = (tree.root(), log(old).1.root());

        let proof = prove(&ProofPlan::consistency(old, size).unwrap(), &tiles);
        let memory = in_memory(size);
        let proof_there = memory.prove_consistency(usize::try_from(more).unwrap());
        prop_assert_eq!(proof_there.as_bytes(), bytes(&proof));

        let old_there = RootHash::new((*old_root.as_bytes()).into(), old);
        let verdicts = |proof: &[Sha256]| [
            memory.root().verify_consistency(&old_there, &ConsistencyProof::try_from_bytes(bytes(proof)).unwrap()).is_ok(),
            tlog::check_tree(&all_theirs(proof), size, theirs(&root), old, theirs(&old_root)).is_ok(),
            verify_consistency((old, &old_root), (size, &root), proof).is_ok(),
        ];
        prop_assert_eq!(verdicts(&proof), [true; 3]);
        prop_assert_eq!(verdicts(&flipped(&proof, bit)), [false; 3]);
    }

    /// Whatever a proof is, all of them say the same of it.
    #[test]
    fn verdicts_are_the_same(
        (size, number, old) in (1_u64..40, 0_u64..40, 1_u64..40),
        (real_size, real_number) in (1_u64..40, 0_u64..40),
    ) {
        let (tiles, _) = log(real_size);
        let (_, tree) = log(size);
        let root = tree.root();
        let proof = prove(&ProofPlan::inclusion(real_number % real_size, real_size).unwrap(), &tiles);
        let go = tlog::check_record(&all_theirs(&proof), size, theirs(&root), number, theirs(&leaf(number)));
        let here = verify_inclusion(&leaf(number), number, size, &root, &proof);
        prop_assert_eq!(go.is_ok(), here.is_ok());

        let (_, before) = log(old);
        let proof = prove(&ProofPlan::consistency(real_number % real_size + 1, real_size).unwrap(), &tiles);
        let go = tlog::check_tree(&all_theirs(&proof), size, theirs(&root), old, theirs(&before.root()));
        let here = verify_consistency((old, &before.root()), (size, &root), &proof);
        prop_assert_eq!(go.is_ok(), here.is_ok());
    }

    #[test]
    fn notes_are_read_signed_and_verified_both_ways(seed: [u8; 32], size: u64, root: [u8; 32], at: prop::sample::Index) {
        let name = "ledger.example.eu/log";
        let secret = SigningKey::from_bytes(&seed);
        let key = VerifierKey::new(name, SignatureType::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        let checkpoint = Checkpoint::new(name, size, Sha256::from_bytes(root)).unwrap();
        let signature = secret.sign(checkpoint.to_string().as_bytes()).to_bytes();
        let note = Note::new(checkpoint.to_string()).unwrap().with_signature(NoteSignature::ed25519(&key, &signature));
        let text = note.to_string();

        let verifiers = || VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())]);
        let there = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
        prop_assert!(there.verify(&verifiers()).is_ok());
        let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(there.text()).unwrap();
        prop_assert_eq!((read.origin(), read.size(), read.hash().0), (name, size, root));

        let signer = StandardSigner::new(&signer_text(name, &key, &seed)).unwrap();
        let mut signed_there = signed_note::Note::new(checkpoint.to_string().as_bytes(), &[]).unwrap();
        signed_there.add_sigs(&[&signer]).unwrap();
        prop_assert_eq!(String::from_utf8(signed_there.to_bytes()).unwrap(), text.clone());
        prop_assert_eq!(Checkpoint::open(&note, &key), Ok(checkpoint));

        let mut bytes = text.into_bytes();
        let position = at.index(bytes.len());
        bytes[position] ^= 1;
        let there = signed_note::Note::from_bytes(&bytes).is_ok_and(|note| note.verify(&verifiers()).is_ok());
        let here = String::from_utf8(bytes).ok().and_then(|text| text.parse::<Note>().ok());
        let here = here.is_some_and(|note| Checkpoint::open(&note, &key).is_ok());
        prop_assert!(!there && !here);
    }
}

fn bytes(proof: &[Sha256]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// A private key as `signed_note` takes it.
fn signer_text(name: &str, key: &VerifierKey, seed: &[u8; 32]) -> String {
    use base64::Engine;
    let typed = [[1].as_slice(), seed].concat();
    let typed = base64::engine::general_purpose::STANDARD.encode(typed);
    format!("PRIVATE+KEY+{name}+{}+{typed}", key.id())
}
