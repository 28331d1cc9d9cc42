//! What the platform checks itself with: organisations, and batteries of theirs.

use std::collections::BTreeMap;

use access::{Organisation, Role, SYNTHETIC, SYNTHETIC_ISSUER};
use ledger::{Sha256, Timestamp};
use passport::{Class, catalogue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::door::{Asked, Upload};
use crate::{Door, Failure, Tokens};

/// Who is responsible for the batteries.
pub const MAKER: &str = "probe-maker";
/// Who has to do with some of them only.
pub const STRANGER: &str = "probe-stranger";
/// Whose legitimate interests are recognised.
pub const INTERESTED: &str = "probe-interested";
/// Who recognised them.
pub const AUTHORITY: &str = "probe-authority";

/// For how long rights are given: the batteries are made anew before.
const YEARS: i64 = 4;
const EXAMPLE: &str = include_str!("../../../infra/local/examples/ev.json");
const DOCUMENT: &[u8] = b"what the platform checks itself with";

/// The batteries, each by its passport: what `PROBE_BATTERIES` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batteries {
    /// On the market.
    pub published: Uuid,
    /// A draft.
    pub draft: Uuid,
    /// On the market; the stranger acts in its maker's place.
    pub delegate: Uuid,
    /// On the market; the stranger was asked for data.
    pub contributor: Uuid,
    /// On the market; class 0 is open to the stranger.
    pub granted: Uuid,
    /// How many attributes each has, by access class (0 to 4).
    pub attributes: BTreeMap<u8, usize>,
}

/// The records of the organisations, in every role but that of the platform's operator, which is for persons alone.
pub fn organisations() -> impl Iterator<Item = Organisation> {
    let roles: Vec<String> = Role::all()
        .filter(|role| !role.is_alone())
        .map(|role| role.as_str().to_owned())
        .collect();
    [MAKER, STRANGER, INTERESTED, AUTHORITY]
        .into_iter()
        .map(move |id| {
            let what = id.trim_start_matches(SYNTHETIC);
            Organisation {
                id: id.to_owned(),
                name: format!("Synthetic {what} of the platform's own checks"),
                operator_identifier: format!("did:web:probe.invalid:{what}"),
                roles: roles.clone(),
                issuer: SYNTHETIC_ISSUER.to_owned(),
                verified_by: "the operator of the platform".to_owned(),
                verified_until: None,
                evidence: None,
                gs1_prefixes: Vec::new(),
                carrier_host: None,
                signing_key: None,
            }
        })
}

/// Makes the batteries and gives the rights to them, of organisations that are registered. Nothing of it is for sale.
///
/// # Errors
/// [`Failure`] with the answer that was not expected.
pub async fn make(door: &Door, tokens: &Tokens) -> Result<Batteries, Failure> {
    let maker = Partner::new(door, tokens, "economic-operator", MAKER).await?;
    recognised(door, tokens).await?;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(maker.battery().await?);
    }
    let [published, draft, delegate, contributor, granted] = made[..] else {
        return Err(unexpected("/v1/dpps", &Value::Null));
    };
    for Battery { passport, .. } in [published, delegate, contributor, granted] {
        let placed = json!({"type": "placed-on-market", "reason": "checks of the platform; it is no real battery"});
        let events = format!("/v1/dpps/{passport}/events");
        let _ = maker.created(&events, &placed).await?;
    }
    let written = maker.evidence().await?;
    for (Battery { model, .. }, right, more) in [
        (delegate, "delegation", json!({"evidence": [written]})),
        (contributor, "contribution", json!({})),
        (granted, "reading", json!({"classes": [0]})),
    ] {
        let mut grant = json!({
            "to": STRANGER, "of": {"model": model}, "right": right, "purpose": "checks of the platform",
            "until": in_years(YEARS), "reason": "checks of the platform",
        });
        if let (Some(grant), Value::Object(more)) = (grant.as_object_mut(), more) {
            grant.extend(more);
        }
        let _ = maker.created("/v1/grants", &grant).await?;
    }
    let path = format!("/v1/dpps/{}", published.passport);
    let whole = maker.read(&path).await?;
    Ok(Batteries {
        published: published.passport,
        draft: draft.passport,
        delegate: delegate.passport,
        contributor: contributor.passport,
        granted: granted.passport,
        attributes: Class::ALL
            .into_iter()
            .map(|class| (class.number(), attributes(&whole, class).count()))
            .collect(),
    })
}

/// A battery of a model of its own: what is given of that is given of all its parts.
#[derive(Clone, Copy)]
struct Battery {
    model: Uuid,
    passport: Uuid,
}

/// The attributes of a class that an answer has, by their pointers.
pub(crate) fn attributes(answer: &Value, class: Class) -> impl Iterator<Item = String> {
    let all = catalogue().attributes().filter(move |it| it.class == class);
    all.map(passport::Attribute::pointer)
        .filter(|pointer| answer.pointer(pointer).is_some())
}

/// The interests that the roles of an organisation may have, asked for and recognised as the rules say.
async fn recognised(door: &Door, tokens: &Tokens) -> Result<(), Failure> {
    let authority = Partner::new(door, tokens, "market-surveillance", AUTHORITY).await?;
    for purpose in access::Purpose::all() {
        let role = purpose.rules.roles.first().map_or("", String::as_str);
        let asking = Partner::new(door, tokens, role, INTERESTED).await?;
        let evidence = match purpose.rules.evidence {
            true => vec![asking.evidence().await?],
            false => Vec::new(),
        };
        let request = json!({"purpose": purpose.name, "reason": "checks of the platform", "evidence": evidence});
        let requested = asking.created("/v1/access-requests", &request).await?;
        if purpose.rules.at_once {
            continue;
        }
        let id = id_of("/v1/access-requests", &requested)?;
        let decision = json!({"granted": true, "reason": "checks of the platform"});
        let decisions = format!("/v1/access-requests/{id}/decision");
        let _ = authority.created(&decisions, &decision).await?;
    }
    Ok(())
}

/// A whole battery, as it is sent.
struct Example {
    model: Value,
    batch: Map<String, Value>,
    item: Map<String, Value>,
}

/// The example, and that there is no such battery.
fn example() -> Result<Example, Failure> {
    const MAKER: &str = "Synthetic maker of the platform's own checks";
    const IDENTIFIER: &str = "did:web:probe.invalid:maker";
    #[derive(Deserialize)]
    struct Written {
        category: String,
        model: Map<String, Value>,
        batch: Map<String, Value>,
        item: Map<String, Value>,
    }
    let written = serde_json::from_str(EXAMPLE).map_err(|_| unexpected("example", &Value::Null));
    let Written {
        category,
        model,
        batch,
        item,
    } = written?;
    let patch = json!({"category": category, "data": {"identification": {
        "modelName": "Synthetic battery of the platform's own checks: it does not exist",
        "modelIdentifier": "PROBE",
        "manufacturerName": MAKER,
        "manufacturerIdentifier": IDENTIFIER,
        "responsibleOperator": {"name": MAKER, "identifier": IDENTIFIER, "postalAddress": "none: it does not exist"},
        "manufacturerContact": {"website": "https://probe.invalid", "email": null},
    }}});
    let patch = patch.as_object().cloned().unwrap_or_default();
    let model = passport::merge_patch(&model, &patch).into();
    Ok(Example { model, batch, item })
}

/// What an order is answered with.
#[derive(Deserialize)]
struct Order {
    units: [Unit; 1],
}

#[derive(Deserialize)]
struct Unit {
    unit: String,
}

fn in_years(years: i64) -> Timestamp {
    let seconds = web::now().as_second() + years * 365 * 24 * 60 * 60;
    Timestamp::from_millisecond(seconds * 1_000)
}

fn unexpected(path: &str, body: &Value) -> Failure {
    Failure::Refused {
        path: path.to_owned(),
        status: 200,
        body: body.clone(),
    }
}

fn read<T: DeserializeOwned>(path: &str, body: &Value) -> Result<T, Failure> {
    T::deserialize(body).map_err(|_| unexpected(path, body))
}

fn id_of(path: &str, body: &Value) -> Result<Uuid, Failure> {
    #[derive(Deserialize)]
    struct Named {
        id: Uuid,
    }
    read(path, body).map(|Named { id }| id)
}

/// Somebody, in one role.
struct Partner<'a> {
    door: &'a Door,
    token: String,
}

impl<'a> Partner<'a> {
    async fn new(
        door: &'a Door,
        tokens: &Tokens,
        role: &str,
        organisation: &str,
    ) -> Result<Self, Failure> {
        let token = tokens.token(role, organisation).await?;
        Ok(Self { door, token })
    }

    async fn created(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.sent(path, &[], body).await
    }

    async fn sent(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Failure> {
        let asked = Asked {
            path,
            token: Some(&self.token),
            headers,
            body: Some(body),
        };
        self.door.ask(&asked).await?.expected(path)
    }

    async fn read(&self, path: &str) -> Result<Value, Failure> {
        let asked = Asked {
            path,
            token: Some(&self.token),
            ..Asked::default()
        };
        self.door.ask(&asked).await?.expected(path)
    }

    /// A battery that is a draft.
    async fn battery(&self) -> Result<Battery, Failure> {
        let Example {
            model,
            mut batch,
            mut item,
        } = example()?;
        let model = self.created("/v1/models", &model).await?;
        let model = id_of("/v1/models", &model)?;
        let _ = batch.insert("model".to_owned(), json!(model));
        let batch = self.created("/v1/batches", &batch.into()).await?;
        let batch = id_of("/v1/batches", &batch)?;
        let order =
            json!({"batch": batch, "count": 1, "reason": "a battery to check the platform with"});
        let order = self.created("/v1/units", &order).await?;
        let Order {
            units: [Unit { unit }],
        } = read("/v1/units", &order)?;
        let _ = item.insert("uniqueProductIdentifier".to_owned(), unit.into());
        let reason = [("dpp-reason", "made%20to%20check%20the%20platform")];
        let passport = self.sent("/v1/dpps", &reason, &item.into()).await?;
        let passport = id_of("/v1/dpps", &passport)?;
        Ok(Battery { model, passport })
    }

    /// A piece of evidence of its organisation, confirmed.
    async fn evidence(&self) -> Result<Uuid, Failure> {
        let announced = json!({
            "title": "checks of the platform", "mediaType": "image/png", "size": DOCUMENT.len(), "class": 0,
            "sha256": Sha256::of(DOCUMENT),
        });
        const PATH: &str = "/v1/evidence";
        #[derive(Deserialize)]
        struct Announced {
            id: Uuid,
            upload: Upload,
        }
        let announced = self.created(PATH, &announced).await?;
        let Announced { id, upload } = read(PATH, &announced)?;
        self.door.upload(upload, DOCUMENT.to_vec()).await?;
        let confirmation = format!("/v1/evidence/{id}/confirmation");
        let _ = self.created(&confirmation, &json!({})).await?;
        Ok(id)
    }
}
