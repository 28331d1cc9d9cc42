//! A carrier's address serves every client: a page, data, all links, or the one link that was asked for (GS1-Conformant
//! Resolver 1.2.1). One test for each thing it has to do, numbered as in the standard's own list.

use serde_json::{Value, json};
use tests::{Answer, GTIN, Stage, text};

/// What GS1 keeps link types by.
const VOCABULARY: &str = "https://ref.gs1.org/voc/";

/// The path of a battery on the market, without and with its label.
async fn battery(stage: &Stage) -> (String, String) {
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    maker.link_gtin(&battery.unit).await;
    let unit = format!("/{}", battery.unit);
    (unit.clone(), format!("{unit}/{}", battery.label))
}

async fn accept(stage: &Stage, path: &str, media_type: &str) -> Answer {
    let headers = [("accept", media_type)];
    stage.public().call("GET", path, &headers, None).await
}

async fn linkset(stage: &Stage, path: &str) -> Value {
    let answer = accept(stage, path, "application/linkset+json").await;
    answer.expect(200).json()
}

#[tokio::test]
async fn one_address_answers_every_client_in_its_own_form() {
    let stage = Stage::start().await;
    let (_, path) = battery(&stage).await;
    for (media_type, content_type) in [
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("application/linkset+json", "application/linkset+json"),
        ("*/*", "application/json"),
    ] {
        let answer = accept(&stage, &path, media_type).await.expect(200);
        assert_eq!(answer.header("content-type"), content_type);
        assert!(answer.header("cache-control").contains("stale-if-error"));
        let tag = answer.header("etag");
        let headers = [("accept", media_type), ("if-none-match", tag)];
        let _ = stage
            .public()
            .call("GET", &path, &headers, None)
            .await
            .expect(304);
    }
    let _ = accept(&stage, &path, "image/png").await.expect(406);
    let linked = accept(&stage, &path, "application/ld+json").await.json();
    assert!(text(&linked, "@context").ends_with("/v1/context.jsonld"));
    assert_eq!(linked["notices"]["label"], "current");
}

/// SHALL support GET, HEAD and OPTIONS, and CORS.
#[tokio::test]
async fn get_head_and_options_are_answered_to_any_site() {
    let stage = Stage::start().await;
    let (unit, label) = battery(&stage).await;
    let id = unit.trim_start_matches('/');
    for path in [
        &unit,
        &label,
        &format!("/01/{GTIN}/21/{id}"),
        &format!("/8004/9521234{id}"),
    ] {
        for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 204)] {
            let answer = stage.public().call(method, path, &[], None).await;
            let answer = answer.expect(status);
            assert_eq!(
                answer.header("access-control-allow-origin"),
                "*",
                "{method} {path}"
            );
            for known in ["GET", "HEAD", "OPTIONS"] {
                assert!(
                    answer
                        .header("access-control-allow-methods")
                        .contains(known)
                );
            }
            assert_eq!(answer.text.is_empty(), method != "GET");
        }
        let refused = stage
            .public()
            .call("POST", path, &[], Some(&json!({})))
            .await;
        let _ = refused.expect(405);
    }
}

/// SHALL validate the syntax and answer 400; SHALL NOT answer 200 with an error.
#[tokio::test]
async fn what_is_no_digital_link_is_refused_and_says_why() {
    let stage = Stage::start().await;
    let (unit, _) = battery(&stage).await;
    for path in [
        "/01/09521234000014".to_owned(),
        format!("/01/{GTIN}/foo"),
        format!("/01/{GTIN}/21{unit}/foo"),
        format!("/01/{GTIN}/21/a%20b"),
        format!("/01/{GTIN}/21/%zz"),
        "/8004/ABC".to_owned(),
        "/8004/9521234ABC/foo".to_owned(),
        "/01".to_owned(),
        format!("{unit}?linkType=%3Cx%3E"),
    ] {
        let refused = stage.public().get(&path).await.expect(400);
        assert!(
            !refused.json()["detail"].as_str().unwrap().is_empty(),
            "{path}"
        );
        let page = stage.public().browse(&path).await.expect(400);
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
    }
}

/// SHALL list all links as a linkset, by `linkType` and by `Accept`, without redirecting; every link with target, type and
/// title; exactly one default, with nothing else to it.
#[tokio::test]
async fn all_links_are_listed_as_gs1_has_them() {
    let stage = Stage::start().await;
    let (unit, label) = battery(&stage).await;
    let id = unit.trim_start_matches('/');
    let digital_link = format!("/01/{GTIN}/21/{id}");
    for path in [&unit, &label, &digital_link] {
        let by_accept = linkset(&stage, path).await;
        for name in ["linkset", "all"] {
            let asked = format!("{path}?linkType={name}");
            let answer = stage.public().browse(&asked).await.expect(200);
            assert_eq!(answer.header("content-type"), "application/linkset+json");
            assert_eq!(answer.json(), by_accept);
        }
        holds_for_gs1(&by_accept);
        let contexts = by_accept["linkset"].as_array().unwrap();
        for context in contexts {
            let context = context.as_object().unwrap();
            let default = context[&format!("{VOCABULARY}defaultLink")]
                .as_array()
                .unwrap();
            assert_eq!(default.len(), 1);
            let members: Vec<&String> = default[0].as_object().unwrap().keys().collect();
            assert_eq!(members, ["href", "title"]);
        }
        // At whichever level they stand.
        for name in ["dpp", "certificationInfo", "safetyInfo", "recyclingInfo"] {
            let relation = format!("{VOCABULARY}{name}");
            let mut links = contexts
                .iter()
                .filter_map(|context| context[&relation].as_array());
            assert!(
                links.any(|links| !links.is_empty()),
                "{name} in {by_accept:#}"
            );
        }
    }
    // From the item up to the model.
    let walked = linkset(&stage, &digital_link).await;
    let anchors: Vec<String> = walked["linkset"]
        .as_array()
        .unwrap()
        .iter()
        .map(|context| text(context, "anchor"))
        .collect();
    let at = |path: &str| format!("{}{path}", stage.origin);
    assert_eq!(anchors, [at(&digital_link), at(&format!("/01/{GTIN}"))]);
    let plain = linkset(&stage, &label).await;
    assert_eq!(plain["linkset"][0]["anchor"], at(&unit));
}

/// Held against the schema that GS1 publishes.
fn holds_for_gs1(linkset: &Value) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/reference/data/gs1/linkset-gs1-linkset-schema.json"
    );
    let Ok(schema) = std::fs::read_to_string(path) else {
        eprintln!("skipped: GS1's schema of linksets is not here");
        return;
    };
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // It names itself by a member that JSON Schema does not have.
    schema.as_object_mut().unwrap().remove("@id");
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(linkset)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{linkset:#}");
}

/// SHALL redirect to the link type that was asked for and pass the query on; 404 where there is none of it, 300 where several
/// are equal.
#[tokio::test]
async fn the_link_that_was_asked_for_is_followed() {
    let stage = Stage::start().await;
    let (unit, label) = battery(&stage).await;
    let all = linkset(&stage, &unit).await;
    let target = text(
        &all["linkset"][0][format!("{VOCABULARY}certificationInfo")][0],
        "href",
    );
    for path in [&unit, &label] {
        for name in [
            "gs1:certificationInfo",
            "https%3A%2F%2Fref.gs1.org%2Fvoc%2FcertificationInfo",
            "https://gs1.org/voc/certificationInfo",
        ] {
            let asked = format!("{path}?a=1&linkType={name}&b=%20x");
            let answer = stage.public().browse(&asked).await.expect(307);
            assert_eq!(answer.header("location"), format!("{target}?a=1&b=%20x"));
            assert!(
                answer.header("link").contains("rel=\"linkset\""),
                "{}",
                answer.header("link")
            );
        }
        let asked = format!("{path}?linkType=gs1:recyclingInfo");
        let choice = stage.public().browse(&asked).await.expect(300);
        let count = all["linkset"][0][format!("{VOCABULARY}recyclingInfo")]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(choice.text.matches("<li>").count(), count);
        for name in ["gs1:epcis", "schema:about"] {
            let asked = format!("{path}?linkType={name}");
            let _ = stage.public().get(&asked).await.expect(404);
            let _ = stage.public().browse(&asked).await.expect(404);
        }
    }
}

/// SHALL redirect to the default link unless something better is asked for; MAY serve content directly: the passport is the
/// default, and what its address answers.
#[tokio::test]
async fn the_default_link_is_the_passport_at_the_same_address() {
    let stage = Stage::start().await;
    let (_, path) = battery(&stage).await;
    let direct = stage.public().get(&path).await.expect(200).json();
    for name in [
        "gs1:defaultLink",
        "gs1:defaultLinkMulti",
        "gs1:dpp",
        "gs1:pip",
    ] {
        let asked = format!("{path}?linkType={name}");
        assert_eq!(stage.public().get(&asked).await.expect(200).json(), direct);
    }
}

/// SHOULD expose the linkset in `Link`, and what makes it JSON-LD.
#[tokio::test]
async fn every_answer_says_where_its_links_are() {
    let stage = Stage::start().await;
    let (unit, label) = battery(&stage).await;
    let answer = stage.public().get(&label).await.expect(200);
    let expected = format!(
        "<{}{unit}?linkType=linkset>; rel=\"linkset\"; type=\"application/linkset+json\", <{}/v1/dpps/",
        stage.origin, stage.origin
    );
    assert!(answer.header("link").starts_with(&expected));
    let answer = accept(&stage, &label, "application/linkset+json").await;
    let link = answer.header("link");
    assert!(
        link.contains("rel=\"http://www.w3.org/ns/json-ld#context\""),
        "{link}"
    );
    let context = stage.public().get("/linkset.jsonld").await.expect(200);
    assert_eq!(context.header("content-type"), "application/ld+json");
    assert_eq!(context.json()["@context"]["anchor"], "@id");
}

/// SHALL provide a resolver description file.
#[tokio::test]
async fn the_resolver_describes_itself() {
    let stage = Stage::start().await;
    let description = stage
        .public()
        .get("/.well-known/gs1resolver")
        .await
        .expect(200);
    assert_eq!(description.header("access-control-allow-origin"), "*");
    let description = description.json();
    assert_eq!(description["resolverRoot"], stage.origin);
    assert_eq!(description["supportedPrimaryKeys"], json!(["01", "8004"]));
    assert_eq!(description["supportedLinkType"][0]["namespace"], VOCABULARY);
}

/// SHOULD tolerate trailing slashes.
#[tokio::test]
async fn a_slash_at_the_end_any_case_and_an_identification_link_lead_to_the_same_battery() {
    let stage = Stage::start().await;
    let (unit, label) = battery(&stage).await;
    let id = unit.trim_start_matches('/');
    let direct = stage.public().get(&unit).await.expect(200).json();
    for path in [
        format!("{unit}/"),
        format!("/{}", id.to_lowercase()),
        format!("/01/{GTIN}/21/{}/", id.to_lowercase()),
        format!("/8004/9521234{id}/"),
        format!("/?.S={id}"),
        format!("/?.25S=UN123456789{id}&.1P=MODEL"),
        format!("/json/en/{id}"),
    ] {
        assert_eq!(
            stage.public().get(&path).await.expect(200).json(),
            direct,
            "{path}"
        );
    }
    let scanned = stage.public().get(&label).await.expect(200).json();
    for path in [
        format!("{label}/"),
        label.to_lowercase(),
        format!("/01/{GTIN}/21/{id}?91={}", &label[22..]),
        format!("/json/en/{id}?label={}", &label[22..]),
    ] {
        assert_eq!(
            stage.public().get(&path).await.expect(200).json(),
            scanned,
            "{path}"
        );
    }
}
