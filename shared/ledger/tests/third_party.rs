//! A log written here is verified by three programs others wrote the log's part of: Go's `golang.org/x/mod/sumdb`, `sigstore`
//! from PyPI and `@sigstore/verify` from npm (`infra/verifiers`). Each notices a flipped bit, wherever it is.
//!
//! `.ci/run` installs the tools. Where one is absent its test says that it skips, or fails if `VERIFIERS=required`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ed25519_dalek::{Signer, SigningKey};
use ledger::{
    Checkpoint, Frontier, Note, NoteSignature, ProofPlan, SignatureType, Tile, Tiles, TlogProof,
    VerifierKey, append, right_edge,
};
use tempfile::TempDir;

const ORIGIN: &str = "ledger.example.eu/log";
/// Three levels of tiles; the last of each is partial.
const LARGE: u64 = 70_000;
/// Two levels, for those that make a proof of every single entry.
const SMALL: u64 = 3_000;

#[test]
fn go_verifies_the_log_and_notices_every_flipped_bit() {
    let built = TempDir::new().unwrap();
    let program = built.path().join("verify");
    let mut build = Command::new("go");
    build
        .current_dir(verifiers().join("go"))
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")])
        .args(["build", "-o"])
        .arg(&program)
        .arg(".");
    let module = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir();
    if module && is_there(Command::new("go").arg("version")) {
        assert!(build.status().unwrap().success());
        check(LARGE, &|| Command::new(&program));
    } else {
        skip("Go or golang-golang-x-mod-dev");
    }
}

#[test]
fn sigstore_for_python_verifies_the_log_and_notices_every_flipped_bit() {
    let python = tools().join("bin/python3");
    if is_there(Command::new(&python).args(["-c", "import sigstore"])) {
        let script = verifiers().join("python/verify.py");
        check(SMALL, &|| {
            let mut command = Command::new(&python);
            command.arg(&script);
            command
        });
    } else {
        skip("sigstore for Python");
    }
}

#[test]
fn sigstore_for_node_verifies_the_log_and_notices_every_flipped_bit() {
    let modules = tools().join("node_modules");
    if modules.join("@sigstore/verify").is_dir() && is_there(Command::new("node").arg("--version"))
    {
        let script = verifiers().join("node/verify.js");
        check(SMALL, &|| {
            let mut command = Command::new("node");
            command.arg(&script).env("NODE_PATH", &modules);
            command
        });
    } else {
        skip("@sigstore/verify for Node");
    }
}

/// Has a program verify a log as it was written, and then with one bit flipped in one file after the other.
fn check(size: u64, program: &dyn Fn() -> Command) {
    let log = Log::write(size);
    let (accepted, said) = log.verify(program);
    assert!(accepted, "{said}");
    assert!(
        said.contains(&format!("{size} entries, 4 proofs")),
        "{said}"
    );

    let edge = right_edge(size)
        .into_iter()
        .map(|tile| (tile.to_string(), 20));
    let full =
        ["tile/entries/000", "tile/entries/007", "tile/0/001"].map(|it| (it.to_owned(), 4_000));
    // The root, and the signature behind the key's id.
    let root = ORIGIN.len() + 1 + size.to_string().len() + 1;
    let signature = root + 46 + "\u{2014} ".len() + ORIGIN.len() + 1 + 8;
    let checkpoint = [root, signature].map(|at| ("checkpoint".to_owned(), at + 20));
    // Of a proof: its index, a sibling, and the root of its checkpoint.
    let proof = log.read_text(&proof_file(256));
    let places = ["256", "=\n", "=\n\n"].map(|it| proof.find(it).unwrap());
    let proof =
        [places[0] + 2, places[1] + 9, places[2] + 3 + root + 5].map(|at| (proof_file(256), at));

    for (file, position) in edge.chain(full).chain(checkpoint).chain(proof) {
        let flipped = log.flip(&file, position);
        let (accepted, said) = log.verify(program);
        assert!(!accepted, "{file}, byte {position}: {said}");
        assert!(
            !said.contains("Traceback") && !said.contains("goroutine"),
            "{said}"
        );
        log.put(&file, &flipped);
    }
}

/// A log in a folder, with its proof files beside it.
struct Log {
    folder: TempDir,
    key: VerifierKey,
    /// Entries with a proof file: the first, the last, and one on each side of a tile's edge.
    proved: [u64; 4],
}

impl Log {
    fn write(whole: u64) -> Self {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let public = secret.verifying_key();
        let key = VerifierKey::new(ORIGIN, SignatureType::Ed25519, public.as_bytes()).unwrap();
        let folder = TempDir::new().unwrap();
        let proved = [0, 255, 256, whole - 1];
        let log = Self {
            folder,
            key,
            proved,
        };
        let mut tree = Frontier::default();
        for size in [300, whole - 300, whole] {
            let entries: Vec<Vec<u8>> = (tree.size()..size).map(entry).collect();
            let read = log.read(right_edge(tree.size()));
            let appended = append(tree.size(), &read, &entries).unwrap();
            assert_eq!(appended.before, tree);
            for (tile, bytes) in &appended.written {
                log.put(&tile.to_string(), bytes);
            }
            tree = appended.after;
        }
        let checkpoint = Checkpoint::new(ORIGIN, whole, tree.root())
            .unwrap()
            .to_string();
        let signature = secret.sign(checkpoint.as_bytes()).to_bytes();
        let note = Note::new(checkpoint).unwrap();
        let note = note.with_signature(NoteSignature::ed25519(&log.key, &signature));
        log.put("checkpoint", note.to_string().as_bytes());
        for index in log.proved {
            let plan = ProofPlan::inclusion(index, whole).unwrap();
            let proof = TlogProof {
                extra: (index == 255).then(|| b"for its user".to_vec()),
                index,
                hashes: plan.prove(&log.read(plan.tiles())).unwrap(),
                checkpoint: note.clone(),
            };
            log.put(&proof_file(index), proof.to_string().as_bytes());
        }
        log
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read_text(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    /// Flips a bit of a file; gives what was there.
    fn flip(&self, path: &str, position: usize) -> Vec<u8> {
        let before = fs::read(self.folder.path().join(path)).unwrap();
        let mut bytes = before.clone();
        bytes[position] ^= 1;
        self.put(path, &bytes);
        before
    }

    fn read(&self, tiles: Vec<Tile>) -> Tiles {
        let read = |tile: Tile| {
            (
                tile,
                fs::read(self.folder.path().join(tile.to_string())).unwrap(),
            )
        };
        tiles.into_iter().map(read).collect()
    }

    /// Whether a program accepts the log, and what it says.
    fn verify(&self, program: &dyn Fn() -> Command) -> (bool, String) {
        let folder = self.folder.path();
        let output = program()
            .arg(folder)
            .arg(self.key.to_string())
            .args(self.proved.map(|index| folder.join(proof_file(index))))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

fn entry(number: u64) -> Vec<u8> {
    format!(r#"{{"eventId":{number},"log":"{ORIGIN}"}}"#).into_bytes()
}

fn proof_file(index: u64) -> String {
    format!("{index}.tlog-proof")
}

fn verifiers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/verifiers")
}

/// Where `.ci/run` puts other people's tools.
fn tools() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    home.unwrap_or_default()
        .join(".cache/battery-passport/tools/log")
}

fn is_there(probe: &mut Command) -> bool {
    probe.output().is_ok_and(|output| output.status.success())
}

fn skip(name: &str) {
    let required = std::env::var("VERIFIERS").is_ok_and(|it| it == "required");
    assert!(!required, "{name} is not installed, and VERIFIERS=required");
    eprintln!("skipped: {name} is not installed (.ci/run installs it)");
}
