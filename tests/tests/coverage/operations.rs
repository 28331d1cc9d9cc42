//! The table: every operation of the OpenAPI document, who does it, and what it answers whoever may not.
//!
//! In the order in which they are done. What stands in braces are names of the scene; an `id` of a path is named after what it is one of.

use serde_json::{Value, json};

use crate::scene::STRANGER;

/// Somebody: a role and an organisation.
#[derive(Debug, Clone, Copy)]
pub struct Who(pub &'static str, pub &'static str);

const MAKER: Who = Who("economic-operator", "voltwerk");
const GARAGE: Who = Who("service-provider", "garage-nord");
const RECYCLER: Who = Who("recycler", "recyclo");
const PURCHASER: Who = Who("purchaser", "fleet");
const AUTHORITY: Who = Who("market-surveillance", "authority");
const SUPPLIER: Who = Who("supplier", "cellmaker");
const OPERATIONS: Who = Who("platform-operator", "operations");

/// Somebody of the stranger's who asks for things and decides nothing.
const ASKING: Who = Who("service-provider", STRANGER);

/// Every organisation that may do something, and may have further roles.
pub const ORGANISATIONS: [&str; 5] = ["voltwerk", "garage-nord", "recyclo", "fleet", "authority"];

/// How an operation is called, and what it answers.
pub struct Row {
    pub operation: &'static str,
    /// Who may, and the status it is answered.
    pub right: (Who, u16),
    /// Without a token.
    pub anonymous: u16,
    /// In a role of the same organisation that does nothing.
    pub wrong_role: u16,
    /// In the same role of an organisation that has nothing to do with it, where it may know that there is such a thing.
    pub wrong_organisation: u16,
    /// Whether everybody may learn that an id was issued, and nobody more than that.
    pub tells_issued: bool,
    /// Who is tried from a wrong organisation, where the role alone is what it takes.
    pub outsider: Option<Who>,
    /// Parameters that stand for another name of the scene than their own.
    pub at: Vec<(&'static str, &'static str)>,
    pub query: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: Option<Value>,
    /// What of the answer the scene remembers: by name and pointer.
    pub kept: Vec<(&'static str, &'static str)>,
}

/// For whoever may; 401 without a token, 403 in another role, 404 from another organisation.
fn row(operation: &'static str, who: Who, status: u16) -> Row {
    Row {
        operation,
        right: (who, status),
        anonymous: 401,
        wrong_role: 403,
        wrong_organisation: 404,
        tells_issued: false,
        outsider: None,
        at: Vec::new(),
        query: "",
        headers: Vec::new(),
        body: None,
        kept: Vec::new(),
    }
}

/// For everybody, who sees what is public of it.
fn public(operation: &'static str) -> Row {
    public_as(operation, 200)
}

fn public_as(operation: &'static str, status: u16) -> Row {
    Row {
        anonymous: status,
        ..row(operation, MAKER, status).refusing(status, status)
    }
}

impl Row {
    /// What a wrong role and a wrong organisation are answered; 200 where there is none.
    fn refusing(mut self, wrong_role: u16, wrong_organisation: u16) -> Self {
        (self.wrong_role, self.wrong_organisation) = (wrong_role, wrong_organisation);
        self
    }

    /// Everybody may know that there is such a battery: 403, naming the right.
    fn of_a_known_one(self) -> Self {
        self.refusing(403, 403)
    }

    /// Read in whatever role by the organisation whose it is.
    fn of_the_organisation(self) -> Self {
        self.refusing(200, 404)
    }

    fn telling_what_was_issued(self) -> Self {
        Self {
            tells_issued: true,
            ..self
        }
    }

    /// Whoever has the role may: a wrong organisation is one that has it not.
    fn by_role_alone(self, outsider: Who, status: u16) -> Self {
        let outsider = Some(outsider);
        Self { outsider, ..self }.refusing(status, status)
    }

    fn at(mut self, parameter: &'static str, name: &'static str) -> Self {
        self.at.push((parameter, name));
        self
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn body(self, body: Value) -> Self {
        let body = Some(body);
        Self { body, ..self }
    }

    /// A body with nothing but a reason.
    fn reason(self) -> Self {
        self.body(json!({"reason": "as agreed"}))
    }

    fn keeping(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.kept.push((name, pointer));
        self
    }
}

/// Every row.
pub fn rows() -> Vec<Row> {
    [
        documents(),
        identities(),
        labels(),
        products(),
        passports(),
        histories(),
        changes(),
        contributions(),
        rights(),
        resolving(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn documents() -> Vec<Row> {
    vec![
        public("readContext"),
        public("listCatalogueVersions"),
        public("readCatalogue").at("version", "version"),
        public("listSchemas"),
        public("readSchema")
            .at("category", "category")
            .at("form", "form"),
        public("readOpenApi"),
        public("readDocumentation"),
        public("readAttributes"),
        public("readFormats"),
        public("describeResolver"),
        public("readLinksetContext"),
        public("readIdentifier")
            .at("text", "unitId")
            .telling_what_was_issued(),
        public("readOperatorKeys").at("operatorId", "organisation"),
        public_as("signIn", 303),
        public_as("signInCallback", 400),
        public_as("signOut", 303),
    ]
}

fn identities() -> Vec<Row> {
    let order = json!({"model": "{model}", "count": 1, "reason": "production order"});
    let moved = json!({"resolver": null, "reason": "as agreed"});
    let linked = |did: &str| json!({"alias": did, "reason": "assigned"});
    vec![
        row("orderUnits", MAKER, 201).body(order),
        row("readOrder", MAKER, 200).of_the_organisation(),
        row("readUnit", MAKER, 200)
            .refusing(200, 200)
            .telling_what_was_issued(),
        row("listUnitAliases", MAKER, 200).of_the_organisation(),
        row("linkUnitAlias", MAKER, 201).body(linked("did:web:a:unit")),
        row("listModelAliases", MAKER, 200).of_the_organisation(),
        row("linkModelAlias", MAKER, 201).body(linked("/01/09521234000020")),
        row("listBatchAliases", MAKER, 200).of_the_organisation(),
        row("linkBatchAlias", MAKER, 201).body(linked("/01/{gtin}/10/LOT-2")),
        row("moveUnitCustody", MAKER, 200).body(moved.clone()),
        row("moveModelCustody", MAKER, 200).body(moved.clone()),
        row("moveOperatorCustody", MAKER, 200).body(moved),
        row("readSignals", MAKER, 200).of_the_organisation(),
        row("listAlarms", MAKER, 200).refusing(200, 200),
        row("listUnitEvents", MAKER, 200).of_the_organisation(),
        row("proveUnitEvent", MAKER, 200)
            .of_the_organisation()
            .at("event", "unitEvent"),
        row("exportUnitChain", MAKER, 200),
    ]
}

fn labels() -> Vec<Row> {
    vec![
        row("printLabel", MAKER, 200)
            .of_the_organisation()
            .query("?format=svg"),
        row("printOrder", MAKER, 200)
            .of_the_organisation()
            .query("?format=pdf"),
        row("issueLabel", MAKER, 201).reason(),
        row("applyLabel", MAKER, 200).reason(),
        row("revokeLabel", MAKER, 200)
            .at("labelId", "revoked")
            .reason(),
        row("destroyLabel", MAKER, 200)
            .at("labelId", "destroyed")
            .reason(),
        row("suspectLabel", MAKER, 200)
            .at("labelId", "suspected")
            .reason(),
        row("clearLabel", MAKER, 200)
            .at("labelId", "suspected")
            .reason(),
        row("approveLabelChange", MAKER, 200)
            .at("labelId", "approved")
            .reason(),
        row("refuseLabelChange", MAKER, 200)
            .at("labelId", "refused")
            .reason(),
    ]
}

fn products() -> Vec<Row> {
    let change = json!({"type": "correction", "reason": "misspelt", "changes": {"internal": {"note": "checked"}}});
    vec![
        row("createModel", MAKER, 201)
            .body(json!({"category": "ev", "reason": "type released", "data": {}}))
            .refusing(403, 201),
        row("createBatch", MAKER, 201)
            .body(json!({"model": "{model}", "reason": "lot released", "data": {}})),
        row("readModel", MAKER, 200).of_the_organisation(),
        row("readBatch", MAKER, 200).of_the_organisation(),
        row("changeModel", MAKER, 200)
            .header("if-match", "*")
            .body(change.clone()),
        row("changeBatch", MAKER, 200)
            .header("if-match", "*")
            .body(change),
        row("listModelVersions", MAKER, 200).of_the_organisation(),
        row("listBatchVersions", MAKER, 200).of_the_organisation(),
        row("readModelVersion", MAKER, 200)
            .of_the_organisation()
            .at("n", "one"),
        row("readBatchVersion", MAKER, 200)
            .of_the_organisation()
            .at("n", "one"),
        row("listModelEvents", MAKER, 200).of_the_organisation(),
        row("listBatchEvents", MAKER, 200).of_the_organisation(),
        row("proveModelEvent", MAKER, 200)
            .of_the_organisation()
            .at("event", "modelEvent"),
        row("proveBatchEvent", MAKER, 200)
            .of_the_organisation()
            .at("event", "batchEvent"),
        row("exportModelChain", MAKER, 200),
        row("exportBatchChain", MAKER, 200),
        row("exportModelVersionPart", MAKER, 200)
            .at("n", "one")
            .at("class", "class"),
        row("exportBatchVersionPart", MAKER, 200)
            .of_the_organisation()
            .at("n", "one")
            .at("class", "one"),
        row("readModelVersionSignature", MAKER, 200)
            .of_the_organisation()
            .at("n", "one"),
        row("readBatchVersionSignature", MAKER, 200)
            .of_the_organisation()
            .at("n", "one"),
        row("signModelVersion", MAKER, 204)
            .refusing(404, 404)
            .at("n", "one")
            .body(json!({"signature": "{modelSignature}"})),
        row("signBatchVersion", MAKER, 204)
            .refusing(404, 404)
            .at("n", "one")
            .body(json!({"signature": "{batchSignature}"})),
    ]
}

fn passports() -> Vec<Row> {
    vec![
        public("readDPPById"),
        public("readDataElement").at("elementIdPath", "group"),
        public("readDPPByProductId")
            .at("productId", "unitId")
            .telling_what_was_issued(),
        public("readDPPIdsByProductIds").body(json!({"productIds": ["{unitId}"]})),
        public("readDPPVersionByIdAndDate").query("?date=2999-01-01T00:00:00Z"),
        public("exportDPP").at("format", "format"),
        public("readSignatures"),
        row("readCompleteness", MAKER, 200).refusing(200, 200),
        row("readLineage", MAKER, 200).of_a_known_one(),
        row("listReadings", GARAGE, 200).of_a_known_one(),
        row("listValueSets", GARAGE, 200).of_a_known_one(),
        row("listAccesses", MAKER, 200).of_a_known_one(),
    ]
}

fn histories() -> Vec<Row> {
    vec![
        public("listEvents"),
        public("listVersions"),
        public("readVersion").at("n", "one"),
        public("proveEvent"),
        public("exportVersionPart")
            .at("n", "one")
            .at("class", "one"),
        public("readVersionSignature").at("n", "one"),
        row("exportChain", MAKER, 200).of_a_known_one(),
        row("signVersion", MAKER, 204)
            .refusing(404, 404)
            .at("n", "one")
            .body(json!({"signature": "{passportSignature}"})),
    ]
}

fn changes() -> Vec<Row> {
    let announced = json!({
        "title": "photo", "mediaType": "image/png", "size": 1, "class": 4, "sha256": "{sha256}",
    });
    let offer = json!({"to": "recyclo", "purpose": "waste", "reason": "worn out"});
    let accepted = json!({"reason": "taken over", "evidence": ["{handover}"]});
    let serial = json!({"identification": {"serialNumber": "EV-2"}});
    let readings = json!([{
        "pointer": "/condition/stateOfCharge", "value": 41, "unit": "%", "measuredAt": "2026-11-02T08:00:00Z",
    }]);
    vec![
        row("announceEvidence", MAKER, 201).body(announced).refusing(201, 201),
        row("confirmEvidence", MAKER, 200).at("evidence", "announced").refusing(200, 404),
        row("readEvidence", MAKER, 200).refusing(200, 404),
        row("createDPP", MAKER, 201)
            .header("dpp-reason", "end-of-line test passed")
            .body(json!({"uniqueProductIdentifier": "{spareUnit}"})),
        row("updateDPPById", MAKER, 200)
            .header("dpp-event-type", "correction")
            .header("dpp-reason", "misread")
            .body(serial)
            .of_a_known_one(),
        row("updateDataElement", MAKER, 200)
            .at("elementIdPath", "element")
            .header("dpp-event-type", "correction")
            .header("dpp-reason", "misread")
            .body(json!("EV-3"))
            .of_a_known_one(),
        row("raiseEvent", MAKER, 201)
            .body(json!({"type": "recall", "reason": "fan may fail"}))
            .of_a_known_one(),
        row("recordReadings", MAKER, 201)
            .body(json!({"reason": "daily upload", "readings": readings}))
            .of_a_known_one(),
        row("startSuccessors", MAKER, 201)
            .at("dppId", "succeeded")
            .body(json!({
                "type": "reused", "reason": "tested", "publicReason": "tested", "evidence": ["{tested}"],
            }))
            .of_a_known_one(),
        row("listTransfers", MAKER, 200).refusing(200, 200).at("dppId", "offered"),
        row("readTransfer", RECYCLER, 200).of_the_organisation().at("dppId", "offered").at("transferId", "offer"),
        row("offerResponsibility", MAKER, 201)
            .body(offer)
            .of_a_known_one(),
        row("withdrawResponsibility", MAKER, 200)
            .at("dppId", "withdrawn")
            .at("transferId", "withdrawnOffer")
            .reason(),
        row("rejectResponsibility", RECYCLER, 200)
            .at("dppId", "declined")
            .at("transferId", "declinedOffer")
            .reason(),
        row("acceptResponsibility", RECYCLER, 200)
            .at("dppId", "offered")
            .at("transferId", "offer")
            .body(accepted),
        row("deleteDPPById", MAKER, 200)
            .at("dppId", "archived")
            .header("dpp-reason", "withdrawn")
            .of_a_known_one(),
    ]
}

fn contributions() -> Vec<Row> {
    let brought = json!({
        "subject": {"model": "{model}"}, "reason": "data sheet",
        "changes": {"performance": {"ratedCapacity": {"value": 231, "unit": "A.h"}}},
    });
    vec![
        row("submitContribution", SUPPLIER, 201)
            .refusing(403, 404)
            .body(brought),
        row("listContributions", SUPPLIER, 200).refusing(200, 200),
        row("readContribution", MAKER, 200).refusing(404, 404),
        row("rejectContribution", MAKER, 200)
            .refusing(404, 404)
            .at("contribution", "rejected")
            .reason(),
        row("withdrawContribution", SUPPLIER, 200)
            .refusing(404, 404)
            .at("contribution", "withdrawnContribution")
            .reason(),
        row("acceptContribution", MAKER, 200)
            .refusing(404, 404)
            .reason(),
    ]
}

fn rights() -> Vec<Row> {
    let grant = json!({
        "to": "garage-nord", "of": {"passport": "{dppId}"}, "right": "reading", "classes": [2], "purpose": "a test",
        "until": "2027-06-30T00:00:00Z", "reason": "agreed in writing",
    });
    vec![
        row("listAccessRequests", GARAGE, 200)
            .refusing(200, 200)
            .keeping("access-request", "/requests/0/id"),
        row("readAccessRequest", GARAGE, 200).of_the_organisation(),
        row("revokeAccess", AUTHORITY, 200)
            .by_role_alone(ASKING, 404)
            .reason(),
        row("requestAccess", GARAGE, 201)
            .refusing(403, 409)
            .body(json!({"purpose": "repairer", "reason": "we repair", "evidence": ["{register}"]}))
            .keeping("access-request", "/id"),
        row("decideAccessRequest", AUTHORITY, 200)
            .by_role_alone(ASKING, 404)
            .body(json!({"granted": true, "reason": "checked"})),
        row("grantRights", MAKER, 201)
            .body(grant)
            .of_a_known_one()
            .keeping("grant", "/id"),
        row("listGrants", MAKER, 200).refusing(200, 200),
        row("withdrawRights", MAKER, 200).reason(),
        row("issueClaimCode", MAKER, 201)
            .reason()
            .of_a_known_one()
            .keeping("code", "/code"),
        row("claimBattery", PURCHASER, 201)
            .by_role_alone(ASKING, 403)
            .body(json!({"code": "{code}", "reason": "bought"}))
            .keeping("claimId", "/id"),
        row("endClaim", PURCHASER, 200).reason().of_a_known_one(),
        row("suspendAccess", GARAGE, 201)
            .refusing(201, 404)
            .at("organisation", "garage")
            .body(json!({"subject": "scanner-7", "reason": "stolen"}))
            .keeping("suspension", "/id"),
        row("listSuspensions", OPERATIONS, 200)
            .refusing(200, 404)
            .at("organisation", "garage"),
        row("restoreAccess", OPERATIONS, 200)
            .at("organisation", "garage")
            .reason(),
    ]
}

fn resolving() -> Vec<Row> {
    vec![
        public("scanUnit")
            .at("unit", "unitId")
            .telling_what_was_issued(),
        public("scanLabel")
            .telling_what_was_issued()
            .at("unit", "unitId")
            .at("label", "labelId"),
        public("followSerial").at("serial", "unitId"),
        public("followLot"),
        public("followModel"),
        public("followAsset"),
        public_as("followPassport", 307).at("passport", "dppId"),
    ]
}
