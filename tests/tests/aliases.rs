//! Identifiers from elsewhere lead to the battery: GS1 keys, DIDs, identification links, an organisation's own serial numbers.

use serde_json::{Value, json};
use tests::{GTIN, Partner, Stage, Unit, text};

async fn link(partner: &Partner<'_>, path: &str, member: &str, identifier: &str) -> tests::Answer {
    let body = json!({member: identifier, "reason": "assigned by the manufacturer"});
    partner.post(&format!("{path}/aliases"), &body).await
}

/// A unit of a model with a GTIN, not on the market.
async fn unit_with_gtin(maker: &Partner<'_>) -> Unit {
    let unit = maker.unit().await;
    maker.link_gtin(&unit.unit).await;
    unit
}

/// A battery on the market, of a model with a GTIN.
async fn on_market(stage: &Stage, maker: &Partner<'_>) -> Unit {
    let battery = stage.seeded().await.batteries.swap_remove(0);
    let identity = maker.get(&format!("/v1/units/{}", battery.unit)).await;
    let model = text(&identity.expect(200).json(), "model");
    maker.link_gtin(&battery.unit).await;
    Unit {
        model,
        unit: battery.unit,
        label: battery.label,
    }
}

#[tokio::test]
async fn a_serial_number_behind_a_gtin_leads_to_the_battery() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = on_market(&stage, &maker).await;
    let path = format!("/v1/units/{}", unit.unit);
    let address = format!("https://id.example.eu/01/{GTIN}/21/SN%2f4711");
    let linked = link(&maker, &path, "alias", &address).await.expect(201);
    assert_eq!(linked.json()["alias"], format!("01/{GTIN}/21/SN%2F4711"));
    assert!(!linked.header("audit-receipt").is_empty());
    let direct = stage
        .public()
        .get(&format!("/{}", unit.unit))
        .await
        .expect(200)
        .json();
    for path in [
        format!("/01/{GTIN}/21/SN%2F4711"),
        format!("/01/{GTIN}/10/ANY/21/SN%2F4711/"),
        format!("/01/{GTIN}/21/{}", unit.unit),
    ] {
        assert_eq!(
            stage.public().get(&path).await.expect(200).json(),
            direct,
            "{path}"
        );
    }
    let page = stage
        .public()
        .browse(&format!("/01/{GTIN}/21/SN%2F4711"))
        .await
        .expect(200);
    assert!(
        page.text.contains("(01)09521234000013(21)SN/4711"),
        "{}",
        page.text
    );
    let labelled = format!("/01/{GTIN}/21/SN%2F4711?91={}", unit.label);
    let scanned = stage.public().get(&labelled).await.expect(200).json();
    assert_eq!(scanned["notices"]["label"], "current");
    let listed = maker
        .get(&format!("{path}/aliases"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        listed["aliases"][0]["alias"],
        format!("01/{GTIN}/21/SN%2F4711")
    );
    let events = maker
        .get(&format!("{path}/events"))
        .await
        .expect(200)
        .json();
    assert!(events.to_string().contains("alias-linked"), "{events}");
}

#[tokio::test]
async fn serial_numbers_counted_up_tell_nothing_of_what_is_not_on_the_market() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = unit_with_gtin(&maker).await;
    let path = format!("/v1/units/{}", unit.unit);
    let serial = format!("/01/{GTIN}/21/1000");
    let _ = link(&maker, &path, "alias", &serial).await.expect(201);
    let _ = maker
        .passport(&unit.unit, &tests::sample_item())
        .await
        .expect(201);
    // One that waits for its market, one that nobody has, and a GTIN that nobody has.
    let told = |answer: tests::Answer| {
        let mut problem = answer.expect(404).json();
        let members = problem.as_object_mut().unwrap();
        // Fresh for every answer.
        for name in ["correlationId", "instance", "timestamp", "message"] {
            members.remove(name);
        }
        problem
    };
    let known = told(stage.public().get(&serial).await);
    for number in 990..1010 {
        let walked = told(stage.public().get(&format!("/01/{GTIN}/21/{number}")).await);
        assert_eq!(walked, known, "{number}");
    }
    assert_eq!(
        told(stage.public().get("/01/09521234000020/21/1000").await),
        known
    );
    let asked = stage
        .public()
        .get(&format!("/v1/identifiers/01%2F{GTIN}%2F21%2F1000"))
        .await;
    assert_eq!(asked.expect(200).json()["canonical"], Value::Null);
    // Nor that another resolver has custody.
    let custody = json!({"resolver": "https://id.backup.example", "reason": "sold"});
    let moved = maker.post(&format!("{path}/custody"), &custody).await;
    let _ = moved.expect(200);
    // Asked without the edge, which keeps what nobody has for two seconds.
    let origin = stage.without_edge().await;
    assert_eq!(told(stage.get_from(&origin, &serial, &[]).await), known);
    // Its own organisation finds it.
    let asked = maker
        .get(&format!("/v1/identifiers/01%2F{GTIN}%2F21%2F1000"))
        .await;
    assert_eq!(asked.expect(200).json()["canonical"], unit.unit);
}

#[tokio::test]
async fn every_other_identifier_is_understood_where_somebody_types_it() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = on_market(&stage, &maker).await;
    let path = format!("/v1/units/{}", unit.unit);
    let identifiers = [
        ("alias", "did:web:voltwerk.example:batteries:4711"),
        ("alias", "https://ID.voltwerk.example/t82/4711"),
        ("alias", "https://id.example.eu/8004/9521234T82-4711"),
        ("serialNumber", "VW-82-4711"),
    ];
    for (member, identifier) in identifiers {
        let _ = link(&maker, &path, member, identifier).await.expect(201);
    }
    let typed = |identifier: &str| {
        let encoded: String = identifier
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        format!("/v1/identifiers/{encoded}")
    };
    for (member, identifier) in identifiers {
        let found = maker.get(&typed(identifier)).await.expect(200).json();
        assert_eq!(found["kind"], "alias", "{identifier}");
        assert_eq!(found["canonical"], unit.unit);
        // A serial number means something within its organisation alone.
        let stranger = stage
            .public()
            .get(&typed(identifier))
            .await
            .expect(200)
            .json();
        let expected = if member == "alias" {
            json!(unit.unit)
        } else {
            Value::Null
        };
        assert_eq!(stranger["canonical"], expected, "{identifier}");
    }
    let workshop = stage.partner("service-provider", "garage-nord");
    let foreign = workshop.get(&typed("VW-82-4711")).await.expect(200).json();
    assert_eq!(foreign["canonical"], Value::Null);
    let asset = stage
        .public()
        .get("/8004/9521234T82-4711")
        .await
        .expect(200)
        .json();
    assert!(text(&asset, "uniqueProductIdentifier").ends_with(&unit.unit));
}

#[tokio::test]
async fn an_identifier_names_one_thing_for_good() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (first, second) = (unit_with_gtin(&maker).await, maker.unit().await);
    let did = "did:web:voltwerk.example:1";
    let path = format!("/v1/units/{}", first.unit);
    let body = json!({"alias": did, "reason": "assigned"});
    let headers = [("idempotency-key", "alias-1")];
    let route = format!("{path}/aliases");
    let once = maker
        .call("POST", &route, &headers, Some(&body))
        .await
        .expect(201);
    let again = maker
        .call("POST", &route, &headers, Some(&body))
        .await
        .expect(201);
    assert_eq!(once.header("audit-receipt"), again.header("audit-receipt"));
    for unit in [&first, &second] {
        let path = format!("/v1/units/{}", unit.unit);
        let _ = link(&maker, &path, "alias", did).await.expect(409);
    }
    let model = format!("/v1/models/{}", second.model);
    let _ = link(&maker, &model, "alias", &format!("/01/{GTIN}"))
        .await
        .expect(409);
}

#[tokio::test]
async fn only_what_is_ones_own_can_be_linked_and_only_where_it_fits() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = unit_with_gtin(&maker).await;
    let (units, models) = (
        format!("/v1/units/{}", unit.unit),
        format!("/v1/models/{}", unit.model),
    );
    for (path, identifier, status) in [
        (&units, "not an identifier", 400),
        (&units, "/01/09521234000014/21/1", 400),
        // Another company's prefix.
        (&units, "/8004/4012345ABC", 409),
        (&models, "/01/04012345000009", 409),
        // A GTIN that the model does not have.
        (&units, "/01/09521234000020/21/1", 409),
        // A level that the subject is not.
        (&units, "/01/09521234000013", 409),
        (&models, "/01/09521234000013/21/1", 409),
        (&models, "did:web:voltwerk.example", 409),
        (&units, "/01/09521234000013/10/L/21/1", 409),
    ] {
        let _ = link(&maker, path, "alias", identifier).await.expect(status);
    }
    // What the unit id says by itself.
    let own = format!("/01/{GTIN}/21/{}", unit.unit);
    let _ = link(&maker, &units, "alias", &own).await.expect(409);
    let both = json!({"alias": "did:web:a", "serialNumber": "1", "reason": "both"});
    let _ = maker
        .post(&format!("{units}/aliases"), &both)
        .await
        .expect(400);
    for stranger in [
        stage.partner("economic-operator", "hausspeicher"),
        stage.partner("service-provider", "garage-nord"),
    ] {
        let _ = link(&stranger, &units, "alias", "did:web:a:1")
            .await
            .expect(404);
        let _ = stranger.get(&format!("{units}/aliases")).await.expect(404);
    }
    let _ = link(&stage.public(), &units, "alias", "did:web:a:1")
        .await
        .expect(401);
}

#[tokio::test]
async fn a_gtin_and_a_lot_lead_to_what_is_public_of_model_and_batch() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = unit_with_gtin(&maker).await;
    let batch = json!({"model": unit.model, "reason": "lot", "data": tests::sample_batch()});
    let batch = text(
        &maker.post("/v1/batches", &batch).await.expect(201).json(),
        "id",
    );
    let lot = format!("/01/{GTIN}/10/2027-03");
    let _ = link(&maker, &format!("/v1/batches/{batch}"), "alias", &lot)
        .await
        .expect(201);
    for (path, granularity) in [(format!("/01/{GTIN}"), "model"), (lot.clone(), "batch")] {
        let found = stage.public().get(&path).await.expect(200).json();
        assert_eq!(found["granularity"], granularity);
        assert!(text(&found, "uniqueProductIdentifier").ends_with(&path));
        assert_eq!(
            found["identification"]["modelName"],
            tests::sample_model()["identification"]["modelName"]
        );
        assert!(!found.to_string().contains("notices"));
        let page = stage.public().browse(&path).await.expect(200);
        assert!(page.text.contains("(01)09521234000013"));
        let headers = [("accept", "application/linkset+json")];
        let links = stage
            .public()
            .call("GET", &path, &headers, None)
            .await
            .expect(200)
            .json();
        let anchor = text(&links["linkset"][0], "anchor");
        assert!(anchor.ends_with(&path), "{links}");
    }
    let links = stage
        .public()
        .get(&format!("{lot}?linkType=linkset"))
        .await
        .expect(200)
        .json();
    assert_eq!(links["linkset"].as_array().unwrap().len(), 2, "{links:#}");
    let _ = stage
        .public()
        .get(&format!("/01/{GTIN}/10/other"))
        .await
        .expect(404);
}
