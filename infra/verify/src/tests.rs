use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

fn vector(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/verify/vectors");
    format!("{folder}/{name}")
}

fn key() -> String {
    fs::read_to_string(vector("key")).unwrap().trim().to_owned()
}

/// As it is typed.
fn answer(arguments: &[&str]) -> Answer {
    Arguments::parse_from([&["passport-verify"], arguments].concat())
        .verb
        .answer()
}

/// Each verb with its vectors, the log's key and the policy.
fn said(arguments: &[&str]) -> (u8, String) {
    let answer = answer(arguments);
    (answer.exit_code, answer.text)
}

#[test]
fn every_verb_proves_its_vector() {
    let (key, policy) = (key(), vector("policy"));
    let (proof, leaf) = (vector("event.proof.json"), vector("event.leaf"));
    for verb in [
        &["proof", &proof][..],
        &["proof", &vector("event.tlog-proof"), "--leaf", &leaf],
        &["version", &vector("version.json"), &proof],
        &[
            "view",
            &vector("views.json"),
            "--keys",
            &vector("operator-keys.json"),
        ],
        &["chain", &vector("chain.json")],
        &["consistency", &vector("older-checkpoint"), &vector("grown")],
        &[
            "consistency",
            &vector("older-checkpoint"),
            "--from",
            &vector("log"),
        ],
        &[
            "consistency",
            &vector("older-checkpoint"),
            &vector("log/checkpoint"),
            "--from",
            &vector("log"),
        ],
        &["log", &vector("log")],
        &[
            "log",
            &vector("log"),
            "--older",
            &vector("older-checkpoint"),
        ],
    ] {
        for trust in [["--key", &key], ["--policy", &policy]] {
            let (code, text) = said(&[verb, &trust].concat());
            assert_eq!(code, 0, "{verb:?}: {text}");
            assert!(
                text.starts_with("PROVED\n\nWhat was proved:\n  - "),
                "{text}"
            );
            assert_eq!(
                text.contains("The witness `w1` signed at"),
                trust[0] == "--policy",
                "{text}"
            );
        }
    }
}

#[test]
fn the_answer_can_be_read_by_a_script() {
    let (code, text) = said(&["chain", &vector("chain.json"), "--key", &key(), "--json"]);
    assert_eq!(code, 0);
    assert!(
        text.starts_with("{\n  \"verdict\": \"proved\",\n  \"proved\": [\n"),
        "{text}"
    );
}

#[test]
fn a_lie_ends_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.proof.json");
    let proof = fs::read_to_string(vector("event.proof.json")).unwrap();
    fs::write(&file, proof.replace("index 1", "index 0")).unwrap();
    let (code, text) = said(&["proof", file.to_str().unwrap(), "--key", &key()]);
    assert_eq!(code, 1);
    assert!(
        text.starts_with("REFUTED: the proof: the event is not entry 0"),
        "{text}"
    );
}

#[test]
fn a_view_that_another_signed_is_not_proved() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    // RFC 8037 appendix A.2.
    let other =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    fs::write(&keys, other).unwrap();
    let (views, other) = (vector("views.json"), keys.to_str().unwrap());
    let (code, text) = said(&["view", &views, "--keys", other]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("it is of none of the keys that you trust"),
        "{text}"
    );
    // Several operators may have signed: one file each.
    let (code, text) = said(&[
        "view",
        &views,
        "--keys",
        other,
        "--keys",
        &vector("operator-keys.json"),
    ]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_receipt_is_held_against_its_proof() {
    let (key, proof) = (key(), vector("event.proof.json"));
    let with = |receipt: &str| said(&["proof", &proof, "--key", &key, "--receipt", receipt]);
    let (code, text) = with(
        "01a3185c-5002-7707-8707-070707070707:57dc02601aee9ea6e65cbe4f423a6818ad4afdb268b5201cbdd384ac62c689b8",
    );
    assert!(
        code == 0 && text.contains("It is the event of the receipt."),
        "{text}"
    );
    let (code, text) = with("01a3185c-5002-7707-8707-070707070707");
    assert!(
        code == 1 && text.starts_with("REFUTED: the receipt: it is of another event"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_checked_ends_with_two_and_says_why() {
    let key = key();
    let (proof, bare) = (vector("event.proof.json"), vector("event.tlog-proof"));
    for (arguments, why) in [
        (
            &["proof", "nowhere.json", "--key", &key][..],
            "NOT CHECKED: nowhere.json: No such file",
        ),
        (
            &["proof", &proof],
            "NOT CHECKED: the proof, its checkpoint: no key that you trust signed this",
        ),
        (
            &["proof", &proof, "--key", "key"],
            "NOT CHECKED: --key: `key` has not three parts",
        ),
        (&["proof", &proof, "--policy", &bare], "line 1: "),
        (
            &["proof", &proof, "--policy", "nowhere"],
            "NOT CHECKED: nowhere: No such file",
        ),
        (
            &["proof", &bare, "--key", &key],
            "a bare proof needs the event's leaf",
        ),
        (
            &["proof", &proof, "--leaf", &bare, "--key", &key],
            "`--leaf` goes with a bare C2SP proof",
        ),
        (
            &["view", &proof, "--keys", &proof, "--key", &key],
            "the views: it is of another format; expected battery-passport-views/1",
        ),
        (
            &["chain", &proof, "--key", &key],
            "the chain file: it is of another format; expected battery-passport-chain/1",
        ),
        (
            &["consistency", &vector("older-checkpoint"), "--key", &key],
            "give the consistency proof, or `--from`",
        ),
        (
            &["consistency", "3", "--from", &vector("log"), "--key", &key],
            "NOT CHECKED: checkpoints/3: it is missing",
        ),
        (
            &["log", "nowhere", "--key", &key],
            "NOT CHECKED: checkpoint: it is missing",
        ),
        (
            &["log", &proof, "--key", &key],
            "NOT CHECKED: checkpoint: it is missing",
        ),
    ] {
        let (code, text) = said(arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(text.contains(why), "{arguments:?}: {text}");
    }
}

/// Answers the files of the vector's log, and 503 below `/closed`.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut asked = String::new();
            let _ = reader.read_line(&mut asked).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let path = asked.split(' ').nth(1).unwrap().to_owned();
            let found = fs::read(vector(path.trim_start_matches('/')));
            let (status, body) = match found {
                _ if path.starts_with("/closed") => ("503 Service Unavailable", Vec::new()),
                Ok(bytes) => ("200 OK", bytes),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(&[head.into_bytes(), body].concat())
                .unwrap();
        }
    });
    address
}

#[test]
fn a_log_is_read_from_its_address_too() {
    let address = serve();
    let (code, text) = said(&["log", &format!("{address}/log/"), "--key", &key()]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = said(&["log", &format!("{address}/elsewhere"), "--key", &key()]);
    assert_eq!(
        (code, text.as_str()),
        (2, "NOT CHECKED: checkpoint: it is missing\n")
    );
    let (code, text) = said(&["log", &format!("{address}/closed"), "--key", &key()]);
    assert_eq!(code, 2);
    assert!(text.contains("it was answered 503"), "{text}");
    let (code, text) = said(&["log", "http://127.0.0.1:1", "--key", &key()]);
    assert_eq!(code, 2);
    assert!(
        text.contains("it cannot be read") && text.contains("onnection refused"),
        "{text}"
    );
}
