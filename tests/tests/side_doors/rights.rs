//! Canaries in rights and requests: who asks for what and why is for few.

use serde_json::json;
use tests::text;

use super::canaries::For;
use super::scene::{MAKER, Scene, created, evidence};

impl Scene {
    /// Rights that were asked for, given, claimed and taken away.
    pub(super) async fn rights(&mut self, passport: &str) {
        const PARTIES: &[&str] = &["voltwerk", "cellmaker"];
        const OVERSEERS: &[&str] = &[
            "second-life",
            "authority",
            "operations",
            "commission",
            "auditors",
        ];
        const DECIDERS: &[&str] = &["second-life", "authority", "operations"];
        let maker = self.stage.maker();
        let grant = json!({
            "to": "cellmaker", "of": {"passport": passport}, "right": "reading", "classes": [2],
            "purpose": self.planted.only(PARTIES, "grant-purpose"), "until": "2027-06-30T00:00:00Z",
            "reason": self.planted.only(PARTIES, "grant-reason"),
        });
        let grant = created(&maker, "/v1/grants", grant).await;
        self.ids.grants.push(text(&grant, "id"));

        let authority = self.stage.partner("market-surveillance", "authority");
        let requests = authority
            .get("/v1/access-requests")
            .await
            .expect(200)
            .json();
        for request in requests["requests"].as_array().unwrap() {
            self.ids.requests.push(text(request, "id"));
            if request["purpose"] == "remanufacturer" {
                let path = format!("/v1/access-requests/{}/revocation", text(request, "id"));
                let why = self.planted.only(OVERSEERS, "revocation");
                let _ = authority
                    .post(&path, &json!({"reason": why}))
                    .await
                    .expect(200);
            }
        }
        let asking = self.stage.partner("repurposer", "second-life");
        let title = self.planted.only(OVERSEERS, "request-title");
        let bytes = self.planted.only(DECIDERS, "request-bytes");
        let proof = evidence(&asking, title, bytes, 0).await;
        let reason = self.planted.only(OVERSEERS, "request-reason");
        self.planted.untold();
        let body = json!({"purpose": "remanufacturer", "reason": reason, "evidence": [proof]});
        let request = created(&asking, "/v1/access-requests", body).await;
        self.ids.requests.push(text(&request, "id"));
        self.ids.evidence.push(proof);

        let reason = self.planted.only(MAKER, "code-reason");
        let codes = format!("/v1/dpps/{passport}/claim-codes");
        let issued = created(&maker, &codes, json!({"reason": reason})).await;
        let code = text(&issued, "code");
        let reason = self.planted.only(&["voltwerk", "fleet"], "claim-reason");
        let body = json!({"code": code, "reason": reason});
        // Told once, when it is issued.
        self.planted.add(code, For::Only(&["voltwerk", "fleet"]));
        self.planted.untold();
        let claims = format!("/v1/dpps/{passport}/claims");
        let purchaser = self.stage.partner("purchaser", "fleet");
        let claimed = created(&purchaser, &claims, body).await;
        self.ids
            .claims
            .push((passport.to_owned(), text(&claimed, "id")));

        let garage = self.stage.partner("service-provider", "garage-nord");
        let own = &["garage-nord", "operations"];
        let device = self.planted.only(own, "device");
        self.planted.untold();
        let reason = self.planted.only(own, "suspension");
        self.planted.untold();
        let body = json!({"subject": device, "reason": reason});
        let path = "/v1/organisations/garage-nord/suspensions";
        let suspended = created(&garage, path, body).await;
        self.ids.suspensions.push(text(&suspended, "id"));
    }

    /// What a supplier brought of a model: one was rejected, one waits.
    pub(super) async fn contributions(&mut self, model: &str) {
        const PARTIES: &[&str] = &["voltwerk", "cellmaker"];
        let maker = self.stage.maker();
        let given = json!({
            "to": "cellmaker", "of": {"model": model}, "right": "contribution",
            "purpose": self.planted.only(PARTIES, "contract"), "until": "2027-06-30T00:00:00Z",
            "reason": self.planted.only(PARTIES, "contract-reason"),
        });
        let grant = created(&maker, "/v1/grants", given).await;
        self.ids.grants.push(text(&grant, "id"));
        let supplier = self.stage.partner("supplier", "cellmaker");
        for is_rejected in [true, false] {
            let title = self.planted.only(PARTIES, "sheet-title");
            let bytes = self.planted.only(PARTIES, "sheet-bytes");
            let sheet = evidence(&supplier, title, bytes, 0).await;
            let component = self.planted.only(PARTIES, "contributed-part");
            let brought = json!({
                "subject": {"model": model}, "reason": self.planted.only(PARTIES, "sheet"), "evidence": [sheet],
                "changes": {"circularity": {"partNumbers": [{"component": component, "number": "1"}]}},
            });
            let submitted = created(&supplier, "/v1/contributions", brought).await;
            let id = text(&submitted, "id");
            if is_rejected {
                let path = format!("/v1/contributions/{id}/rejection");
                let why = json!({"reason": self.planted.only(PARTIES, "rejection")});
                let _ = maker.post(&path, &why).await.expect(200);
            }
            self.ids.contributions.push(id);
            self.ids.evidence.push(sheet);
        }
    }

    /// A label that somebody else asked for, and an identifier that the owner linked.
    pub(super) async fn labels(&mut self) {
        let (unit, _) = self.ids.labels[0].clone();
        let garage = self.stage.partner("service-provider", "garage-nord");
        let mut photos = Vec::new();
        for kind in ["damaged-label-photo", "serial-number-photo"] {
            photos.push(garage.proof(kind).await);
        }
        let reason = self
            .planted
            .only(&["voltwerk", "garage-nord"], "label-reason");
        let body = json!({"reason": reason, "evidence": photos});
        let path = format!("/v1/units/{unit}");
        let asked = garage.post(&format!("{path}/labels"), &body).await;
        let label = text(&asked.expect(202).json(), "label");
        self.ids.labels.push((unit, label));
        let reason = self.planted.only(MAKER, "alias-reason");
        let alias = self.planted.only(MAKER, "alias");
        let body = json!({"alias": format!("did:web:{alias}"), "reason": reason});
        let maker = self.stage.maker();
        let _ = created(&maker, &format!("{path}/aliases"), body).await;
    }
}
