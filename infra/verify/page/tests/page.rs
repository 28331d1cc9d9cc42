//! The page is built as it is published, and used in Debian's Chromium from its file, without a network. Skipped, and saying so,
//! where the target `wasm32-wasip1`, Chromium, Node.js, `puppeteer-core` or `axe-core` is not installed.
//!
//! Pictures are kept where `PICTURES` names a folder.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const CHROMIUM: &str = "/usr/bin/chromium";

fn modules() -> PathBuf {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    home.join(".cache/battery-passport/tools/browser/node_modules")
}

fn installed() -> bool {
    let output = |program: &str, argument: &[&str]| Command::new(program).args(argument).output();
    let target = output(
        "rustc",
        &["--print", "target-libdir", "--target", "wasm32-wasip1"],
    );
    let target = target
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists());
    let node = output("node", &["--version"]).is_ok_and(|output| output.status.success());
    let module = |name: &str| modules().join(name).exists();
    target && node && Path::new(CHROMIUM).exists() && module("puppeteer-core") && module("axe-core")
}

fn build(page: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build");
    let status = Command::new(script).arg(page).status().unwrap();
    assert!(status.success(), "the page cannot be built");
}

/// What the browser saw.
fn look(asked: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page.cjs");
    let mut node = Command::new("node")
        .env("NODE_PATH", modules())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser could not be driven");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_saved_page_verifies_without_a_network() {
    if !installed() {
        eprintln!(
            "skipped: wasm32-wasip1, Chromium, Node.js, puppeteer-core or axe-core is not installed"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("verify.html");
    build(&page);
    let pictures = std::env::var_os("PICTURES").map_or(folder.path().to_owned(), PathBuf::from);
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/verify/vectors");
    let vectors = vectors.canonicalize().unwrap();
    let file = |name: &str| vectors.join(name);
    let text = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let (key, policy) = (text("key"), text("policy"));
    let proof = text("event.proof.json");
    let image = "<img src=x onerror=alert(1)>";
    let steps = [
        (
            json!({"trust": policy, "files": [file("event.proof.json")]}),
            "proved",
            "The witness `w1` signed at 2027-01-15T08:01:40Z",
        ),
        (
            json!({"trust": key, "files": [file("version.json"), file("event.proof.json")]}),
            "proved",
            "The values of access class 1, 2 in all",
        ),
        (
            json!({"trust": key, "files": [file("chain.json")]}),
            "proved",
            "is whole from event 1 to event 3",
        ),
        (
            json!({"trust": key, "files": [file("event.tlog-proof"), file("event.leaf")]}),
            "proved",
            "This event is entry 1 of the log",
        ),
        (
            json!({"trust": key, "folder": file("log")}),
            "proved",
            "All 3 entries and every tile",
        ),
        (
            json!({"trust": key, "drop": {"a.proof.json": proof}}),
            "proved",
            "This event is entry 1 of the log",
        ),
        (
            json!({"trust": key, "drop": {"a.proof.json": proof.replace("index 1", "index 0")}}),
            "refuted",
            "the event is not entry 0",
        ),
        (
            json!({"trust": "", "drop": {"a.proof.json": proof}}),
            "unchecked",
            "the key of a log, none was given",
        ),
        (
            json!({"trust": image, "drop": {"a.proof.json": proof}}),
            "unchecked",
            image,
        ),
        (
            json!({"trust": key, "drop": {"a": "", "b": ""}}),
            "unchecked",
            "the files: expected a proof file",
        ),
    ];
    let asked: Vec<&Value> = steps.iter().map(|(step, ..)| step).collect();
    let seen =
        look(&json!({"chromium": CHROMIUM, "page": page, "pictures": pictures, "steps": asked}));
    for ((step, verdict, told), said) in steps.iter().zip(seen["said"].as_array().unwrap()) {
        assert!(
            said["text"].as_str().unwrap().contains(told),
            "{step}: {said}"
        );
        assert_eq!(said["className"], *verdict, "{step}: {said}");
        assert_eq!(said["focused"], true, "{step}");
    }
    assert_eq!(seen["said"].as_array().unwrap().len(), steps.len());
    assert_eq!(seen["faults"], json!([]));
}
