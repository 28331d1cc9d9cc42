//! Validators that are not ours, and not Rust's, agree with us on the generated schemas: PyPI `jsonschema` and npm `ajv`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod generated;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use generated::{LEVELS, everything, guidance, mutants};
use passport::{Category, Form, catalogue, schema};
use serde_json::{Map, Value, json};

/// What every validator is asked, and where it must find a fault.
struct Case {
    schema: String,
    document: Value,
    fault: Option<String>,
}

fn schemas() -> Map<String, Value> {
    let forms = LEVELS
        .into_iter()
        .map(Form::Data)
        .chain([everything(false), everything(true)]);
    let names = forms.flat_map(|form| Category::ALL.map(|category| (category, form)));
    names
        .map(|(category, form)| {
            let name = format!("{category}/{form}");
            let id = format!("https://id.example.eu/v1/schemas/{name}");
            (name, schema(catalogue(), category, guidance(), form, &id))
        })
        .collect()
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for category in Category::ALL {
        let passport = generated::passport(category);
        let mut without_header = passport.clone();
        without_header
            .as_object_mut()
            .unwrap()
            .shift_remove("dppStatus");
        for complete in [false, true] {
            let schema = format!("{category}/{}", everything(complete));
            let documents = [
                (passport.clone(), None),
                (without_header.clone(), Some(String::new())),
            ];
            cases.extend(documents.map(|(document, fault)| Case {
                schema: schema.clone(),
                document,
                fault,
            }));
        }
        cases.extend(LEVELS.map(|level| Case {
            schema: format!("{category}/{level}"),
            document: Value::Object(generated::document(category, level)),
            fault: None,
        }));
        cases.extend(mutants(category).into_iter().map(|mutant| Case {
            schema: format!("{category}/{}", mutant.level),
            fault: (!mutant.is_beyond_schema()).then(|| mutant.pointer.clone()),
            document: Value::Object(mutant.patch),
        }));
    }
    cases
}

/// The script of a folder beside this file.
fn script(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "independent", name]
        .iter()
        .collect()
}

/// Where `.ci/run` puts other people's tools.
fn tools() -> PathBuf {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    home.join(".cache/battery-passport/tools/schema")
}

/// Asks a validator, unless it is not installed.
fn agrees(name: &str, probe: &mut Command, run: &mut Command) {
    let installed = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        println!("skipped: {name} is not installed (.ci/run installs it)");
        return;
    }
    let cases = cases();
    let asked: Vec<Value> = cases
        .iter()
        .map(|case| json!({"schema": case.schema, "document": case.document}))
        .collect();
    let asked = json!({"schemas": schemas(), "cases": asked}).to_string();
    let mut process = run
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(asked.as_bytes())
        .unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{name}");
    let answers: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), cases.len());
    for (case, found) in cases.iter().zip(&answers) {
        let agreed = match &case.fault {
            None => found.is_empty(),
            Some(pointer) => found
                .iter()
                .any(|place| pointer.starts_with(place.as_str())),
        };
        assert!(
            agreed,
            "{name}, {}: {} wants {:?}, found {found:?}",
            case.schema, case.document, case.fault
        );
    }
    println!("{name} agrees on {} documents", cases.len());
}

#[test]
fn pypi_jsonschema_agrees() {
    let own = tools().join("bin/python3");
    let python = if own.exists() { own } else { "python3".into() };
    agrees(
        "PyPI jsonschema",
        Command::new(&python).args(["-c", "from jsonschema import Draft202012Validator"]),
        Command::new(&python).arg(script("validate.py")),
    );
}

#[test]
fn npm_ajv_agrees() {
    let modules =
        std::env::var_os("NODE_PATH").map_or_else(|| tools().join("node_modules"), PathBuf::from);
    agrees(
        "npm ajv",
        Command::new("node")
            .env("NODE_PATH", &modules)
            .args(["-e", "require('ajv/dist/2020')"]),
        Command::new("node")
            .env("NODE_PATH", &modules)
            .arg(script("validate.cjs")),
    );
}
