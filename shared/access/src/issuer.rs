//! Token issuers: who they are, and where their keys come from.

use std::sync::Arc;

use passport::{Limits, parse_json};
use serde::Deserialize;
use serde_json::Value;

use crate::address::is_safe;
use crate::jws::Jws;
use crate::{Claims, KeySet, KeySetFault, Role, TokenFault};

/// The longest an issuer's tokens may live, in seconds.
const LONGEST_LIFETIME: i64 = 3_600;

/// The issuers whose tokens count.
#[derive(Debug, Clone, Default)]
pub struct Issuers(Vec<Issuer>);

/// One issuer.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub(crate) name: String,
    pub(crate) audience: String,
    pub(crate) max_lifetime: i64,
    /// Roles whose tokens have to be bound to a key.
    sender_constrained: Vec<String>,
    keys: Keys,
}

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub enum Keys {
    /// They stand in the configuration.
    Given(Arc<KeySet>),
    /// They are served at this address.
    Served(String),
}

/// The configuration of issuers is not usable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigurationFault(String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssuerEntry {
    issuer: String,
    audience: String,
    max_lifetime_seconds: i64,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    #[serde(default)]
    sender_constrained: Vec<String>,
}

impl Issuers {
    /// Reads `[{"issuer", "audience", "maxLifetimeSeconds", "jwks" or "jwksUri", "senderConstrained"?}]`. Keys are public:
    /// Ed25519 (`EdDSA`), P-256 (`ES256`) or RSA of 2048 bits and more (`RS256`), each with `kid`; they stand in `jwks`
    /// (`{"keys": […]}`) or are served at `jwksUri`. Lifetimes are 1 to 3,600 seconds. A token with one of the roles in
    /// `senderConstrained` has to be bound to a key (RFC 9449).
    ///
    /// # Errors
    /// [`ConfigurationFault`] naming what is wrong.
    pub fn from_json(text: &str) -> Result<Self, ConfigurationFault> {
        let entries = parse_json(text.as_bytes(), &Limits::default())
            .map_err(|fault| ConfigurationFault(fault.to_string()))?;
        let entries: Vec<IssuerEntry> = serde_json::from_value(entries)
            .map_err(|error| ConfigurationFault(error.to_string()))?;
        let issuers: Vec<Issuer> = entries
            .into_iter()
            .map(IssuerEntry::checked)
            .collect::<Result<_, _>>()?;
        for (index, issuer) in issuers.iter().enumerate() {
            let mut earlier = issuers.iter().take(index);
            if earlier.any(|other| other.name == issuer.name) {
                let fault = format!("issuer `{}` comes twice", issuer.name);
                return Err(ConfigurationFault(fault));
            }
        }
        Ok(Self(issuers))
    }

    /// The issuer of exactly that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.name == name)
    }

    /// Every issuer.
    pub fn iter(&self) -> impl Iterator<Item = &Issuer> {
        self.0.iter()
    }

    /// The issuer that a token says it is of; nothing of the token is believed yet.
    ///
    /// # Errors
    /// [`TokenFault`] where it cannot be read, or names nobody whose tokens count.
    pub fn of(&self, token: &str) -> Result<&Issuer, TokenFault> {
        let token = Jws::parse(token).ok_or(TokenFault::Malformed)?;
        let name = token.claim("iss").ok_or(TokenFault::MissingClaim)?;
        self.named(name).ok_or(TokenFault::UnknownIssuer)
    }

    /// Whether whoever sent these claims may use them. `holder` is the thumbprint of the key whose proof came along, `None` for a
    /// bearer (RFC 9449 §7.1 and §7.2, and the roles that its issuer is configured to bind).
    ///
    /// # Errors
    /// [`TokenFault`].
    pub fn held(&self, claims: &Claims, holder: Option<&str>) -> Result<(), TokenFault> {
        let issuer = self.named(&claims.issuer);
        let issuer = issuer.ok_or(TokenFault::UnknownIssuer)?;
        let binds = |role: &String| issuer.sender_constrained.contains(role);
        match (claims.bound_to.as_deref(), holder) {
            (None, None) if claims.roles.iter().any(binds) => Err(TokenFault::BindingNeeded),
            (None, None) => Ok(()),
            (Some(key), Some(holder)) if key == holder => Ok(()),
            (Some(_), Some(_)) => Err(TokenFault::OtherKey),
            (Some(_), None) => Err(TokenFault::Bound),
            (None, Some(_)) => Err(TokenFault::Unbound),
        }
    }
}

impl Issuer {
    /// Its name, as tokens say it in `iss`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its keys come from.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }
}

impl IssuerEntry {
    fn checked(self) -> Result<Issuer, ConfigurationFault> {
        let fault = |what: &str| ConfigurationFault(format!("issuer `{}` {what}", self.issuer));
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err(fault("needs `issuer` and `audience`"));
        }
        if !(1..=LONGEST_LIFETIME).contains(&self.max_lifetime_seconds) {
            return Err(fault("needs `maxLifetimeSeconds` of 1 to 3600"));
        }
        let mut roles = self.sender_constrained.iter();
        if let Some(role) = roles.find(|role| Role::named(role).is_none()) {
            return Err(fault(&format!(
                "has `{role}` in `senderConstrained`, which is not a role"
            )));
        }
        let keys = match (&self.jwks, &self.jwks_uri) {
            (Some(set), None) => {
                let set = KeySet::configured(set);
                let told = |set: KeySetFault| fault(&format!("has no usable `jwks`: {set}"));
                Keys::Given(Arc::new(set.map_err(told)?))
            }
            (None, Some(address)) if is_safe(address) => Keys::Served(address.clone()),
            (None, Some(address)) => {
                return Err(fault(&format!(
                    "has `jwksUri` `{address}`, expected an `https` address"
                )));
            }
            _ => return Err(fault("needs one of `jwks` and `jwksUri`")),
        };
        Ok(Issuer {
            name: self.issuer,
            audience: self.audience,
            max_lifetime: self.max_lifetime_seconds,
            sender_constrained: self.sender_constrained,
            keys,
        })
    }
}

#[cfg(test)]
mod tests;
