//! What the rows are about: a battery on the market and all that belongs to it, the same of one that nobody may know of, and ids
//! that were never issued.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use storage::Log;
use tests::{GTIN, OwnKey, Partner, Stage, sample_batch, sample_item, sample_model, text};

use crate::operations::ORGANISATIONS;

/// Stands in every value, reason and title of the scene that not everybody may read.
pub const NOT_FOR_ALL: &str = "not for everybody";
/// The organisation that is a stranger to everything here, in whatever role.
pub const STRANGER: &str = "hausspeicher";
/// The role in which nobody does anything here.
pub const BYSTANDER: &str = "supplier";

/// What the rows name in braces.
#[derive(Default, Clone)]
pub struct Names(pub BTreeMap<String, String>);

impl Names {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no `{name}`"))
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let _ = self.0.insert(name.to_owned(), value.into());
    }

    /// The text with every name in braces replaced.
    pub fn fill(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        self.0.iter().fold(text.to_owned(), fill)
    }

    /// The text with the name in the place of every id.
    pub fn mask(&self, text: &str) -> String {
        let ids = self.0.iter().filter(|(_, value)| never(value).is_some());
        let mask = |text: String, (_, value): (&String, &String)| {
            // Units are told in groups as well.
            let grouped = identity::UnitId::parse(value).map(|unit| unit.grouped());
            let text = text.replace(value, "ID");
            grouped.map_or(text.clone(), |grouped| text.replace(&grouped, "ID"))
        };
        ids.fold(text.to_owned(), mask)
    }

    /// The same with ids that were never issued.
    pub fn never(&self) -> Self {
        let names = self.0.iter().map(|(name, value)| {
            let value = never(value).unwrap_or_else(|| value.clone());
            (name.clone(), value)
        });
        Self(names.collect())
    }

    /// The same with others' values where they have some.
    pub fn but(&self, others: &Self) -> Self {
        let mut names = self.clone();
        names.0.extend(others.0.clone());
        names
    }
}

/// An id of the same kind that was never issued; of what is no id, nothing.
fn never(value: &str) -> Option<String> {
    if uuid::Uuid::parse_str(value).is_ok() {
        return Some("1b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned());
    }
    let unit = identity::UnitId::parse(value).map(|_| "32XZAJ4P21M1MZ0N3RQA");
    let label = || identity::LabelId::parse(value).map(|_| identity::LabelId::from_random([7; 8]));
    let unit = unit.map(str::to_owned);
    unit.or_else(|_| label().map(|label| label.to_string()))
        .ok()
}

pub struct Scene {
    pub stage: Stage,
    pub known: Names,
    /// Of the same organisation, and nobody else's to know of.
    pub hidden: Names,
    /// A unit of the same organisation that has no passport.
    pub bare: Names,
}

fn restricted(what: &str) -> String {
    format!("{NOT_FOR_ALL}: {what}")
}

async fn created(partner: &Partner<'_>, path: &str, body: Value) -> Value {
    partner.post(path, &body).await.expect(201).json()
}

async fn order(maker: &Partner<'_>, batch: &str) -> Value {
    let order = json!({"batch": batch, "count": 1, "reason": restricted("customer")});
    created(maker, "/v1/units", order).await
}

async fn passport(maker: &Partner<'_>, unit: &str) -> String {
    let mut item = sample_item();
    item["internal"]["note"] = json!(restricted("note"));
    item["condition"]["negativeEvents"]["value"] = json!([
        {"date": "2026-09-14", "kind": "accident", "description": restricted("accident")},
    ]);
    text(&maker.passport(unit, &item).await.expect(201).json(), "id")
}

/// A battery that is still a draft: its model, batch, unit, labels and passport, and an event of each.
async fn battery(maker: &Partner<'_>) -> Names {
    let mut names = unit(maker).await;
    let passport = passport(maker, names.get("unitId")).await;
    names.set("dppId", passport);
    for (name, path) in [
        ("event", "/v1/dpps/{dppId}"),
        ("unitEvent", "/v1/units/{unitId}"),
        ("modelEvent", "/v1/models/{model}"),
        ("batchEvent", "/v1/batches/{batch}"),
    ] {
        let path = names.fill(&format!("{path}/events"));
        let events = maker.get(&path).await.expect(200).json();
        names.set(name, text(&events["events"][0], "eventId"));
    }
    names
}

/// A unit with four labels, of a model and a batch of its own.
async fn unit(maker: &Partner<'_>) -> Names {
    let mut names = Names::default();
    let mut model = sample_model();
    model["internal"]["reference"] = json!(restricted("reference"));
    model["circularity"]["partNumbers"][0]["component"] = json!(restricted("component"));
    model["conformity"]["testReports"][0]["title"] = json!(restricted("report"));
    let model = json!({"category": "ev", "reason": "type released", "data": model});
    names.set(
        "model",
        text(&created(maker, "/v1/models", model).await, "id"),
    );
    let batch =
        json!({"model": names.get("model"), "reason": "lot released", "data": sample_batch()});
    names.set(
        "batch",
        text(&created(maker, "/v1/batches", batch).await, "id"),
    );
    let ordered = order(maker, names.get("batch")).await;
    names.set("order", text(&ordered, "order"));
    let unit = text(&ordered["units"][0], "unit");
    names.set("labelId", text(&ordered["units"][0], "label"));
    for label in ["revoked", "destroyed", "suspected"] {
        let path = format!("/v1/units/{unit}/labels");
        let issued = created(maker, &path, json!({"reason": "one more"})).await;
        names.set(label, text(&issued, "label"));
    }
    names.set("unitId", unit);
    names
}

impl Scene {
    pub async fn set() -> Self {
        let stage = Stage::start().await;
        stage.provide("economic-operator", "voltwerk");
        let every = access::Role::all().filter(|role| !role.is_alone());
        let every = every.map(|role| role.as_str().to_owned()).collect();
        stage
            .registered(STRANGER, |record| record.roles = every)
            .await;
        for organisation in ORGANISATIONS {
            let add = |record: &mut access::Organisation| record.roles.push(BYSTANDER.to_owned());
            stage.registered(organisation, add).await;
        }
        let also = |record: &mut access::Organisation| {
            record.roles.push("service-provider".to_owned());
        };
        stage.registered("cellmaker", also).await;
        let key = OwnKey::default();
        stage.signs_itself("voltwerk", &key).await;
        let maker = stage.maker();
        let hidden = battery(&maker).await;
        let known = battery(&maker).await;
        let bare = unit(&maker).await;
        drop(maker);
        let mut scene = Self {
            stage,
            known,
            hidden,
            bare,
        };
        scene.contributed().await;
        scene.on_the_market().await;
        scene.further().await;
        scene.signed(&key).await;
        scene
    }

    /// The known battery on the market, with a past and with what it is called elsewhere.
    async fn on_the_market(&mut self) {
        let maker = self.stage.maker();
        maker.link_gtin(self.known.get("unitId")).await;
        for (path, alias) in [
            (
                "/v1/batches/{batch}/aliases",
                format!("/01/{GTIN}/10/LOT-1"),
            ),
            (
                "/v1/units/{unitId}/aliases",
                "/8004/9521234T82-4711".to_owned(),
            ),
        ] {
            let body = json!({"alias": alias, "reason": "assigned"});
            let _ = created(&maker, &self.known.fill(path), body).await;
        }
        let passport = self.known.get("dppId");
        let placed = json!({"type": "placed-on-market", "reason": "delivered"});
        let _ = maker.event(passport, &placed).await.expect(201);
        let accident = json!({
            "type": "negative-event", "reason": restricted("reason"), "notes": restricted("notes"),
        });
        let _ = maker.event(passport, &accident).await.expect(201);
        for (name, value) in [
            ("organisation", "voltwerk"),
            ("garage", "garage-nord"),
            ("gtin", GTIN),
            ("lot", "LOT-1"),
            ("giai", "9521234T82-4711"),
            ("one", "1"),
            ("class", "2"),
            ("version", "1.0"),
            ("category", "ev"),
            ("form", "model"),
            ("format", "batterypass-ready-1.0"),
            ("group", "$.identification"),
            ("element", "$.identification.serialNumber"),
            ("sha256", &ledger::Sha256::of(b"x").to_string()),
        ] {
            self.known.set(name, value);
        }
    }

    /// What a supplier brought for both models.
    async fn contributed(&mut self) {
        let maker = self.stage.maker();
        let supplier = self.stage.partner("supplier", "cellmaker");
        for names in [&mut self.known, &mut self.hidden] {
            let of = json!({"model": names.get("model")});
            let given = json!({
                "to": "cellmaker", "of": of, "right": "contribution", "purpose": "cell data",
                "until": "2027-06-30T00:00:00Z", "reason": restricted("contract"),
            });
            let _ = created(&maker, "/v1/grants", given).await;
            for name in ["contribution", "rejected", "withdrawnContribution"] {
                let brought = json!({
                    "subject": of, "reason": restricted("data sheet"),
                    "changes": {"performance": {"ratedCapacity": {"value": 230, "unit": "A.h"}}},
                });
                let submitted = created(&supplier, "/v1/contributions", brought).await;
                names.set(name, text(&submitted, "id"));
            }
        }
    }

    /// What single rows use up: batteries, evidence, offers and labels that were asked for.
    async fn further(&mut self) {
        let maker = self.stage.maker();
        let batch = self.known.get("batch").to_owned();
        for name in ["succeeded", "offered", "declined", "withdrawn", "archived"] {
            let unit = text(&order(&maker, &batch).await["units"][0], "unit");
            let passport = passport(&maker, &unit).await;
            let placed = json!({"type": "placed-on-market", "reason": "delivered"});
            let _ = maker.event(&passport, &placed).await.expect(201);
            self.known.set(name, passport);
            let draft = self.hidden.get("dppId").to_owned();
            self.hidden.set(name, draft);
        }
        for (passport, name) in [
            ("offered", "offer"),
            ("declined", "declinedOffer"),
            ("withdrawn", "withdrawnOffer"),
        ] {
            let offer = maker
                .offer(self.known.get(passport), "recyclo", "waste")
                .await;
            self.known.set(name, offer.rsplit('/').next().unwrap());
        }
        let spare = text(&order(&maker, &batch).await["units"][0], "unit");
        self.known.set("spareUnit", spare);
        let announced = maker.announce(b"a letter", 0).await.expect(201).json();
        let _ = maker.upload(&announced, b"a letter").await.expect(200);
        self.known.set("announced", text(&announced, "id"));
        self.known
            .set("evidence", maker.evidence(b"a memo", 0).await);
        let recycler = self.stage.partner("recycler", "recyclo");
        self.known
            .set("handover", recycler.evidence(b"handover protocol", 4).await);
        self.known
            .set("tested", maker.evidence(b"test report", 4).await);
        let garage = self.stage.partner("service-provider", "garage-nord");
        self.known.set(
            "register",
            garage.evidence(b"entry in the register", 0).await,
        );
        for name in ["approved", "refused"] {
            let mut photos = Vec::new();
            for kind in ["damaged-label-photo", "serial-number-photo"] {
                photos.push(garage.proof(kind).await);
            }
            let path = self.known.fill("/v1/units/{unitId}/labels");
            let body = json!({"reason": "the label cannot be read", "evidence": photos});
            let asked = garage.post(&path, &body).await.expect(202).json();
            self.known.set(name, text(&asked, "label"));
        }
    }

    /// Everything published and in the log, and a signature of each first version.
    async fn signed(&mut self, key: &OwnKey) {
        let (publisher, _) = self.stage.own_publisher();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        assert_eq!(publisher.sweep(until).await.unwrap().failed, 0);
        let _ = self.stage.sequenced(Log::Changes).await;
        let maker = self.stage.maker();
        for (name, path) in [
            ("passportSignature", "/v1/dpps/{dppId}"),
            ("modelSignature", "/v1/models/{model}"),
            ("batchSignature", "/v1/batches/{batch}"),
        ] {
            let path = self.known.fill(&format!("{path}/versions/1/signature"));
            let views = maker.get(&path).await.expect(200).json();
            self.known.set(name, key.sign(&views["views"][0]));
        }
    }
}
