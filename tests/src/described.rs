//! What is sent and answered, held against the OpenAPI document: every test that speaks to the platform says in passing that
//! it answers as it is described.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Draft, Registry, Validator};
use passport::{Category, Classes, Form, Level, catalogue};
use serde_json::{Value, json};

use crate::Answer;

/// Where the document and the schemas it refers to are read from: nowhere, they are made here.
const ORIGIN: &str = "http://described";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(local::documentation()).expect("the document is JSON"));
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The document and the schemas of the catalogue that it may refer to, by their addresses.
static SERVED: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let guidance = catalogue().active_guidance();
    let own = |address: &str, schema: Value| {
        (
            format!("{ORIGIN}{address}"),
            Draft::Draft202012.create_resource(schema),
        )
    };
    let schemas = Category::ALL.into_iter().flat_map(|category| {
        let all = Form::Passport {
            classes: Classes::ALL,
            complete: false,
        };
        let levels = [Level::Model, Level::Batch, Level::Item].map(Form::Data);
        let forms = levels.into_iter().chain([Form::NewPassport, all]);
        forms.map(move |form| {
            let address = format!("/v1/schemas/{category}/{form}");
            let id = format!("{ORIGIN}{address}");
            own(
                &address,
                passport::schema(catalogue(), category, guidance, form, &id),
            )
        })
    });
    let mut registry = Registry::new();
    for (address, schema) in schemas.chain([own("/openapi.json", DOCUMENT.clone())]) {
        registry = registry.add(address, schema).unwrap();
    }
    registry.prepare().unwrap()
});

/// The schema at a place of the document.
fn validator(pointer: &str) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(|one| one.into_inner());
    let made = validators.entry(pointer.to_owned()).or_insert_with(|| {
        let schema = json!({"$ref": format!("{ORIGIN}/openapi.json#{pointer}")});
        let options = jsonschema::draft202012::options().with_registry(&SERVED);
        Arc::new(options.build(&schema).unwrap())
    });
    Arc::clone(made)
}

fn held(pointer: &str, value: &Value, what: &str) {
    let faults: Vec<String> = validator(pointer)
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(
        faults.is_empty(),
        "{what} is not what the OpenAPI document says at {pointer}: {faults:#?}\n{value:#}"
    );
}

/// The path of the document that a request goes to: the one with the fewest parameters.
fn described_path(path: &str) -> Option<&'static String> {
    let asked: Vec<&str> = path.split('?').next()?.split('/').collect();
    let is_parameter = |part: &str| part.starts_with('{');
    let fits = |known: &&String| {
        let parts: Vec<&str> = known.split('/').collect();
        let mut pairs = parts.iter().zip(&asked);
        parts.len() == asked.len() && pairs.all(|(part, one)| part == one || is_parameter(part))
    };
    let paths = DOCUMENT["paths"].as_object()?.keys().filter(fits);
    paths.min_by_key(|path| path.split('/').filter(|part| is_parameter(part)).count())
}

/// Fails where a request that was taken, or its answer, is not what the document says.
pub(crate) fn hold(method: &str, path: &str, sent: Option<&Value>, answer: &Answer) {
    if answer.header("content-type") == PROBLEM {
        held(
            "/components/schemas/ProblemBody",
            &answer.json(),
            "the problem",
        );
    }
    // What every address answers to these follows from its `GET`.
    let follows = matches!(method, "HEAD" | "OPTIONS");
    let is_described = !follows && (200..300).contains(&answer.status);
    let Some(known) = described_path(path).filter(|_| is_described) else {
        return;
    };
    let operation = &DOCUMENT["paths"][known][method.to_lowercase()];
    // As a fragment of a URI, where braces are encoded.
    let name = known
        .replace('/', "~1")
        .replace('{', "%7B")
        .replace('}', "%7D");
    let place = format!("/paths/{name}/{}", method.to_lowercase());
    let content = "content/application~1json/schema";
    if let Some(sent) = sent.filter(|_| operation.get("requestBody").is_some()) {
        held(
            &format!("{place}/requestBody/{content}"),
            sent,
            "what was sent",
        );
    }
    let status = answer.status.to_string();
    assert!(
        operation["responses"].get(&status).is_some(),
        "{method} {path}: {status} is not described"
    );
    if answer.header("content-type") == JSON {
        let pointer = format!("{place}/responses/{status}/{content}");
        held(&pointer, &answer.json(), "the answer");
    }
}
