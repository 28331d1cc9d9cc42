//! The function in njs, from which CloudFront's runtime descends: it takes less of JavaScript than QuickJS does.

use std::process::Command;

use edge::{FUNCTION, is_scan};
use serde_json::{Value, json};

const CLOUDFRONT: &str = "export default {kvs: () => ({get: key => Promise.reject(new Error('KeyNotFound'))}), selectRequestOriginById: id => {}};";

/// What CloudFront does with the function, over all vectors; a line of output for each (njs cuts long ones off).
const DRIVER: &str = r"
function run(at) {
  if (at == VECTORS.length) return;
  const vector = VECTORS[at];
  const headers = {host: {value: 'id.example.eu'}};
  if (vector.accept !== undefined) headers.accept = {value: vector.accept};
  if (vector.acceptLanguage !== undefined) headers['accept-language'] = {value: vector.acceptLanguage};
  const request = {method: 'GET', uri: vector.path, headers: headers, cookies: {}, rawQueryString: () => vector.query};
  handler({context: {requestId: '1'}, request: request}).then(made => {
    console.log(JSON.stringify(made.statusCode ? {status: made.statusCode} : {canonical: made.uri + (made.querystring && '?' + made.querystring)}));
    run(at + 1);
  });
}
run(0);
";

#[test]
fn njs_folds_as_the_vectors_say() {
    if Command::new("njs").arg("-v").output().is_err() {
        eprintln!("skipped: `njs` is not installed");
        return;
    }
    let vectors: Vec<Value> = serde_json::from_str(include_str!(
        "../../../functions/resolver/vectors/requests.json"
    ))
    .unwrap();
    let vectors: Vec<Value> = vectors
        .into_iter()
        .filter(|vector| is_scan(vector["path"].as_str().unwrap()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cloudfront"), CLOUDFRONT).unwrap();
    let program = format!("{FUNCTION}\nconst VECTORS = {};\n{DRIVER}", json!(vectors));
    let file = folder.path().join("program.js");
    std::fs::write(&file, program).unwrap();
    let ran = Command::new("njs")
        .arg("-p")
        .arg(folder.path())
        .arg(&file)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&ran.stdout);
    let found: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(
        found.len(),
        vectors.len(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    for (found, vector) in found.iter().zip(&vectors) {
        assert_eq!(*found, vector["expect"], "{}", vector["name"]);
    }
}
