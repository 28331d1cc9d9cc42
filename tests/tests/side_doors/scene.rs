//! A platform where every kind of thing that is kept has a canary in it: values of every class, at every level, now and formerly;
//! readings, reasons, notes, evidence; what an owner left behind; drafts; rights that were asked for and given.

use serde_json::{Value, json};
use storage::Log;
use tests::{Partner, Stage, sample_batch, sample_item, sample_model, text};

use super::canaries::{For, Of, Planted};

pub(super) const MAKER: &[&str] = &["voltwerk"];

/// What was made, by kind: what every door is tried with.
#[derive(Debug, Default)]
pub struct Ids {
    pub passports: Vec<String>,
    pub units: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub models: Vec<String>,
    pub batches: Vec<String>,
    pub orders: Vec<String>,
    pub transfers: Vec<(String, String)>,
    pub evidence: Vec<String>,
    pub requests: Vec<String>,
    pub grants: Vec<String>,
    pub claims: Vec<(String, String)>,
    pub suspensions: Vec<String>,
    pub contributions: Vec<String>,
    /// By the path of the subject.
    pub events: Vec<(String, String)>,
    /// When everything was made, and former values were not yet corrected away.
    pub before: String,
}

pub struct Scene {
    pub stage: Stage,
    pub planted: Planted,
    pub ids: Ids,
}

struct Product {
    model: String,
    batch: String,
}

pub(super) async fn created(partner: &Partner<'_>, path: &str, body: Value) -> Value {
    partner.post(path, &body).await.expect(201).json()
}

fn event(kind: &str, reason: String, changes: Value) -> Value {
    json!({"type": kind, "reason": reason, "changes": changes})
}

fn report(title: String) -> Value {
    json!([{"title": title, "url": "https://docs.example/report.pdf", "mediaType": "application/pdf"}])
}

fn accident(description: String) -> Value {
    json!({"condition": {"negativeEvents": {
        "value": [{"date": "2026-09-20", "kind": "accident", "description": description}],
        "measuredAt": "2026-09-20T08:00:00Z",
    }}})
}

/// Evidence with a title and bytes of their own; its id.
pub(super) async fn evidence(
    partner: &Partner<'_>,
    title: String,
    bytes: String,
    class: u8,
) -> String {
    let bytes: &'static [u8] = Vec::leak(bytes.into_bytes());
    let body = json!({
        "title": title, "mediaType": "image/png", "size": bytes.len(), "class": class,
        "sha256": ledger::Sha256::of(bytes),
    });
    let announced = created(partner, "/v1/evidence", body).await;
    let _ = partner.upload(&announced, bytes).await.expect(200);
    let id = text(&announced, "id");
    let confirmation = format!("/v1/evidence/{id}/confirmation");
    let _ = partner.post(&confirmation, &json!({})).await.expect(200);
    id
}

impl Scene {
    pub async fn set() -> Self {
        let mut scene = Self {
            stage: Stage::start().await,
            planted: Planted::default(),
            ids: Ids::default(),
        };
        let product = scene.product(Of::Battery).await;
        let battery = scene.battery(Of::Battery, &product).await;
        let former = scene.product(Of::Handed).await;
        let handed = scene.battery(Of::Handed, &former).await;
        scene.ids.before = web::now().to_string();
        scene.corrected(Of::Battery, &product, &battery).await;
        scene.evidence(&battery).await;
        scene.readings(&battery).await;
        scene.handed_on(&handed).await;
        scene.succeeded(&product).await;
        scene.drafts(&product).await;
        scene.rights(&battery).await;
        scene.contributions(&product.model).await;
        scene.labels().await;
        scene.published().await;
        scene
    }

    /// A model and a batch with a value of every restricted class that they have.
    async fn product(&mut self, of: Of) -> Product {
        let maker = self.stage.maker();
        let mut plant = |class: &'static [u8], place: &str| self.planted.of(of, class, place);
        let mut model = sample_model();
        model["internal"]["reference"] = json!(plant(&[0], "model-reference"));
        model["internal"]["note"] = json!(plant(&[0], "model-note"));
        model["circularity"]["partNumbers"][0]["component"] = json!(plant(&[2], "model-part"));
        model["circularity"]["dismantling"]["tools"][0] = json!(plant(&[2], "model-tool"));
        model["conformity"]["testReports"] = report(plant(&[3], "model-report"));
        let mut batch = sample_batch();
        batch["internal"]["note"] = json!(plant(&[0], "batch-note"));
        let material = plant(&[2], "batch-material");
        batch["materials"]["detailedComposition"] =
            json!([{"part": "cathode", "material": material, "share": {"value": 9, "unit": "%"}}]);
        batch["conformity"]["testReports"] = report(plant(&[3], "batch-report"));
        let customer = plant(&[0], "order-reason");
        let model = json!({"category": "ev", "reason": "type released", "data": model});
        let model = text(&created(&maker, "/v1/models", model).await, "id");
        let batch = json!({"model": model, "reason": "lot released", "data": batch});
        let batch = text(&created(&maker, "/v1/batches", batch).await, "id");
        let order = json!({"batch": batch, "count": 1, "reason": customer});
        let order = created(&maker, "/v1/units", order).await;
        self.ids.orders.push(text(&order, "order"));
        self.ids.models.push(model.clone());
        self.ids.batches.push(batch.clone());
        Product { model, batch }
    }

    /// A unit of it: `(unit, label)`.
    async fn unit(&mut self, product: &Product) -> String {
        let order = json!({"batch": product.batch, "count": 1, "reason": "production order"});
        let order = created(&self.stage.maker(), "/v1/units", order).await;
        let unit = text(&order["units"][0], "unit");
        let label = text(&order["units"][0], "label");
        self.ids.labels.push((unit.clone(), label));
        self.ids.units.push(unit.clone());
        unit
    }

    /// A battery on the market with a value of every restricted class; its passport.
    async fn battery(&mut self, of: Of, product: &Product) -> String {
        let unit = self.unit(product).await;
        let mut item = sample_item();
        item["internal"]["note"] = json!(self.planted.of(of, &[0], "item-note"));
        item["conformity"]["testReports"] = report(self.planted.of(of, &[3], "item-report"));
        let description = self.planted.of(of, &[4], "item-accident");
        item["condition"]["negativeEvents"]["value"] =
            json!([{"date": "2026-09-01", "kind": "accident", "description": description}]);
        let maker = self.stage.maker();
        let passport = maker.passport(&unit, &item).await.expect(201).json();
        let passport = text(&passport, "id");
        let placed = json!({"type": "placed-on-market", "reason": "delivered"});
        let _ = maker.event(&passport, &placed).await.expect(201);
        self.ids.passports.push(passport.clone());
        passport
    }

    /// Every one of those values corrected away, each with a reason of the same readers.
    async fn corrected(&mut self, of: Of, product: &Product, passport: &str) {
        let maker = self.stage.maker();
        let mut plant = |class: &'static [u8], place: &str| self.planted.of(of, class, place);
        let model = format!("/v1/models/{}", product.model);
        let parts = json!([{"component": plant(&[2], "part-now"), "number": "1"}]);
        for (class, changes) in [
            (
                &[0],
                json!({"internal": {"note": plant(&[0], "model-note-now")}}),
            ),
            (&[2], json!({"circularity": {"partNumbers": parts}})),
            (
                &[3],
                json!({"conformity": {"testReports": report(plant(&[3], "report-now"))}}),
            ),
        ] {
            let change = event("correction", plant(class, "model-reason"), changes);
            let _ = maker.change_product(&model, &change).await.expect(200);
        }
        let batch = format!("/v1/batches/{}", product.batch);
        let note = json!({"internal": {"note": plant(&[0], "batch-note-now")}});
        let change = event("correction", plant(&[0], "batch-reason"), note);
        let _ = maker.change_product(&batch, &change).await.expect(200);
        for (kind, class, changes) in [
            (
                "correction",
                &[0],
                json!({"internal": {"note": plant(&[0], "item-note-now")}}),
            ),
            (
                "correction",
                &[3],
                json!({"conformity": {"testReports": report(plant(&[3], "item-report-now"))}}),
            ),
            (
                "negative-event",
                &[4],
                accident(plant(&[4], "item-accident-now")),
            ),
        ] {
            let mut event = event(kind, plant(class, "item-reason"), changes);
            event["notes"] = json!(plant(&[0], "item-notes"));
            let _ = maker.event(passport, &event).await.expect(201);
        }
    }

    /// Evidence of every class on an event of class 4: titles and digests are told with the event, bytes to who brought them.
    async fn evidence(&mut self, passport: &str) {
        const NEEDED: [(u8, &[u8]); 5] = [
            (0, &[0, 4]),
            (1, &[4]),
            (2, &[2, 4]),
            (3, &[3, 4]),
            (4, &[4]),
        ];
        let maker = self.stage.maker();
        let mut all = Vec::new();
        for (class, needed) in NEEDED {
            let title = self.planted.of(Of::Battery, needed, "evidence-title");
            let bytes = self.planted.only(MAKER, "evidence-bytes");
            let digest = ledger::Sha256::of(bytes.as_bytes()).to_string();
            self.planted.add(digest, For::Classes(Of::Battery, needed));
            all.push(evidence(&maker, title, bytes, class).await);
        }
        let reason = self.planted.of(Of::Battery, &[4], "repair-reason");
        let repair = json!({"type": "repair", "reason": reason, "evidence": all});
        let _ = maker.event(passport, &repair).await.expect(201);
        self.ids.evidence.extend(all);
    }

    async fn readings(&mut self, passport: &str) {
        let garage = self.stage.partner("service-provider", "garage-nord");
        let mut plant = |place: &str| self.planted.of(Of::Battery, &[4], place);
        let body = json!({
            "reason": plant("readings-reason"), "instrument": plant("instrument"), "conditions": plant("conditions"),
            "readings": [
                {"pointer": "/condition/stateOfCharge", "value": 61.803_398_8, "unit": "%", "measuredAt": "2026-11-01T08:00:00Z"},
                {"pointer": "/condition/remainingEnergy", "value": 27.182_818_2, "unit": "kW.h", "measuredAt": "2026-11-01T09:00:00Z"},
            ],
        });
        for value in ["61.8033988", "27.1828182"] {
            let readers = For::Classes(Of::Battery, &[4]);
            self.planted.add(value.to_owned(), readers);
        }
        let path = format!("/v1/dpps/{passport}/readings");
        let _ = garage.post(&path, &body).await.expect(201);
    }

    /// Its maker hands a battery on; the next owner writes classes 0 and 3 of its own beside what was there.
    async fn handed_on(&mut self, passport: &str) {
        let maker = self.stage.maker();
        let note = self.planted.of(Of::Handed, &[0], "handed-note");
        let reason = self.planted.of(Of::Handed, &[0], "handed-reason");
        let kept = event(
            "correction",
            reason,
            json!({"internal": {"reference": note}}),
        );
        let _ = maker.event(passport, &kept).await.expect(201);
        let reason = self.planted.of(Of::Handed, &[4], "offer-reason");
        let offer = json!({"to": "hausspeicher", "purpose": "takeover", "reason": reason});
        let transfers = format!("/v1/dpps/{passport}/transfers");
        let offer = text(&created(&maker, &transfers, offer).await, "location");
        let next = self.stage.partner("economic-operator", "hausspeicher");
        let _ = next.accept(&offer).await.expect(200);
        let transfer = offer.rsplit('/').next().unwrap().to_owned();
        self.ids.transfers.push((passport.to_owned(), transfer));
        let mut plant =
            |class: &'static [u8], place: &str| self.planted.of(Of::HandedOn, class, place);
        for (kind, class, changes) in [
            (
                "correction",
                &[0],
                json!({"internal": {"note": plant(&[0], "next-note")}}),
            ),
            (
                "document-added",
                &[3],
                json!({"conformity": {"testReports": report(plant(&[3], "next-report"))}}),
            ),
            (
                "negative-event",
                &[4],
                accident(plant(&[4], "next-accident")),
            ),
        ] {
            let mut event = event(kind, plant(class, "next-reason"), changes);
            event["notes"] = json!(plant(&[0], "next-notes"));
            let _ = next.event(passport, &event).await.expect(201);
        }
    }

    /// A battery of which a further life was begun, which is a draft.
    async fn succeeded(&mut self, product: &Product) {
        let passport = self.battery(Of::Succeeded, product).await;
        let maker = self.stage.maker();
        let reason = self.planted.of(Of::Succeeded, &[4], "further-life");
        let note = self.planted.only(MAKER, "successor-note");
        let mut item = sample_item();
        item["internal"]["note"] = json!(note);
        let more = json!({"reason": reason, "data": item});
        let begun = maker.succeed(&passport, "reused", more).await.expect(201);
        let successor = text(&begun.json()["successors"][0], "id");
        self.ids.passports.push(successor);
    }

    /// A draft, and one that was withdrawn: nothing of either is anybody else's.
    async fn drafts(&mut self, product: &Product) {
        for is_withdrawn in [false, true] {
            let unit = self.unit(product).await;
            let mut plant = |place: &str| self.planted.only(MAKER, place);
            let mut item = sample_item();
            item["identification"]["serialNumber"] = json!(plant("draft-serial"));
            item["internal"]["note"] = json!(plant("draft-note"));
            item["conformity"]["testReports"] = report(plant("draft-report"));
            let withdrawal = is_withdrawn.then(|| plant("withdrawal"));
            let maker = self.stage.maker();
            let passport = maker.passport(&unit, &item).await.expect(201).json();
            let passport = text(&passport, "id");
            if let Some(reason) = &withdrawal {
                let path = format!("/v1/dpps/{passport}");
                let headers = [("dpp-reason", reason.as_str())];
                let _ = maker
                    .call("DELETE", &path, &headers, None)
                    .await
                    .expect(200);
            }
            self.ids.passports.push(passport);
        }
    }

    /// Snapshots, signatures and logs as they are published; and every event there is.
    async fn published(&mut self) {
        let (publisher, _) = self.stage.own_publisher();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        assert_eq!(publisher.sweep(until).await.unwrap().failed, 0);
        let _ = self.stage.sequenced(Log::Changes).await;
        let paths = |kind: &'static str, ids: &[String]| -> Vec<String> {
            ids.iter().map(|id| format!("/v1/{kind}/{id}")).collect()
        };
        let subjects = [
            paths("dpps", &self.ids.passports),
            paths("units", &self.ids.units),
            paths("models", &self.ids.models),
            paths("batches", &self.ids.batches),
        ];
        let maker = self.stage.maker();
        for subject in subjects.concat() {
            let events = maker.get(&format!("{subject}/events")).await;
            if events.status != 200 {
                continue;
            }
            for event in events.json()["events"].as_array().unwrap() {
                self.ids
                    .events
                    .push((subject.clone(), text(event, "eventId")));
            }
        }
    }
}
