//! The example organisations of the local platform.

use access::{Organisation, Purpose, Role};
use ledger::Timestamp;
use serde::Deserialize;
use storage::{AccessRequest, Decision};
use uuid::Uuid;

use crate::issuer::ISSUER;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Example {
    id: String,
    name: String,
    operator_identifier: String,
    roles: Vec<String>,
    #[serde(default)]
    gs1_company_prefixes: Vec<String>,
}

/// The records of `organisations.json`. Every one is registered for the local issuer only.
pub(crate) fn all() -> Vec<Organisation> {
    let examples: Vec<Example> =
        serde_json::from_str(include_str!("../organisations.json")).unwrap_or_default();
    examples
        .into_iter()
        .map(|example| Organisation {
            id: example.id,
            name: example.name,
            operator_identifier: example.operator_identifier,
            roles: example.roles,
            issuer: ISSUER.to_owned(),
            verified_by: "the operator of this machine".to_owned(),
            verified_until: None,
            evidence: None,
            gs1_prefixes: example.gs1_company_prefixes,
            carrier_host: None,
            signing_key: None,
        })
        .collect()
}

/// Every legitimate interest that the roles of an example organisation may have, recognised.
pub(crate) fn interests(organisation: &Organisation) -> Vec<AccessRequest> {
    let roles = organisation.roles.iter();
    let roles: Vec<Role> = roles.filter_map(|role| Role::named(role)).collect();
    let purposes = Purpose::all().filter(|purpose| purpose.is_for(&roles));
    let now = web::now();
    let recognised = purposes.map(|purpose| {
        let days = i64::from(purpose.rules.valid_days);
        let until = now.as_millisecond() + days * 24 * 60 * 60 * 1_000;
        AccessRequest {
            id: Uuid::now_v7(),
            organisation: organisation.id.clone(),
            purpose: purpose.name.to_owned(),
            rules: access::edition().to_owned(),
            evidence: Vec::new(),
            requested_at: now,
            deadline: now,
            decision: Some(Decision {
                granted: true,
                by: "platform".to_owned(),
                at: now,
                reason: "example organisation of the local platform".to_owned(),
                until: Some(Timestamp::from_millisecond(until)),
                revoked: None,
            }),
        }
    });
    recognised.collect()
}
