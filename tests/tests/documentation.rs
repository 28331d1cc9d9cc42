//! The OpenAPI document, the code and what is served agree.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::Stage;

#[tokio::test]
async fn the_served_document_is_the_codes() {
    let stage = Stage::start().await;
    let served = stage.public().get("/openapi.json").await.expect(200).json();
    let code: Value = serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    assert_eq!(
        served, code,
        "functions/reader/openapi.json is not what the code has: run `cargo run -q -- openapi > functions/reader/openapi.json` and review the difference"
    );
    assert_eq!(served["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_page_names_every_route_and_loads_nothing() {
    let stage = Stage::start().await;
    let document = stage.public().get("/openapi.json").await.expect(200).json();
    let page = stage.public().browse("/docs").await.expect(200);
    let attributes = stage.public().browse("/docs/attributes").await.expect(200);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(path.as_str()), "{path}");
    }
    for forbidden in ["<script", "<link", "src=", "@import"] {
        assert!(!page.text.contains(forbidden), "{forbidden}");
        assert!(!attributes.text.contains(forbidden), "{forbidden}");
    }
}

/// The `id`s of a page, none of which it has twice.
fn places(page: &str) -> BTreeSet<&str> {
    let ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let places: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(places.len(), ids.len(), "{ids:?}");
    places
}

#[tokio::test]
async fn what_may_be_asked_about_has_its_place_on_the_page() {
    let stage = Stage::start().await;
    let document = stage.public().get("/openapi.json").await.expect(200).json();
    let page = stage.public().browse("/docs").await.expect(200);
    let attributes = stage.public().browse("/docs/attributes").await.expect(200);
    let places_here = places(&page.text);
    let places_there = places(&attributes.text);
    for kind in web::ProblemKind::ALL {
        assert!(places_here.contains(kind.name()), "{kind:?}");
    }
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(places_here.contains(id), "{id}");
        }
    }
    for event_type in passport::catalogue().event_types() {
        let place = format!("event-{}", event_type.id);
        assert!(places_here.contains(place.as_str()), "{place}");
    }
    for attribute in passport::catalogue().attributes() {
        let place = attribute.pointer();
        assert!(places_there.contains(place.as_str()), "{place}");
    }
}

#[tokio::test]
async fn by_which_title_a_document_goes_out_in_a_format_is_told() {
    let stage = Stage::start().await;
    for page in ["/docs/attributes", "/docs/formats"] {
        let page = stage.public().browse(page).await.expect(200).text;
        for title in [
            "Waste prevention",
            "Separate collection",
            "Collection, second life and treatment",
        ] {
            let told = format!("with <code>title={title}</code>");
            assert!(page.contains(&told), "{title}");
        }
    }
}

/// Every address that a JSON-LD context gives to a term.
fn addresses<'c>(context: &'c Value, into: &mut Vec<&'c str>) {
    match context {
        Value::String(address) => into.push(address),
        Value::Object(members) => members.values().for_each(|value| addresses(value, into)),
        Value::Array(elements) => elements.iter().for_each(|value| addresses(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn every_term_of_linked_data_leads_to_its_description() {
    let stage = Stage::start().await;
    let page = stage.public().browse("/docs/attributes").await.expect(200);
    let places = places(&page.text);
    let context = stage.public().get("/v1/context.jsonld").await.expect(200);
    let context = context.json();
    let mut all = Vec::new();
    addresses(&context, &mut all);
    let here = format!("{}/docs/attributes#", stage.origin);
    let ours: BTreeSet<&str> = all
        .iter()
        .filter_map(|address| address.strip_prefix(&here))
        .collect();
    let nowhere: Vec<&&str> = ours
        .iter()
        .filter(|place| !places.contains(**place))
        .collect();
    assert!(nowhere.is_empty(), "{nowhere:?}");
    for known in [
        "dppStatus",
        "condition",
        "/condition/cycleCount/value",
        "/circularity/partNumbers/component",
    ] {
        assert!(ours.contains(known), "{known}");
    }
}

#[tokio::test]
async fn every_link_of_the_pages_leads_somewhere() {
    let stage = Stage::start().await;
    let page = stage.public().browse("/docs").await.expect(200);
    let attributes = stage.public().browse("/docs/attributes").await.expect(200);
    let formats = stage.public().browse("/docs/formats").await.expect(200);
    let mut followed = 0;
    for from in [&page, &attributes, &formats] {
        for link in from.text.split(" href=\"").skip(1) {
            let link = link.split('"').next().unwrap();
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let to = match path {
                "" => from,
                "/docs" => &page,
                "/docs/attributes" => &attributes,
                "/docs/formats" => &formats,
                _ if path.starts_with("/v1/") || path == "/openapi.json" => {
                    assert!(stage.public().get(path).await.status == 200, "{path}");
                    continue;
                }
                other => panic!("{other}"),
            };
            assert!(
                place.is_empty() || places(&to.text).contains(place),
                "{link}"
            );
            followed += 1;
        }
    }
    assert!(followed > 200, "{followed}");
}

/// A problem leads to its description.
#[tokio::test]
async fn the_type_of_a_problem_is_a_place_on_the_page() {
    let stage = Stage::start().await;
    let problem = stage.public().get("/v1/orders/x").await.expect(401).json();
    let (path, place) = problem["type"].as_str().unwrap().split_once('#').unwrap();
    let page = stage.public().browse(path).await.expect(200);
    assert!(places(&page.text).contains(place), "{place}");
}

/// OpenAPI 3.1 asks for a description of every answer and an `operationId` that is nobody else's, and a reference that
/// leads nowhere breaks generated clients.
#[tokio::test]
async fn the_document_is_one_that_clients_can_be_made_from() {
    let document: Value = serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let described: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap()),
                "{method} {path}"
            );
            for tag in operation["tags"].as_array().unwrap() {
                assert!(
                    described.contains(tag.as_str().unwrap()),
                    "{method} {path}: {tag}"
                );
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let says = answer.get("$ref").or(answer.get("description"));
                assert!(says.is_some(), "{method} {path}: {status}");
            }
        }
    }
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let is_there = match reference.strip_prefix('#') {
                Some(pointer) => document.pointer(pointer).is_some(),
                // Another test asks for each of these.
                None => reference.starts_with("/v1/schemas/"),
            };
            assert!(is_there, "{reference}");
        }
        match value {
            Value::Array(elements) => open.extend(elements),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
}

/// A body that is JSON says what is in it, and so does each of its members; what is held against it: every request and answer of
/// every test.
#[tokio::test]
async fn every_body_is_described_and_so_is_each_of_its_members() {
    let document: Value = serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let says = |schema: &Value| {
        ["$ref", "type", "oneOf", "anyOf", "allOf"]
            .iter()
            .any(|name| schema.get(*name).is_some())
    };
    let mut bodies = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap().iter();
            let taken = answers
                .filter(|(status, _)| status.starts_with('2'))
                .map(|(_, one)| one);
            for body in taken.chain(operation.get("requestBody")) {
                for (media_type, content) in body["content"].as_object().into_iter().flatten() {
                    assert!(says(&content["schema"]), "{method} {path}: {media_type}");
                    bodies += 1;
                }
            }
        }
    }
    assert!(bodies > 80, "{bodies}");
    let mut members = 0;
    let mut open = vec![(String::new(), &document)];
    while let Some((place, value)) = open.pop() {
        for (name, schema) in value["properties"].as_object().into_iter().flatten() {
            let words = schema["description"].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{place}: {name}");
            members += 1;
        }
        match value {
            Value::Array(elements) => open.extend(elements.iter().map(|one| (place.clone(), one))),
            Value::Object(members) => open.extend(
                members
                    .iter()
                    .map(|(name, one)| (format!("{place}/{name}"), one)),
            ),
            _ => {}
        }
    }
    assert!(members > 250, "{members}");
}

#[tokio::test]
async fn the_limits_that_are_described_are_those_that_are_held() {
    let document: Value = serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let size = &document["components"]["schemas"]["NewEvidence"]["properties"]["size"];
    assert_eq!(size["maximum"], storage::EVIDENCE_LIMIT);
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    for (name, path) in [
        ("LifecycleEvent", format!("/v1/dpps/{passport}/events")),
        ("NewSuccessors", format!("/v1/dpps/{passport}/successors")),
        ("NewTransfer", format!("/v1/dpps/{passport}/transfers")),
    ] {
        let members = &document["components"]["schemas"][name]["allOf"][1]["properties"];
        let (member, body) = match name {
            "NewTransfer" => ("purpose", json!({"reason": "x", "to": "recyclo"})),
            "NewSuccessors" => ("type", json!({"reason": "x", "publicReason": "x"})),
            _ => ("type", json!({"reason": "x"})),
        };
        let words = members[member]["enum"].as_array().unwrap();
        for (word, is_known) in words
            .iter()
            .map(|word| (word.clone(), true))
            .chain([(json!("x"), false)])
        {
            let mut body = body.clone();
            body[member] = word.clone();
            let answer = maker.post(&path, &body).await;
            // Some of the others are refused too: not for the word.
            let refusals = [
                "is not an event type",
                "is raised by",
                "starts no further life",
                "expected one of",
            ];
            let is_unknown = refusals.iter().any(|refusal| answer.text.contains(refusal));
            assert_eq!(is_unknown, !is_known, "{name} {word}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn what_a_text_names_is_said_instead_of_how_long_it_is() {
    let stage = Stage::start().await;
    let page = stage.public().browse("/docs/attributes").await.expect(200);
    let page = plain(&page.text);
    for (named, words) in [
        ("country", "a country (ISO 3166-1 alpha-2) as DE"),
        (
            "e-mail",
            "an e-mail address as name@example.eu; at most 254 characters",
        ),
        (
            "substance",
            "a CAS registry number whose check digit fits, as 7440-48-4",
        ),
        (
            "operator",
            "an identifier, where it has a scheme with it: lei:…",
        ),
    ] {
        assert!(page.contains(words), "{named}");
    }
    assert!(!page.contains("at most 2 characters"));
}

#[tokio::test]
async fn where_a_status_moves_is_what_the_machine_does() {
    let stage = Stage::start().await;
    let page = stage.public().browse("/docs").await.expect(200);
    let page = plain(&page.text);
    let moves = passport::battery_moves(passport::catalogue());
    for one in moves.iter().filter(|one| one.by == "status-change") {
        let row = format!(
            "{}{}, while the passport is a draftstatus-change",
            one.from, one.to
        );
        assert!(page.contains(&row), "{row}");
    }
}

/// The text of a page's part, without its markup.
fn plain(markup: &str) -> String {
    let texts = markup
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    texts.collect()
}

/// A form that is filled in from the page alone: each member of a body with its type, whether it must be there, and what it is.
#[tokio::test]
async fn the_page_says_of_every_body_what_its_members_are() {
    let stage = Stage::start().await;
    let page = stage.public().browse("/docs").await.expect(200).text;
    let section = |id: &str| {
        let from = page
            .find(&format!("<section class=\"operation\" id=\"{id}\""))
            .unwrap();
        plain(page[from..].split("<h5>Answers").next().unwrap())
    };
    for (operation, line) in [
        (
            "orderUnits",
            "count integer, required: How many units, 1 to 10,000.",
        ),
        (
            "orderUnits",
            "batch string (UUID): The batch, unless model is given.",
        ),
        ("orderUnits", "reason string, required: Why it is done"),
        (
            "recordReadings",
            "readings list of object, required: The readings, in any order.",
        ),
        (
            "recordReadings",
            "measuredAt string (RFC 3339), required: When it was measured",
        ),
        (
            "offerResponsibility",
            "One of takeover, further-life, waste.",
        ),
        ("announceEvidence", "class integer: The access class"),
        (
            "startSuccessors",
            "(ev/item, lmt/item, industrial/item, stationary/item)",
        ),
        ("updateDataElement", "any value: An RFC 7396 merge patch"),
        ("createDPP", "elements list of object, required"),
    ] {
        assert!(
            section(operation).contains(line),
            "{operation}: {line}\n{}",
            section(operation)
        );
    }
}

/// Every operation that takes a token refuses a caller without one, unless it says that none is needed.
#[tokio::test]
async fn every_operation_that_needs_a_token_refuses_a_caller_without_one() {
    let stage = Stage::start().await;
    let document = stage.public().get("/openapi.json").await.expect(200).json();
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(security) = operation["security"].as_array() else {
                continue;
            };
            if security
                .iter()
                .any(|one| one.as_object().is_some_and(serde_json::Map::is_empty))
            {
                continue;
            }
            let id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
            let path = path
                .replace("{unitId}", "32XZAJ4P21M1MZ0N3RQA")
                .replace("{labelId}", "0000000000")
                .replace("{dppId}", id)
                .replace("{id}", id);
            let body =
                serde_json::json!({"model": id, "category": "ev", "reason": "x", "data": {}});
            let answer = stage
                .public()
                .call(&method.to_uppercase(), &path, &[], Some(&body))
                .await;
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
            refused += 1;
        }
    }
    assert!(refused > 12, "{refused}");
}
