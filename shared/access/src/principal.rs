//! A caller whose token, organisation and roles hold.

use std::collections::BTreeSet;

use identity::Host;
use ledger::ViewKey;
use serde::{Deserialize, Serialize};

use crate::{Claims, Role};

/// The longest id of an organisation: it stands in keys and tokens.
const ID_LIMIT: usize = 64;

/// An organisation's record: who may act at all, as what, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organisation {
    /// Its id, as tokens name it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its unique operator identifier (EN 18219 clause 6): GLN, LEI, DID.
    pub operator_identifier: String,
    /// The roles it is registered for.
    pub roles: Vec<String>,
    /// The one issuer that may assert it.
    pub issuer: String,
    /// Who verified it.
    pub verified_by: String,
    /// Until when, in seconds since 1970; without end where absent.
    pub verified_until: Option<i64>,
    /// What the verification rests on.
    pub evidence: Option<String>,
    /// The GS1 company prefixes that are licensed to it: its GS1 keys begin with one of them.
    #[serde(
        default,
        rename = "gs1CompanyPrefixes",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub gs1_prefixes: Vec<String>,
    /// Its own host name in the carriers of the batteries it orders ids for; that of the stage where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_host: Option<Host>,
    /// The public half of the key that it signs public views with itself; where absent, the platform keeps one for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<ViewKey>,
}

impl Organisation {
    /// What has to be put right before it can be registered; empty where nothing has.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let slug = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        };
        let mut faults = Vec::new();
        if self.id.is_empty() || self.id.len() > ID_LIMIT || !self.id.chars().all(slug) {
            faults.push(format!(
                "`id` is `{}`, expected 1 to {ID_LIMIT} of a-z, 0-9 and `-`",
                self.id
            ));
        }
        for (name, text) in [
            ("name", &self.name),
            ("operatorIdentifier", &self.operator_identifier),
            ("issuer", &self.issuer),
            ("verifiedBy", &self.verified_by),
        ] {
            if text.trim().is_empty() {
                faults.push(format!("`{name}` is empty"));
            }
        }
        if self.roles.is_empty() {
            faults.push("`roles` is empty".to_owned());
        }
        let mut known = self.roles.iter().filter_map(|name| Role::named(name));
        if let Some(alone) = known.find(|role| role.is_alone() && self.roles.len() > 1) {
            faults.push(format!(
                "`{alone}` is a role that an organisation has alone"
            ));
        }
        let unknown = self.roles.iter().filter(|name| Role::named(name).is_none());
        faults.extend(unknown.map(|name| format!("`{name}` is not a role")));
        // GS1 General Specifications §1.4.1.
        let is_prefix = |prefix: &str| {
            (4..=12).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit())
        };
        let others = self.gs1_prefixes.iter().filter(|prefix| !is_prefix(prefix));
        faults.extend(
            others
                .map(|prefix| format!("`{prefix}` in `gs1CompanyPrefixes` is not 4 to 12 digits")),
        );
        faults
    }
}

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The person or client.
    pub subject: String,
    /// The client the token was issued to.
    pub client: String,
    /// The organisation.
    pub organisation: String,
    /// The roles the token asserts, each registered, by name.
    pub roles: Vec<Role>,
}

/// A caller who is known may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessFault {
    /// No such organisation, or another issuer's.
    #[error("the token's organisation is not registered for its issuer")]
    ForeignOrganisation,
    /// Nobody vouches for it.
    #[error("the token's organisation has not been verified")]
    Unverified,
    /// Its verification has run out.
    #[error("the verification of the token's organisation has expired")]
    Expired,
    /// A role the organisation is not registered for.
    #[error("the organisation is not registered as `{0}`")]
    UnregisteredRole(String),
    /// A role that is held alone, beside another.
    #[error("`{0}` is a role that a token asserts alone")]
    NotAlone(Role),
    /// It may never happen, whoever asks.
    #[error("{0}")]
    Never(&'static str),
    /// None of the roles permits it.
    #[error("this needs the role {0}")]
    NotPermitted(String),
    /// Events of this type come from the platform itself.
    #[error("no role may do this")]
    NobodyMay,
}

/// The caller of a token, held against the organisation's record.
///
/// # Errors
/// [`AccessFault`]: one role too many refuses the whole token, so that no token is stretched until something works.
pub fn principal(
    claims: &Claims,
    record: Option<&Organisation>,
    now: i64,
) -> Result<Principal, AccessFault> {
    let record = record
        .filter(|record| record.id == claims.organisation && record.issuer == claims.issuer)
        .ok_or(AccessFault::ForeignOrganisation)?;
    if record.verified_by.trim().is_empty() {
        return Err(AccessFault::Unverified);
    }
    if record.verified_until.is_some_and(|until| until <= now) {
        return Err(AccessFault::Expired);
    }
    let roles: BTreeSet<Role> = claims
        .roles
        .iter()
        .map(|name| {
            Role::named(name)
                .filter(|_| record.roles.contains(name))
                .ok_or_else(|| AccessFault::UnregisteredRole(name.clone()))
        })
        .collect::<Result<_, _>>()?;
    if let Some(alone) = roles.iter().find(|role| role.is_alone() && roles.len() > 1) {
        return Err(AccessFault::NotAlone(*alone));
    }
    Ok(Principal {
        subject: claims.subject.clone(),
        client: claims.client.clone(),
        organisation: claims.organisation.clone(),
        roles: roles.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(roles: &[&str]) -> Claims {
        Claims {
            issuer: "https://issuer".to_owned(),
            subject: "client-1".to_owned(),
            client: "client-1".to_owned(),
            organisation: "garage".to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            expires: 2_000,
        }
    }

    fn record() -> Organisation {
        Organisation {
            id: "garage".to_owned(),
            name: "Garage".to_owned(),
            operator_identifier: "gln".to_owned(),
            roles: vec!["service-provider".to_owned()],
            issuer: "https://issuer".to_owned(),
            verified_by: "registrar".to_owned(),
            verified_until: Some(1_000),
            evidence: None,
            gs1_prefixes: Vec::new(),
            carrier_host: None,
            signing_key: None,
        }
    }

    #[test]
    fn only_the_registered_issuer_speaks_for_an_organisation() {
        let good = claims(&["service-provider"]);
        assert!(principal(&good, Some(&record()), 999).is_ok());
        assert_eq!(
            principal(&good, None, 999),
            Err(AccessFault::ForeignOrganisation)
        );
        let foreign = Claims {
            issuer: "https://other".to_owned(),
            ..good.clone()
        };
        assert_eq!(
            principal(&foreign, Some(&record()), 999),
            Err(AccessFault::ForeignOrganisation)
        );
        assert_eq!(
            principal(&good, Some(&record()), 1_000),
            Err(AccessFault::Expired)
        );
    }

    #[test]
    fn one_role_too_many_refuses_the_token() {
        let greedy = claims(&["service-provider", "market-surveillance"]);
        let refused = principal(&greedy, Some(&record()), 0);
        assert_eq!(
            refused,
            Err(AccessFault::UnregisteredRole(
                "market-surveillance".to_owned()
            ))
        );
        let unknown = Organisation {
            roles: vec!["administrator".to_owned()],
            ..record()
        };
        assert_eq!(
            principal(&claims(&["administrator"]), Some(&unknown), 0),
            Err(AccessFault::UnregisteredRole("administrator".to_owned()))
        );
    }

    /// Separate duties: with another role beside it, what the one may never do could be done as the other.
    #[test]
    fn whoever_operates_the_platform_is_nothing_else() {
        let roles = ["platform-operator", "economic-operator"];
        let both = Organisation {
            roles: roles.map(str::to_owned).to_vec(),
            ..record()
        };
        let operator = Role::named("platform-operator").unwrap();
        assert_eq!(
            principal(&claims(&roles), Some(&both), 0),
            Err(AccessFault::NotAlone(operator))
        );
        assert_eq!(both.faults().len(), 1);
        assert!(principal(&claims(&roles[..1]), Some(&both), 0).is_ok());
    }

    #[test]
    fn only_the_asserted_roles_count() {
        let record = Organisation {
            roles: vec!["service-provider".to_owned(), "recycler".to_owned()],
            ..record()
        };
        let caller = principal(&claims(&["recycler"]), Some(&record), 0).unwrap();
        assert_eq!(caller.roles, [Role::named("recycler").unwrap()]);
    }

    #[test]
    fn another_organisations_record_does_not_count() {
        let other = Organisation {
            id: "maker".to_owned(),
            ..record()
        };
        assert_eq!(
            principal(&claims(&["service-provider"]), Some(&other), 0),
            Err(AccessFault::ForeignOrganisation)
        );
    }

    #[test]
    fn an_organisation_nobody_verified_does_not_count() {
        let unverified = Organisation {
            verified_by: " ".to_owned(),
            ..record()
        };
        assert_eq!(
            principal(&claims(&["service-provider"]), Some(&unverified), 0),
            Err(AccessFault::Unverified)
        );
    }

    #[test]
    fn every_fault_of_a_record_is_named_at_once() {
        assert_eq!(record().faults(), Vec::<String>::new());
        let spoilt = Organisation {
            id: "Garage|Nord".to_owned(),
            verified_by: " ".to_owned(),
            roles: vec!["service-provider".to_owned(), "king".to_owned()],
            ..record()
        };
        let faults = spoilt.faults().join("; ");
        for expected in ["`id` is `Garage|Nord`", "`verifiedBy`", "`king`"] {
            assert!(faults.contains(expected), "{faults}");
        }
        let idle = Organisation {
            roles: Vec::new(),
            ..record()
        };
        assert_eq!(idle.faults(), ["`roles` is empty"]);
    }

    #[test]
    fn a_record_reads_back() {
        let text = serde_json::to_string(&record()).unwrap();
        assert!(text.contains("\"operatorIdentifier\":\"gln\""), "{text}");
        assert_eq!(
            serde_json::from_str::<Organisation>(&text).unwrap(),
            record()
        );
        // RFC 8037 appendix A.1 and A.2.
        let key = r#""signingKey":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#;
        let own = format!("{},{key}", text.trim_end_matches('}'));
        let read: Organisation = serde_json::from_str(&own).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), own);
        let private = own.replace(
            "\"x\"",
            "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\"",
        );
        let fault = serde_json::from_str::<Organisation>(&private).unwrap_err();
        assert!(
            fault.to_string().contains("the public half of a key"),
            "{fault}"
        );
    }
}
