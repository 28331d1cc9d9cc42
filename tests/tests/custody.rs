//! Custody moves by one audited change, and every label follows without being touched.

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};

async fn move_custody(partner: &Partner<'_>, path: &str, resolver: Value) -> Answer {
    let body = json!({"resolver": resolver, "reason": "back-up provider takes over"});
    partner.post(&format!("{path}/custody"), &body).await
}

/// Where a scan leads; empty where it is answered here.
async fn led_to(stage: &Stage, path: &str) -> String {
    let answer = stage.public().browse(path).await;
    match answer.status {
        200 => String::new(),
        _ => {
            let answer = answer.expect(307);
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.header("link").contains("handledBy"));
            answer.header("location").to_owned()
        }
    }
}

#[tokio::test]
async fn labels_of_a_unit_a_model_or_an_operator_follow_and_come_back() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let unit = format!("/v1/units/{}", battery.unit);
    let model = text(&maker.get(&unit).await.expect(200).json(), "model");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let old_label = format!("/{}/{}", battery.unit, battery.first_label);
    for path in [
        unit.clone(),
        format!("/v1/models/{model}"),
        format!("/v1/organisations/{}", battery.organisation),
    ] {
        let moved = move_custody(&maker, &path, json!("https://ID.backup.example/")).await;
        let moved = moved.expect(200);
        assert_eq!(
            moved.json(),
            json!({"resolver": "https://id.backup.example"})
        );
        assert!(!moved.header("audit-receipt").is_empty());
        // What is known of model and operator is a second old at most.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        for (asked, there) in [
            (scan.clone(), scan.clone()),
            (old_label.clone(), old_label.clone()),
            (
                format!("{scan}?lang=de&x=%20y"),
                format!("{scan}?lang=de&x=%20y"),
            ),
            (format!("{scan}/").to_lowercase(), scan.clone()),
            (
                format!("/html/de/{}", battery.unit),
                format!("/{}", battery.unit),
            ),
        ] {
            let expected = format!("https://id.backup.example{there}");
            assert_eq!(led_to(&stage, &asked).await, expected, "{path}");
        }
        let back = move_custody(&maker, &path, Value::Null).await.expect(200);
        assert_eq!(back.json(), json!({"resolver": null}));
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(led_to(&stage, &scan).await, "");
    }
    let events = maker
        .get(&format!("{unit}/events"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        events.to_string().matches("custody-moved").count(),
        2,
        "{events}"
    );
}

#[tokio::test]
async fn only_the_viewers_own_query_is_passed_on() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let unit = format!("/v1/units/{}", battery.unit);
    let resolver = json!("https://id.backup.example");
    let _ = move_custody(&maker, &unit, resolver).await.expect(200);
    let there = format!("/{}/{}", battery.unit, battery.label);
    // What the edge says beside a canonical request cannot be said by anybody else.
    let headers = [("viewer-query", "a=1")];
    for query in ["", "?b=2", "?c=3"] {
        let path = format!("{there}{query}");
        let led = stage.public().call("GET", &path, &headers, None).await;
        let expected = format!("https://id.backup.example{path}");
        assert_eq!(led.expect(307).header("location"), expected);
    }
}

#[tokio::test]
async fn custody_is_moved_by_the_operator_or_in_its_stead_by_the_platforms() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let unit = format!("/v1/units/{}", battery.unit);
    let operator = format!("/v1/organisations/{}", battery.organisation);
    let resolver = json!("https://id.backup.example");
    for stranger in [
        stage.partner("service-provider", "garage-nord"),
        stage.partner("economic-operator", "hausspeicher"),
        stage.partner("market-surveillance", "authority"),
    ] {
        for path in [&unit, &operator] {
            let _ = move_custody(&stranger, path, resolver.clone())
                .await
                .expect(404);
        }
    }
    let maker = stage.partner("economic-operator", &battery.organisation);
    let own = stage.origin.replace("http://", "https://");
    for wrong in [
        json!("http://id.backup.example"),
        json!("https://a/b"),
        json!("https://id.backup.example:443"),
        json!("https://id.backup.example:+8443"),
        json!("https://192.0.2.1"),
        json!("https://localhost"),
        json!(own),
        json!(1),
        json!(""),
    ] {
        let _ = move_custody(&maker, &unit, wrong).await.expect(400);
    }
    let platform = stage.partner("platform-operator", "operations");
    let _ = move_custody(&platform, &operator, resolver)
        .await
        .expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let scan = format!("/{}/{}", battery.unit, battery.label);
    assert_eq!(
        led_to(&stage, &scan).await,
        format!("https://id.backup.example{scan}")
    );
    let _ = move_custody(&platform, &operator, Value::Null)
        .await
        .expect(200);
}

#[tokio::test]
async fn where_labels_of_a_battery_lead_goes_with_the_responsibility_for_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let maker = stage.partner("economic-operator", &battery.organisation);
    let unit = format!("/v1/units/{}", battery.unit);
    let model = text(&maker.get(&unit).await.expect(200).json(), "model");
    let scan = format!("/{}/{}", battery.unit, battery.label);
    let resolver = json!("https://elsewhere.example");
    let _ = move_custody(&maker, &unit, resolver.clone())
        .await
        .expect(200);
    assert_ne!(led_to(&stage, &scan).await, "");
    let offer = maker
        .offer(&battery.passport, "hausspeicher", "takeover")
        .await;
    let next = stage.partner("economic-operator", "hausspeicher");
    let _ = next.accept(&offer).await.expect(200);
    assert_eq!(led_to(&stage, &scan).await, "");
    // Nor does its former owner lead it away with the others of its model.
    let model = format!("/v1/models/{model}");
    let _ = move_custody(&maker, &model, resolver).await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(led_to(&stage, &scan).await, "");
}
