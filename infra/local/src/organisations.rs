//! The example organisations of the local platform.

use access::Organisation;
use serde::Deserialize;

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
