//! What the registry says of a domain, by RDAP (RFC 9082, 9083); which registry that is, by IANA's list (RFC 9224).
//!
//! The registered domain is found by asking upwards from the host until the registry knows one: no list of public suffixes that
//! ages with the binary.

use std::collections::BTreeSet;

use http::StatusCode;
use passport::{Limits, parse_json};
use serde_json::Value;
use url::Url;

use crate::dns::upwards;
use crate::network::{Got, Network};
use crate::seen::{Registered, Registration};

/// IANA's list is some 100 KB, a domain some 10 KB.
const LIST_LIMIT: usize = 2 << 20;
const DOMAIN_LIMIT: usize = 256 << 10;
const DEPTH: usize = 24;

/// Which registry answers for which top-level domain.
pub(crate) struct Registries(Vec<(Vec<String>, Url)>);

impl Registries {
    /// Reads the list.
    pub(crate) async fn fetch(network: &Network, list: &Url) -> Result<Self, String> {
        let got = network.fetch(list, "application/json", LIST_LIMIT).await?;
        let list = read(&got, LIST_LIMIT)?;
        let services = list
            .get("services")
            .and_then(Value::as_array)
            .ok_or("the list of registries has no `services`")?;
        let services = services.iter().filter_map(|service| {
            let texts = |at: usize| service.get(at).map(texts).unwrap_or_default();
            let secure = texts(1)
                .into_iter()
                .find(|address| address.starts_with("https://"))?;
            // Every path is put beneath it.
            let address = Url::parse(&format!("{}/", secure.trim_end_matches('/'))).ok()?;
            Some((texts(0), address))
        });
        Ok(Self(services.collect()))
    }

    /// The registry with the longest suffix of a name.
    fn of(&self, name: &str) -> Option<&Url> {
        let covers = |suffix: &String| {
            let rest = name.strip_suffix(suffix.as_str());
            rest.is_some_and(|rest| rest.ends_with('.'))
        };
        let suffixes = self.0.iter().flat_map(|(suffixes, address)| {
            let own = suffixes.iter().filter(|suffix| covers(suffix));
            own.map(move |suffix| (suffix.len(), address))
        });
        suffixes
            .max_by_key(|(length, _)| *length)
            .map(|(_, address)| address)
    }
}

/// What its registry says of a host's domain.
pub(crate) async fn registration(
    network: &Network,
    registries: &Result<Registries, String>,
    host: &str,
) -> Registration {
    let registries = match registries {
        Ok(registries) => registries,
        Err(why) => return Registration::Unanswered(why.clone()),
    };
    let Some(registry) = registries.of(host) else {
        return Registration::NotWatched;
    };
    for domain in upwards(host) {
        match ask(network, registry, domain).await {
            Ok(Some(registered)) => return Registration::Registered(registered),
            Ok(None) => {}
            Err(why) => return Registration::Unanswered(why),
        }
    }
    Registration::NotRegistered
}

/// A domain; nothing where the registry knows none of that name. Some call a name below the registered one malformed.
async fn ask(
    network: &Network,
    registry: &Url,
    domain: &str,
) -> Result<Option<Registered>, String> {
    let address = registry
        .join(&format!("domain/{domain}"))
        .map_err(|error| error.to_string())?;
    let got = network
        .fetch(&address, "application/rdap+json", DOMAIN_LIMIT)
        .await?;
    match got.status {
        StatusCode::OK => {
            let answer = read(&got, DOMAIN_LIMIT).map_err(|why| format!("`{address}`: {why}"))?;
            registered(&answer, domain)
                .map(Some)
                .ok_or_else(|| format!("`{address}` answered with no domain"))
        }
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            Ok(None)
        }
        status => Err(format!("`{address}` answered {status}")),
    }
}

fn read(got: &Got, bytes: usize) -> Result<Value, String> {
    let limits = Limits {
        bytes,
        depth: DEPTH,
        ..Limits::default()
    };
    parse_json(&got.body, &limits).map_err(|error| error.to_string())
}

/// A domain object (RFC 9083 §5.3).
fn registered(answer: &Value, asked: &str) -> Option<Registered> {
    if answer.get("objectClassName").and_then(Value::as_str) != Some("domain") {
        return None;
    }
    let name = text(answer, "ldhName")?;
    let domain = name.trim_end_matches('.').to_ascii_lowercase();
    // A server may answer with the domain that the name lies in, and with no other.
    if domain != asked && !asked.ends_with(&format!(".{domain}")) {
        return None;
    }
    let event = |action: &str| {
        let mut events = members(answer, "events");
        let event = events.find(|event| text(event, "eventAction") == Some(action))?;
        text(event, "eventDate")?.parse().ok()
    };
    let status = answer.get("status").map(texts).unwrap_or_default();
    let servers = members(answer, "nameservers").filter_map(|server| text(server, "ldhName"));
    Some(Registered {
        domain,
        since: event("registration"),
        ends: event("expiration"),
        status: status
            .iter()
            .map(|status| status.trim().to_ascii_lowercase())
            .collect(),
        registrar: members(answer, "entities").find_map(registrar),
        name_servers: servers
            .map(|server| server.trim_end_matches('.').to_ascii_lowercase())
            .collect::<BTreeSet<_>>(),
    })
}

/// The name of an entity that is the registrar (a jCard, RFC 7095), else its handle.
fn registrar(entity: &Value) -> Option<String> {
    let roles = entity.get("roles").map(texts)?;
    roles.iter().any(|role| role == "registrar").then_some(())?;
    let card = entity.pointer("/vcardArray/1").and_then(Value::as_array);
    let mut properties = card.into_iter().flatten();
    let named = properties.find(|property| property.get(0).and_then(Value::as_str) == Some("fn"));
    let name = named
        .and_then(|property| property.get(3))
        .and_then(Value::as_str);
    name.or_else(|| text(entity, "handle")).map(str::to_owned)
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn domain(name: &str) -> Value {
        json!({
            "objectClassName": "domain", "ldhName": name,
            "status": ["active", "Client Transfer Prohibited"],
            "events": [{"eventAction": "registration", "eventDate": "2020-01-01T00:00:00Z"}, {"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00+01:00"}],
            "entities": [
                {"objectClassName": "entity", "roles": ["abuse"], "handle": "9"},
                {"objectClassName": "entity", "roles": ["registrar"], "handle": "292",
                 "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar"]]]},
            ],
            "nameservers": [{"objectClassName": "nameserver", "ldhName": "NS1.Maker.Example."}],
        })
    }

    #[test]
    fn a_domain_is_read() {
        let read = registered(&domain("Maker.Example"), "maker.example").unwrap();
        assert_eq!(read.domain, "maker.example");
        assert_eq!(read.ends.unwrap().to_string(), "2029-12-31T23:00:00.000Z");
        assert_eq!(read.registrar.as_deref(), Some("Example Registrar"));
        assert!(read.status.contains("client transfer prohibited"));
        assert_eq!(read.name_servers, ["ns1.maker.example".to_owned()].into());
        // The domain that the name lies in is an answer, another one is none.
        assert!(registered(&domain("maker.example"), "dpp.maker.example").is_some());
        assert!(registered(&domain("aker.example"), "maker.example").is_none());
        assert!(registered(&domain("other.example"), "maker.example").is_none());
        assert!(registered(&json!({"objectClassName": "entity"}), "maker.example").is_none());
    }

    #[test]
    fn the_registry_with_the_longest_suffix_is_asked() {
        let url = |text: &str| Url::parse(text).unwrap();
        let registries = Registries(vec![
            (
                vec!["example".to_owned(), "test".to_owned()],
                url("https://one.example/"),
            ),
            (vec!["co.example".to_owned()], url("https://two.example/")),
        ]);
        let of = |name: &str| registries.of(name).map(Url::as_str);
        assert_eq!(of("dpp.maker.example"), Some("https://one.example/"));
        assert_eq!(of("dpp.maker.co.example"), Some("https://two.example/"));
        assert_eq!(of("dpp.maker.invalid"), None);
        assert_eq!(of("dpp.notexample"), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<i32>().prop_map(|one| json!(one)),
            "[a-z.]{0,12}".prop_map(|one| json!(one)),
            Just(json!("domain")),
            Just(json!("registrar"))
        ];
        let name = prop_oneof![
            Just("objectClassName"),
            Just("ldhName"),
            Just("events"),
            Just("entities"),
            Just("roles"),
            Just("vcardArray"),
            Just("status")
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_answer_is_read_or_refused(mut answer in any_json()) {
            if let Some(members) = answer.as_object_mut() {
                members.insert("objectClassName".to_owned(), json!("domain"));
                members.insert("ldhName".to_owned(), json!("maker.example"));
            }
            let read = registered(&answer, "maker.example");
            prop_assert_eq!(read.is_some(), answer.is_object());
        }
    }
}
