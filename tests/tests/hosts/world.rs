//! A platform whose hosts are watched, on an Internet of its own.

use std::collections::BTreeMap;

use ledger::Timestamp;
use serde_json::{Value, json};
use storage::{HostWatch, Severity};
use tests::Stage;
use watch::{Network, Outcome, Watch, Watched};

use crate::internet::{Internet, Page, Record};
use crate::{DESCRIPTION, DISTRIBUTION, OWN};

const HOUR: i64 = 60 * 60 * 1000;

/// A platform, an Internet, and the watch between them.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) internet: Internet,
    watch: Watch,
    /// What this platform's resolver really says of itself.
    pub(crate) description: String,
    pub(crate) start: Timestamp,
}

impl World {
    pub(crate) async fn new() -> Self {
        let stage = Stage::start().await;
        let internet = Internet::start().await;
        let told = stage.public().get(DESCRIPTION).await.expect(200);
        let description = told.text.replace(&stage.origin, &format!("https://{OWN}"));
        let registries = format!("https://registries.example:{}/dns.json", internet.port);
        let network = Network::new(
            &[internet.name_server],
            internet.roots(),
            internet.port,
            true,
        )
        .unwrap();
        let watch = Watch {
            store: stage.running.store.clone(),
            network,
            own: OWN.to_owned(),
            distribution: DISTRIBUTION.to_owned(),
            registries: registries.parse().unwrap(),
        };
        let world = Self {
            stage,
            internet,
            watch,
            description,
            start: web::now(),
        };
        world
            .internet
            .name(DISTRIBUTION, [Record::A([127, 0, 0, 1])]);
        for host in ["registries.example", "rdap.example"] {
            world.internet.name(host, [Record::A([127, 0, 0, 1])]);
            world
                .internet
                .certify(host, Some(&world.internet.trust), &[host], 90);
        }
        let services = json!({"services": [[["example", "eu"], ["http://rdap.example/", format!("https://rdap.example:{}", world.internet.port)]]]});
        world.page("registries.example", "/dns.json", 200, &services);
        world
    }

    pub(crate) fn page(&self, host: &str, path: &str, status: u16, body: &Value) {
        self.internet
            .page(host, path, Page::Answer(status, body.to_string()));
    }

    /// A domain with a host `dpp` of which everything is in order.
    pub(crate) fn in_order(&self, domain: &str) -> String {
        let host = format!("dpp.{domain}");
        self.internet.name(
            domain,
            [
                Record::Ns("ns1.example".to_owned()),
                Record::Ns("ns2.example".to_owned()),
                Record::Caa,
            ],
        );
        self.internet
            .name(&host, [Record::Cname(DISTRIBUTION.to_owned())]);
        self.internet
            .certify(&host, Some(&self.internet.trust), &[&host], 90);
        self.internet.page(
            &host,
            DESCRIPTION,
            Page::Answer(200, self.description.clone()),
        );
        self.register(domain, |_| {});
        host
    }

    /// What the registry says of a domain.
    pub(crate) fn register(&self, domain: &str, change: impl FnOnce(&mut Value)) {
        let mut answer = json!({
            "objectClassName": "domain", "ldhName": domain.to_uppercase(),
            "status": ["client transfer prohibited"],
            "events": [
                {"eventAction": "registration", "eventDate": "2020-01-01T00:00:00Z"},
                {"eventAction": "expiration", "eventDate": self.day(400)},
            ],
            "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Example Registrar"]]]}],
            "nameservers": [{"ldhName": "ns1.example"}, {"ldhName": "ns2.example"}],
        });
        change(&mut answer);
        self.page("rdap.example", &format!("/domain/{domain}"), 200, &answer);
    }

    pub(crate) fn day(&self, days: i64) -> String {
        Timestamp::from_millisecond(self.start.as_millisecond() + days * 24 * HOUR).to_string()
    }

    /// Examines hosts so many hours from now.
    pub(crate) async fn run(&self, hosts: &[&str], hours: i64) -> Outcome {
        let watched = |host: &&str| Watched {
            host: (*host).to_owned(),
            organisation: Some("voltwerk".to_owned()),
        };
        let now = Timestamp::from_millisecond(self.start.as_millisecond() + hours * HOUR);
        self.watch
            .run(hosts.iter().map(watched).collect(), now)
            .await
            .unwrap()
    }

    /// What was kept of each host: codes and how much they matter.
    pub(crate) async fn kept(&self) -> BTreeMap<String, Vec<(String, Severity)>> {
        let kept: Vec<HostWatch<Value>> = self.stage.running.store.host_watches().await.unwrap();
        let codes = |watch: HostWatch<Value>| {
            let findings = watch
                .findings
                .into_iter()
                .map(|one| (one.code, one.severity));
            (watch.host, findings.collect())
        };
        kept.into_iter().map(codes).collect()
    }

    /// The codes of one host.
    pub(crate) async fn codes(&self, host: &str) -> Vec<String> {
        let kept = self.kept().await;
        kept[host].iter().map(|(code, _)| code.clone()).collect()
    }

    /// Each host, and what is found of it alone in one run over all.
    pub(crate) async fn found(&self, expected: &[(&str, &[&str])], hours: i64) {
        let hosts: Vec<&str> = expected.iter().map(|(host, _)| *host).collect();
        let outcome = self.run(&hosts, hours).await;
        assert_eq!((outcome.hosts, outcome.failed), (hosts.len(), 0));
        let kept = self.kept().await;
        for (host, codes) in expected {
            let found: Vec<&str> = kept[*host].iter().map(|(code, _)| code.as_str()).collect();
            assert_eq!(found, *codes, "{host}");
        }
    }
}
