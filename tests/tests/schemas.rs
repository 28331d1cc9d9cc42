//! JSON Schemas are served, cached, and referred to.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{Stage, text};

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
    assert_eq!(outside.len(), 4 * 4, "{outside:?}");
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
