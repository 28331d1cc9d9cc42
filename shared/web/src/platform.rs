//! What a function that serves partners works with.

use std::sync::Arc;

use access::Issuers;
use identity::{Carrier, Host, LabelId, UnitId};
use ledger::Timestamp;
use storage::{Log, Store, StoreError, Subject};
use uuid::Uuid;

use crate::{Keyring, Limiter, Problem, Recent, SignIn};

/// The stage's own address and what its labels may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Host of the carrier URL.
    pub host: Host,
    /// Host in the names of its logs: the one it began with, whatever became of it since.
    pub log_host: Host,
    /// `https` everywhere but on a developer's machine.
    pub https: bool,
    /// Whether labels of this stage may go on batteries for sale.
    pub market: bool,
    /// For how many days it can be taken back that a battery was recycled; 0 for not at all.
    pub recycling_reversal_days: u16,
}

/// For how many days, where nothing else is configured.
pub const RECYCLING_REVERSAL_DAYS: u16 = 30;

impl Site {
    /// `https://HOST`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.carrier_origin(None)
    }

    /// `https://HOST` of a battery's carriers: of the operator's own host, or else of the stage.
    #[must_use]
    pub fn carrier_origin(&self, own: Option<&Host>) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", own.unwrap_or(&self.host))
    }

    /// The carrier of a unit's label, at the operator's own host where it has one ([`storage::Facts::carrier_host`]).
    #[must_use]
    pub fn carrier(&self, own: Option<&Host>, unit: UnitId, label: Option<LabelId>) -> Carrier {
        let host = own.unwrap_or(&self.host).clone();
        Carrier::plain(host, self.https, unit, label)
    }

    /// The unique product identifier of a unit (EN 18219): `https://HOST/<UNIT>`, at the operator's own host where it has one.
    #[must_use]
    pub fn product_identifier(&self, own: Option<&Host>, unit: UnitId) -> String {
        format!("{}/{unit}", self.carrier_origin(own))
    }

    /// The identifier of a passport: `https://HOST/p/<uuid>`.
    #[must_use]
    pub fn passport_identifier(&self, passport: Uuid) -> String {
        format!("{}/p/{passport}", self.origin())
    }

    /// What operators signed of a passport's public view: `https://HOST/v1/dpps/<uuid>/signatures`.
    #[must_use]
    pub fn signatures(&self, passport: Uuid) -> String {
        format!("{}/v1/dpps/{passport}/signatures", self.origin())
    }

    /// The same as a link of the public view (RFC 8288).
    #[must_use]
    pub fn signatures_link(&self, passport: Uuid) -> String {
        format!(
            "<{}>; rel=\"describedby\"; type=\"application/json\"; title=\"signatures\"",
            self.signatures(passport)
        )
    }

    /// The identifier of a version of the attribute catalogue: `https://HOST/v1/catalogue/<version>`. It leads there.
    #[must_use]
    pub fn catalogue_identifier(&self, version: &str) -> String {
        format!("{}/v1/catalogue/{version}", self.origin())
    }

    /// What has to be put right before an operator can have a host of its own in its carriers; empty where nothing has.
    #[must_use]
    pub fn carrier_host_faults(&self, host: &Host) -> Vec<String> {
        let mut faults = Vec::new();
        if *host == self.host {
            faults.push(format!(
                "`carrierHost` is `{host}`, the stage's own: leave it out"
            ));
        }
        if self.https && !host.is_domain_name() {
            faults.push(format!(
                "`carrierHost` is `{host}`, expected a domain name such as `dpp.example.eu`, without a port"
            ));
        }
        faults
    }

    /// The name of the log of changes, in every leaf: its origin (C2SP tlog-checkpoint).
    #[must_use]
    pub fn log(&self) -> String {
        self.log_origin(Log::Changes)
    }

    /// The name of a log, in every leaf of it: its origin (C2SP tlog-checkpoint).
    #[must_use]
    pub fn log_origin(&self, log: Log) -> String {
        format!("{}/{log}", self.log_host)
    }
}

/// Store, token issuers and site. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Where everything is kept.
    pub store: Store,
    /// Whose tokens count.
    pub keyring: Arc<Keyring>,
    /// Where this stage stands.
    pub site: Arc<Site>,
    /// How people sign in, where they can.
    pub sign_in: Option<Arc<SignIn>>,
    /// How much may be asked for; without it anything.
    pub limiter: Option<Limiter>,
    organisations: Arc<Recent<String, access::Organisation>>,
}

/// The time, to the millisecond.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(jiff::Timestamp::now().as_millisecond())
}

/// The issuers that `TOKEN_ISSUERS` (JSON, [`Issuers::from_json`]) names.
///
/// # Errors
/// A sentence naming what is missing or wrong.
pub fn issuers_from_env() -> Result<Issuers, String> {
    Issuers::from_json(&crate::env("TOKEN_ISSUERS")?)
        .map_err(|error| format!("`TOKEN_ISSUERS`: {error}"))
}

impl Platform {
    /// A platform over a store.
    #[must_use]
    pub fn new(store: Store, issuers: Issuers, site: Site) -> Self {
        Self {
            store,
            keyring: Arc::new(Keyring::new(issuers)),
            site: Arc::new(site),
            sign_in: None,
            limiter: None,
            organisations: Arc::default(),
        }
    }

    /// The same, where people can sign in.
    #[must_use]
    pub fn with_sign_in(self, sign_in: Option<Arc<SignIn>>) -> Self {
        Self { sign_in, ..self }
    }

    /// The same within limits.
    #[must_use]
    pub fn with_limiter(self, limiter: Option<Limiter>) -> Self {
        Self { limiter, ..self }
    }

    /// As the environment of a Lambda function describes it: the store's variables ([`Store::from_env`]), `TOKEN_ISSUERS`
    /// (JSON), `CARRIER_ORIGIN`, `MARKET_LABELS` (`true` in production only) and `EDGE_PROOF`. Opens the connection to DynamoDB, so that
    /// the first request does not pay for the handshake.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let issuers = issuers_from_env()?;
        access::check().map_err(|error| format!("the access policies: {error}"))?;
        let store = Store::from_env().await.map_err(|error| error.to_string())?;
        store.warm_up().await.map_err(|error| error.to_string())?;
        let limiter = Limiter::of_platform(store.clone())?;
        Ok(Self::new(store, issuers, Site::from_env()?).with_limiter(Some(limiter)))
    }

    /// An organisation's record, at most a second old: whoever loses a role keeps it no longer than that.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn organisation(&self, id: &str) -> Result<Option<access::Organisation>, StoreError> {
        let key = id.to_owned();
        if let Some(organisation) = self.organisations.get(&key) {
            return Ok(Some(organisation));
        }
        let organisation = self.store.organisation(id).await?;
        if let Some(organisation) = &organisation {
            self.organisations.keep(key, organisation.clone());
        }
        Ok(organisation)
    }

    /// The host in the carriers of the batteries that an organisation orders ids for, where it has one of its own.
    ///
    /// # Errors
    /// [`StoreError`] where the table does not answer.
    pub async fn carrier_host(&self, organisation: &str) -> Result<Option<Host>, StoreError> {
        let organisation = self.organisation(organisation).await?;
        Ok(organisation.and_then(|organisation| organisation.carrier_host))
    }

    /// The unit that a product identifier names: its URL at the stage's host or at the operator's own, or its id.
    ///
    /// # Errors
    /// 400 where it is neither; an identifier of another host is not ours to answer.
    pub async fn unit_id(&self, text: &str) -> Result<UnitId, Problem> {
        if let Ok(unit) = UnitId::parse(text) {
            return Ok(unit);
        }
        if let Ok(carrier) = Carrier::parse(text)
            && self.is_at(&carrier).await?
        {
            return Ok(carrier.unit);
        }
        let text: String = text.chars().take(120).collect();
        Err(Problem::malformed(format!(
            "`{text}` names no unit: expected `{}/<unit id>`, the same at the operator's own host, or the unit id",
            self.site.origin()
        )))
    }

    /// Whether a carrier's host is one that its unit is resolved at.
    async fn is_at(&self, carrier: &Carrier) -> Result<bool, StoreError> {
        if carrier.host == self.site.host {
            return Ok(true);
        }
        let record = self.store.record(&Subject::Unit(carrier.unit)).await?;
        let facts = record.map(|record| record.head.facts);
        Ok(facts.is_some_and(|facts| facts.carrier_host() == Some(&carrier.host)))
    }

    /// The passport a path names: its UUID, or its whole URI on this site.
    ///
    /// # Errors
    /// 400 where it is neither.
    pub fn passport_id(&self, text: &str) -> Result<Uuid, Problem> {
        let prefix = format!("{}/p/", self.site.origin());
        Uuid::parse_str(text.strip_prefix(&prefix).unwrap_or(text)).map_err(|_| {
            Problem::malformed(format!(
                "expected a passport's UUID, or its URI `{prefix}<uuid>` percent-encoded"
            ))
        })
    }
}

impl Site {
    /// From `CARRIER_ORIGIN` (`https://HOST`), `MARKET_LABELS`, `RECYCLING_REVERSAL_DAYS` and, once the stage moved to another host
    /// than it began with, `LOG_HOST`.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub fn from_env() -> Result<Self, String> {
        let origin = crate::env("CARRIER_ORIGIN")?;
        let (https, host) = match origin.split_once("://") {
            Some(("https", host)) => (true, host),
            Some(("http", host)) => (false, host),
            _ => {
                return Err(format!(
                    "`CARRIER_ORIGIN` is `{origin}`, expected `https://` and a host"
                ));
            }
        };
        let host = Host::parse(host).map_err(|error| format!("`CARRIER_ORIGIN`: {error}"))?;
        Ok(Self {
            log_host: match std::env::var("LOG_HOST") {
                Ok(named) => Host::parse(&named).map_err(|error| format!("`LOG_HOST`: {error}"))?,
                Err(_) => host.clone(),
            },
            host,
            https,
            market: std::env::var("MARKET_LABELS").is_ok_and(|value| value == "true"),
            recycling_reversal_days: match std::env::var("RECYCLING_REVERSAL_DAYS") {
                Ok(days) => days.parse().map_err(|_| {
                    format!(
                        "`RECYCLING_REVERSAL_DAYS` is `{days}`, expected a whole number of days"
                    )
                })?,
                Err(_) => RECYCLING_REVERSAL_DAYS,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_an_operators_own_is_another_domain_name_without_a_port() {
        let site = Site {
            host: Host::parse("id.example.eu").unwrap(),
            log_host: Host::parse("id.example.eu").unwrap(),
            https: true,
            market: true,
            recycling_reversal_days: RECYCLING_REVERSAL_DAYS,
        };
        for (host, faults) in [
            ("dpp.maker.example", 0),
            ("id.example.eu", 1),
            ("ID.example.eu", 1),
            ("maker", 1),
            ("dpp.maker.example:8443", 1),
            ("192.0.2.1", 1),
        ] {
            let host = Host::parse(host).unwrap();
            assert_eq!(site.carrier_host_faults(&host).len(), faults, "{host}");
            let locally = Site {
                https: false,
                ..site.clone()
            };
            let own = usize::from(host == site.host);
            assert_eq!(locally.carrier_host_faults(&host).len(), own, "{host}");
        }
    }
}
