//! The OpenAPI document, the code and what is served agree.

use serde_json::Value;
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
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.text.contains(path.as_str()), "{path}");
    }
    for forbidden in ["<script", "<link", "src=", "@import"] {
        assert!(!page.text.contains(forbidden), "{forbidden}");
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
