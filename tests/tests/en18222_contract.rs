//! Our answers, held against an OpenAPI description of EN 18222:2026 that others wrote.
//!
//! It is not part of this project: where `../shared/reference` is absent these tests say so and end.

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::{Stage, sample_item};

/// The description's schemas.
struct Contract(Value);

impl Contract {
    fn read() -> Option<Self> {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/reference/data/en18222/openepcis-en18222-2026.openapi.yaml");
        let Ok(text) = std::fs::read_to_string(&file) else {
            eprintln!("skipped: `{}` is not there", file.display());
            return None;
        };
        let mut document: Value = serde_yaml_ng::from_str(&text).unwrap();
        // A JSON Schema validator knows no `discriminator`: without it an element is of every kind at once.
        let kinds = document["components"]["schemas"]["DataElement"]["discriminator"]["mapping"]
            .as_object()
            .unwrap()
            .clone();
        let cases: Vec<Value> = kinds
            .iter()
            .map(|(kind, schema)| json!({"if": {"properties": {"objectType": {"const": kind}}}, "then": {"$ref": schema}}))
            .collect();
        let names: Vec<&String> = kinds.keys().collect();
        document["components"]["schemas"]["DataElement"] = json!({
            "required": ["objectType"], "properties": {"objectType": {"enum": names}}, "allOf": cases,
        });
        Some(Self(document["components"].take()))
    }

    /// Fails unless the answer is what the schema describes.
    fn holds(&self, schema: &str, answer: &Value) {
        let schema =
            json!({"$ref": format!("#/components/schemas/{schema}"), "components": self.0});
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}\n{answer:#}");
    }

    fn refuses(&self, schema: &str, answer: &Value) {
        let schema =
            json!({"$ref": format!("#/components/schemas/{schema}"), "components": self.0});
        assert!(!jsonschema::is_valid(&schema, answer), "{answer:#}");
    }
}

#[tokio::test]
async fn passports_have_the_form_of_the_description_for_whoever_reads_them() {
    let Some(contract) = Contract::read() else {
        return;
    };
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    for battery in &seeded.batteries {
        let owner = stage.partner("economic-operator", &battery.organisation);
        for caller in [stage.public(), owner] {
            for path in [
                format!("/v1/dpps/{}?", battery.passport),
                format!("/v1/dppsByProductId/{}?", battery.unit),
                format!(
                    "/v1/dppsByIdAndDate/{}?date=2999-01-01T00:00:00Z&",
                    battery.passport
                ),
            ] {
                let compressed = caller.get(&path).await.expect(200).json();
                contract.holds("DigitalProductPassportCompressed", &compressed);
                let full = format!("{path}representation=full");
                let mut full = caller.get(&full).await.expect(200).json();
                contract.holds("DigitalProductPassportFull", &full);
                // What holds holds for a reason.
                full["elements"][0]["objectType"] = json!("Something");
                contract.refuses("DigitalProductPassportFull", &full);
            }
            for path in ["performance", "performance.ratedCapacity", "dppStatus"] {
                let path = format!(
                    "/v1/dpps/{}/elements/$.{path}?representation=full",
                    battery.passport
                );
                contract.holds("DataElement", &caller.get(&path).await.expect(200).json());
            }
        }
    }
}

#[tokio::test]
async fn other_answers_have_the_form_of_the_description() {
    let Some(contract) = Contract::read() else {
        return;
    };
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let created = maker
        .passport(&unit.unit, &sample_item())
        .await
        .expect(201)
        .json();
    contract.holds("CreateDPPResult", &created);
    let other = maker.unit().await;
    let _ = maker
        .passport(&other.unit, &sample_item())
        .await
        .expect(201);
    let asked = json!({"productIds": [unit.unit, other.unit]});
    contract.holds("ProductIdQuery", &asked);
    for query in ["", "?limit=1"] {
        let path = format!("/v1/dppsByProductIds{query}");
        let page = maker
            .call("POST", &path, &[], Some(&asked))
            .await
            .expect(200)
            .json();
        assert_eq!(page.get("nextCursor").is_some(), !query.is_empty());
        contract.holds("DppIdPage", &page);
    }
    let again = maker.passport(&unit.unit, &sample_item()).await.expect(409);
    let invalid = json!({"identification": {"serialNumber": 7, "mass": {"value": 1, "unit": "g"}}});
    let headers = [("dpp-event-type", "correction"), ("dpp-reason", "misread")];
    let path = format!("/v1/dpps/{}", created["id"].as_str().unwrap());
    for problem in [
        again,
        maker
            .call("PATCH", &path, &headers, Some(&invalid))
            .await
            .expect(422),
        maker.get("/v1/dpps/x").await.expect(400),
        stage.public().get(&path).await.expect(404),
        maker.call("PUT", &path, &[], None).await.expect(405),
    ] {
        let result = problem.json();
        contract.holds("Result", &result);
        contract.holds("Message", &result["message"][0]);
        let mut nothing = result.clone();
        nothing["statusCode"] = json!("Oops");
        contract.refuses("Result", &nothing);
    }
}
