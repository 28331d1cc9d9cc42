//! JSON Schemas are served, cached, referred to, and hold for what the platform answers.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};
use tests::{Answer, Stage, text};

async fn schema(stage: &Stage, path: &str) -> Validator {
    let schema = stage.public().get(path).await.expect(200).json();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn holds(validator: &Validator, answer: &Answer) {
    let answer = answer.json();
    let faults: Vec<String> = validator
        .iter_errors(&answer)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn every_listed_schema_is_served_under_its_id_and_kept_by_caches() {
    let stage = Stage::start().await;
    let public = stage.public();
    let listing = public.get("/v1/schemas").await.expect(200).json();
    let listed = listing["schemas"].as_array().unwrap();
    assert_eq!(listed.len(), 4 * 20);
    let mut tags = BTreeSet::new();
    for one in listed {
        let url = text(one, "url");
        let path = url.strip_prefix(&stage.origin).unwrap();
        let answer = public.get(path).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/schema+json");
        assert!(
            answer
                .header("cache-control")
                .starts_with("public, max-age=")
        );
        let body = answer.json();
        assert_eq!(body["$id"], url);
        assert_eq!(
            body["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(body["title"], one["title"]);
        let tag = answer.header("etag").to_owned();
        let again = public
            .call("GET", path, &[("if-none-match", &tag)], None)
            .await
            .expect(304);
        assert_eq!((again.length, again.header("etag")), (0, tag.as_str()));
        assert!(tags.insert(tag), "{url}");
    }
}

#[tokio::test]
async fn each_version_of_the_guidance_has_its_schema() {
    let stage = Stage::start().await;
    let public = stage.public();
    let of = async |version: &str| {
        let path = format!("/v1/schemas/lmt/1?guidance={version}");
        public.get(&path).await.expect(200).json()
    };
    let (first, second) = (of("1.0").await, of("2.0").await);
    assert_eq!(
        first["$id"],
        format!("{}/v1/schemas/lmt/1?guidance=1.0", stage.origin)
    );
    let circularity = "/properties/circularity/properties/recoveredCobalt";
    assert!(first.pointer(circularity).is_some());
    assert!(second.pointer(circularity).is_none());
    for (path, status) in [
        ("/v1/schemas/lmt/1?guidance=9", 400),
        ("/v1/schemas/lmt/1?guidence=1.0", 400),
        ("/v1/schemas/toy/1", 404),
        ("/v1/schemas/lmt/5", 404),
        ("/v1/schemas/lmt/2-1", 404),
        ("/v1/schemas/lmt/__proto__", 404),
    ] {
        let answer = public.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}

/// What the OpenAPI document refers to outside itself is there for anybody.
#[tokio::test]
async fn the_openapi_document_refers_to_schemas_that_are_served() {
    let stage = Stage::start().await;
    let document = stage.public().get("/openapi.json").await.expect(200);
    let outside: BTreeSet<&str> = document
        .text
        .split("\"$ref\":")
        .skip(1)
        .map(|rest| rest.split('"').nth(1).unwrap())
        .filter(|reference| !reference.starts_with('#'))
        .collect();
    assert_eq!(outside.len(), 4 * 5, "{outside:?}");
    for reference in outside {
        let schema = stage.public().get(reference).await.expect(200).json();
        assert_eq!(schema["$id"], format!("{}{reference}", stage.origin));
    }
    let document = document.json();
    for (pointer, component) in [
        ("/paths/~1v1~1models/post/requestBody", "NewModel"),
        ("/paths/~1v1~1batches/post/requestBody", "NewBatch"),
        ("/paths/~1v1~1dpps/post/requestBody", "NewPassport"),
        (
            "/paths/~1v1~1dpps~1{dppId}/get/responses/200",
            "ReadPassport",
        ),
    ] {
        let reference =
            document.pointer(&format!("{pointer}/content/application~1json/schema/$ref"));
        assert_eq!(
            reference,
            Some(&json!(format!("#/components/schemas/{component}")))
        );
    }
}

#[tokio::test]
async fn what_each_reader_is_answered_is_valid() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let categories = ["ev", "lmt", "stationary"];
    for (battery, category) in seeded.batteries.iter().zip(categories) {
        let path = format!("/v1/dpps/{}", battery.passport);
        let readers = [
            (stage.public(), "1"),
            (stage.partner("recycler", "recyclo"), "1-2-4"),
            (stage.partner("market-surveillance", "authority"), "1-2-3"),
            (
                stage.partner("economic-operator", &battery.organisation),
                "0-1-2-3-4",
            ),
        ];
        for (reader, classes) in readers {
            let answer = reader.get(&path).await.expect(200);
            let form = format!("/v1/schemas/{category}/{classes}");
            holds(&schema(&stage, &form).await, &answer);
            // The examples are on the market, and so complete.
            holds(&schema(&stage, &format!("{form}-complete")).await, &answer);
        }
    }
}

/// The catalogue, the schema and the platform refuse the same.
#[tokio::test]
async fn what_the_schema_refuses_the_platform_refuses() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let schema = schema(&stage, "/v1/schemas/ev/model").await;
    for (data, taken) in [
        (
            json!({"performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}}}),
            true,
        ),
        (
            json!({"performance": {"ratedCapacity": {"value": 230, "unit": "kW.h"}}}),
            false,
        ),
        (
            json!({"performance": {"ratedCapacity": {"value": -1, "unit": "A.h"}}}),
            false,
        ),
        (json!({"performance": {"noSuchThing": 1}}), false),
        (
            json!({"identification": {"serialNumber": "of the unit"}}),
            false,
        ),
        (json!({"identification": {"batteryCategory": "lmt"}}), false),
        (
            json!({"identification": {"modelName": "bidi \u{202e} text"}}),
            false,
        ),
        (json!({"identification": {"modelName": " "}}), false),
        (json!({"nowhere": {}}), false),
    ] {
        assert_eq!(schema.is_valid(&data), taken, "{data}");
        let body = json!({"category": "ev", "reason": "x", "data": data});
        let answer: Value = maker
            .post("/v1/models", &body)
            .await
            .expect(if taken { 201 } else { 422 })
            .json();
        assert_eq!(answer.get("faults").is_some(), !taken);
    }
}

#[tokio::test]
async fn a_passport_leads_to_the_version_of_the_catalogue_it_follows() {
    let stage = Stage::start().await;
    let public = stage.public();
    let listed = public.get("/v1/catalogue").await.expect(200).json();
    let guidance = listed["guidance"].as_array().unwrap();
    let in_force: Vec<_> = guidance
        .iter()
        .filter(|version| version["inForce"] == true)
        .collect();
    assert_eq!(in_force.len(), 1);
    let mut places = Vec::new();
    for one in listed["versions"].as_array().unwrap() {
        let url = text(one, "url");
        let answer = public
            .get(url.strip_prefix(&stage.origin).unwrap())
            .await
            .expect(200);
        let body = answer.json();
        assert_eq!(body["version"], one["version"]);
        let attributes = body["attributes"].as_array().unwrap();
        let place = |one: &Value| format!("/{}/{}", text(one, "group"), text(one, "id"));
        places.push(attributes.iter().map(place).collect::<BTreeSet<String>>());
        assert!(attributes.iter().all(|one| one["source"] != ""));
    }
    let [first, newest] = places.as_slice() else {
        panic!("{listed}");
    };
    let (old, new) = (
        "/condition/selfDischargeRate",
        "/condition/currentSelfDischargeRate",
    );
    assert!(first.contains(old) && !first.contains(new));
    assert!(newest.contains(new) && !newest.contains(old));

    let battery = stage.seeded().await.batteries[0].clone();
    let path = format!("/{}", battery.unit);
    let json = [("accept", "application/json")];
    let scanned = public.call("GET", &path, &json, None).await.expect(200);
    let newest = listed["versions"].as_array().unwrap().last().unwrap();
    assert_eq!(
        scanned.json()["contentSpecificationIds"],
        json!([newest["url"]])
    );
    let unknown = public.get("/v1/catalogue/0.9").await.expect(404).json();
    assert!(text(&unknown, "detail").contains("1.0, 1.1"), "{unknown}");
}
