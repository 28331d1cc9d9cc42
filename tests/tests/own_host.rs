//! An operator's own host name: its batteries carry it from the day their ids were allocated and for good, and it is nobody else's.

use identity::Host;
use serde_json::{Value, json};
use storage::{CarrierHost, CommitError, Registrar};
use tests::{GTIN, Partner, Stage, sample_batch, sample_item, text};

const OWN: &str = "dpp.voltwerk.example";

/// Registers an organisation anew with a host of its own.
async fn give(stage: &Stage, organisation: &str, host: &str) -> Result<(), CommitError> {
    let store = &stage.running.store;
    let mut record = store.organisation(organisation).await?.unwrap();
    record.carrier_host = Some(Host::parse(host).unwrap());
    let registrar = Registrar {
        organisation: "operations".to_owned(),
        person: "registrar-1".to_owned(),
        reason: "own domain, in escrow".to_owned(),
    };
    let now = web::now();
    store
        .register_organisation("log", record, &registrar, now)
        .await?;
    // What is known of an organisation is a second old at most.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    Ok(())
}

async fn ordered(maker: &Partner<'_>) -> Value {
    let model = maker.model().await;
    let batch = json!({"model": model, "reason": "line set up", "data": sample_batch()});
    let batch = maker.post("/v1/batches", &batch).await.expect(201).json();
    let body = json!({"batch": text(&batch, "id"), "count": 1, "reason": "order 1"});
    let order = maker.post("/v1/units", &body).await.expect(201).json();
    let again = format!("/v1/orders/{}", text(&order, "order"));
    let again = maker.get(&again).await.expect(200).json();
    assert_eq!(again["units"], order["units"]);
    order["units"][0].clone()
}

/// The id and the passport of a battery on the market, made by the address in its label.
async fn battery(maker: &Partner<'_>, unit: &Value) -> (String, String) {
    let carrier = text(unit, "carrier");
    let passport = maker.passport(&carrier, &sample_item()).await.expect(201);
    let passport = text(&passport.json(), "id");
    let placed = json!({"type": "placed-on-market", "reason": "delivered"});
    let _ = maker.event(&passport, &placed).await.expect(201);
    (text(unit, "unit"), passport)
}

fn encoded(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

#[tokio::test]
async fn carriers_and_product_identifiers_name_the_operators_own_host_from_the_order_on() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let before = ordered(&maker).await;
    give(&stage, "voltwerk", OWN).await.unwrap();
    let unit = ordered(&maker).await;
    let (id, passport) = battery(&maker, &unit).await;
    let label = text(&unit, "label");
    let upper = OWN.to_uppercase();
    assert_eq!(unit["carrier"], format!("http://{upper}/{id}/{label}"));

    let product = format!("http://{OWN}/{id}");
    let identity = maker.get(&format!("/v1/units/{id}")).await.expect(200);
    assert_eq!(identity.json()["uniqueProductIdentifier"], product);
    let record = maker.get(&format!("/v1/dpps/{passport}")).await.expect(200);
    assert_eq!(record.json()["uniqueProductIdentifier"], product);
    let printed = format!("/v1/units/{id}/labels/{label}?format=json");
    let printed = maker.get(&printed).await.expect(200).json();
    assert_eq!(printed["carrier"], unit["carrier"]);

    // Whoever scans it comes here by the name in the symbol, in whatever case.
    for host in [OWN, "DPP.Voltwerk.Example"] {
        let headers = [("host", host), ("accept", "application/json")];
        let path = format!("/{id}/{label}");
        let scanned = stage.get_from(&stage.origin, &path, &headers).await;
        let scanned = scanned.expect(200);
        assert_eq!(scanned.json()["uniqueProductIdentifier"], product);
        let announced = format!("<{product}?linkType=linkset>");
        assert!(scanned.header("link").starts_with(&announced));
    }
    let links = format!("/{id}?linkType=linkset");
    let links = stage.public().get(&links).await.expect(200).json();
    assert_eq!(links["linkset"][0]["anchor"], product);
    maker.link_gtin(&id).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let links = format!("/01/{GTIN}/21/{id}?linkType=linkset");
    let links = stage.public().get(&links).await.expect(200).json();
    let link = format!("http://{OWN}/01/{GTIN}/21/{id}");
    assert_eq!(links["linkset"][0]["anchor"], link);

    // What was ordered before stays what is printed on it, and what comes after another change too.
    give(&stage, "voltwerk", "id.voltwerk.example")
        .await
        .unwrap();
    for (unit, host) in [
        (&before, stage.origin.trim_start_matches("http://")),
        (&unit, OWN),
        (&ordered(&maker).await, "id.voltwerk.example"),
    ] {
        let id = text(unit, "unit");
        let identity = maker.get(&format!("/v1/units/{id}")).await.expect(200);
        let product = format!("http://{host}/{id}");
        assert_eq!(identity.json()["uniqueProductIdentifier"], product);
    }
}

#[tokio::test]
async fn a_product_is_named_at_its_own_host_or_the_stages_and_at_no_other() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let plain = ordered(&maker).await;
    give(&stage, "voltwerk", OWN).await.unwrap();
    let (id, passport) = battery(&maker, &ordered(&maker).await).await;
    let plain = text(&plain, "unit");
    for (url, status) in [
        (format!("http://{OWN}/{id}"), 200),
        (format!("{}/{id}", stage.origin), 200),
        (format!("http://other.example/{id}"), 400),
        (format!("http://{OWN}/{plain}"), 400),
        (format!("http://{OWN}/32XZAJ4P21M1MZ0N3RQA"), 400),
    ] {
        let path = format!("/v1/dppsByProductId/{}", encoded(&url));
        let found = stage.public().get(&path).await.expect(status);
        if status == 200 {
            assert!(found.text.contains(&passport), "{url}");
        }
    }
    let asked = json!([format!("http://{OWN}/{id}"), "http://other.example/x"]);
    let named = maker.post("/v1/dppsByProductIds", &asked).await.expect(200);
    assert!(named.text.contains(&passport), "{}", named.text);
}

#[tokio::test]
async fn a_new_label_is_bound_by_the_symbol_with_the_batterys_own_host() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    give(&stage, "voltwerk", OWN).await.unwrap();
    let unit = ordered(&maker).await;
    let (id, _) = battery(&maker, &unit).await;
    let labels = format!("/v1/units/{id}/labels");
    let order = json!({"replaces": unit["label"], "reason": "scratched"});
    let new = maker.post(&labels, &order).await.expect(201).json();
    let label = text(&new, "label");
    let upper = OWN.to_uppercase();
    assert_eq!(new["carrier"], format!("http://{upper}/{id}/{label}"));
    let application = format!("{labels}/{label}/application");
    let read = |carrier: &str| {
        let serial = sample_item()["identification"]["serialNumber"].clone();
        json!({"carrier": carrier, "serialNumber": serial, "reason": "put on"})
    };
    let elsewhere = format!("{}/{id}/{label}", stage.origin);
    let refused = maker.post(&application, &read(&elsewhere)).await;
    assert!(refused.expect(422).text.contains("other-host"));
    let carrier = text(&new, "carrier");
    let _ = maker.post(&application, &read(&carrier)).await.expect(200);
}

#[tokio::test]
async fn a_battery_made_of_another_carries_the_host_of_whoever_made_it() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    give(&stage, "voltwerk", OWN).await.unwrap();
    let (_, passport) = battery(&maker, &ordered(&maker).await).await;
    let (_, split) = battery(&maker, &ordered(&maker).await).await;
    give(&stage, "voltwerk", "second.voltwerk.example")
        .await
        .unwrap();
    let parts = json!({"model": maker.model().await, "units": [{}, {}]});
    for (passport, more, host) in [
        (&passport, json!({}), OWN),
        (&split, parts, "second.voltwerk.example"),
    ] {
        let begun = maker.succeed(passport, "repurposed", more).await;
        let begun = begun.expect(201).json()["successors"][0].clone();
        let expected = format!("http://{}/", host.to_uppercase());
        let carrier = text(&begun, "carrier");
        assert!(carrier.starts_with(&expected), "{carrier}");
        let next = format!("/v1/dpps/{}", text(&begun, "id"));
        let product = maker.get(&next).await.expect(200).json();
        let product = text(&product, "uniqueProductIdentifier");
        assert!(product.starts_with(&format!("http://{host}/")), "{product}");
    }
}

#[tokio::test]
async fn a_host_is_one_organisations_for_good() {
    let stage = Stage::start().await;
    give(&stage, "voltwerk", OWN).await.unwrap();
    give(&stage, "voltwerk", "id.voltwerk.example")
        .await
        .unwrap();
    for host in [OWN, "id.voltwerk.example"] {
        let taken = give(&stage, "hausspeicher", host).await.unwrap_err();
        let sentence = format!("the host name `{host}` is registered for `voltwerk`");
        assert!(taken.to_string().starts_with(&sentence), "{taken}");
    }
    let kept = stage.running.store.organisation("hausspeicher").await;
    assert_eq!(kept.unwrap().unwrap().carrier_host, None);
    let hosts = stage.running.store.carrier_hosts().await.unwrap();
    let hosts: Vec<(&str, &str)> = hosts
        .iter()
        .map(
            |CarrierHost {
                 host, organisation, ..
             }| (host.as_str(), organisation.as_str()),
        )
        .collect();
    assert_eq!(
        hosts,
        [(OWN, "voltwerk"), ("id.voltwerk.example", "voltwerk")]
    );

    // Custody moved to one of them would lead in circles.
    let unit = stage.maker().unit().await.unit;
    let body = json!({"resolver": format!("https://{OWN}"), "reason": "sold"});
    let path = format!("/v1/units/{unit}/custody");
    let refused = stage.maker().post(&path, &body).await.expect(400);
    assert!(
        refused.text.contains("leads here itself"),
        "{}",
        refused.text
    );
}
