//! A host name that lapses or is stolen is noticed: against real name servers, TLS servers and registries on loopback.

mod internet;
mod world;

use std::process::{Command, Output};
use std::time::Duration;

use identity::Host;
use internet::{Page, Record};
use serde_json::{Value, json};
use storage::{HostWatch, Registrar, Severity};
use tests::Function;
use watch::Outcome;
use world::World;

const OWN: &str = "id.platform.example";
const DISTRIBUTION: &str = "d111.cdn.example";
const DESCRIPTION: &str = "/.well-known/gs1resolver";

#[tokio::test]
async fn nothing_is_found_where_everything_is_in_order() {
    let world = World::new().await;
    let hosts = [
        world.in_order("maker.example"),
        world.in_order("other.example"),
    ];
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    for hours in [0, 1, 7] {
        let outcome = world.run(&hosts, hours).await;
        assert_eq!(
            outcome,
            Outcome {
                hosts: 2,
                alarms: 0,
                failed: 0
            }
        );
        assert!(world.kept().await.values().all(Vec::is_empty));
    }
    // What no name server of the Internet knows is left out.
    let none = world
        .run(&["127.0.0.1:9000", "127.0.0.1", "localhost"], 0)
        .await;
    assert_eq!(none, Outcome::default());
}

#[tokio::test]
async fn each_fault_of_a_name_is_found() {
    let world = World::new().await;
    let host = |domain: &str| world.in_order(domain);
    let (gone, parked, dangling, address, open) = (
        host("gone.example"),
        host("parked.example"),
        host("dangling.example"),
        host("address.example"),
        host("open.example"),
    );
    let name = |host: &str, record: Record| world.internet.name(host, [record]);
    world.internet.no_name(&gone);
    name("parking.example", Record::A([127, 0, 0, 1]));
    name(&parked, Record::Cname("parking.example".to_owned()));
    name(&dangling, Record::Cname("deleted.cdn.example".to_owned()));
    // The same server at another address: no CNAME, and none of the distribution's.
    name(&address, Record::A([127, 0, 0, 2]));
    name("open.example", Record::Ns("ns1.example".to_owned()));
    world
        .found(
            &[
                (&gone, &["no-such-name"]),
                (&parked, &["points-elsewhere"]),
                (&dangling, &["dangling"]),
                (&address, &["other-addresses", "unreachable"]),
                (&open, &["no-caa"]),
            ],
            0,
        )
        .await;
    // Without a CNAME, but at the distribution's address.
    name(&address, Record::A([127, 0, 0, 1]));
    world.found(&[(&address, &[])], 1).await;
}

#[tokio::test]
async fn each_fault_of_a_certificate_is_found() {
    let world = World::new().await;
    let host = |domain: &str| world.in_order(domain);
    let (expired, late, soon, wrong, own) = (
        host("expired.example"),
        host("late.example"),
        host("soon.example"),
        host("wrong.example"),
        host("own.example"),
    );
    let trust = &world.internet.trust;
    world
        .internet
        .certify(&expired, Some(trust), &[&expired], -1);
    world.internet.certify(&late, Some(trust), &[&late], 3);
    world.internet.certify(&soon, Some(trust), &[&soon], 15);
    world
        .internet
        .certify(&wrong, Some(trust), &["dpp.thief.example"], 90);
    world.internet.certify(&own, None, &[&own], 90);
    world
        .found(
            &[
                (&expired, &["certificate-expired"]),
                (&late, &["certificate-ends"]),
                (&soon, &["certificate-ends"]),
                (&wrong, &["certificate-wrong-name"]),
                (&own, &["certificate-untrusted"]),
            ],
            0,
        )
        .await;
    let kept = world.kept().await;
    assert_eq!(
        (kept[&late][0].1, kept[&soon][0].1),
        (Severity::Alarm, Severity::Warning)
    );
}

#[tokio::test]
async fn each_fault_of_a_registration_is_found() {
    let world = World::new().await;
    let fault = |domain: &str, change: &dyn Fn(&mut Value)| {
        let host = world.in_order(domain);
        world.register(domain, change);
        host
    };
    let ends = |days: i64| world.day(days);
    let late = fault("late.example", &|answer| {
        answer["events"][1]["eventDate"] = json!(ends(10))
    });
    let soon = fault("soon.example", &|answer| {
        answer["events"][1]["eventDate"] = json!(ends(40))
    });
    let held = fault("held.example", &|answer| {
        answer["status"] = json!(["Client Hold", "server transfer prohibited"])
    });
    let dropped = fault("dropped.example", &|answer| {
        answer["status"] = json!([
            "redemption period",
            "pending delete",
            "client transfer prohibited"
        ])
    });
    let open = fault("open.example", &|answer| {
        answer["status"] = json!(["active"])
    });
    let undated = fault("undated.example", &|answer| answer["events"] = json!([]));
    let lapsed = fault("lapsed.example", &|_| {});
    world.page(
        "rdap.example",
        "/domain/lapsed.example",
        404,
        &json!({"errorCode": 404}),
    );
    // A registry that calls what lies below a registered domain malformed.
    let below = fault("below.eu", &|_| {});
    world.page("rdap.example", &format!("/domain/{below}"), 400, &json!({}));
    let elsewhere = world.in_order("elsewhere.invalid");
    let failing = fault("failing.example", &|_| {});
    world.page("rdap.example", "/domain/failing.example", 500, &json!({}));
    let deep = fault("deep.example", &|_| {});
    world.internet.page(
        "rdap.example",
        "/domain/deep.example",
        Page::Answer(200, "[".repeat(10_000)),
    );
    let endless = fault("endless.example", &|_| {});
    world
        .internet
        .page("rdap.example", "/domain/endless.example", Page::Endless);
    let plain = fault("plain.example", &|_| {});
    world.internet.page(
        "rdap.example",
        "/domain/plain.example",
        Page::Redirect("http://rdap.example/domain/plain.example".to_owned()),
    );
    let circle = fault("circle.example", &|_| {});
    world.internet.page(
        "rdap.example",
        "/domain/circle.example",
        Page::Redirect("/domain/circle.example".to_owned()),
    );
    let moved = fault("moved.example", &|_| {});
    world.internet.page(
        "rdap.example",
        "/domain/moved.example",
        Page::Redirect(format!(
            "https://rdap.example:{}/domain/below.eu",
            world.internet.port
        )),
    );
    let led = fault("led.example", &|_| {});
    world.internet.page(
        "rdap.example",
        "/domain/led.example",
        Page::Redirect("/elsewhere?name=led".to_owned()),
    );
    let answer = json!({"objectClassName": "domain", "ldhName": "led.example", "status": ["pending delete", "server transfer prohibited"]});
    world.page("rdap.example", "/elsewhere?name=led", 200, &answer);
    world
        .found(
            &[
                (&late, &["registration-ends"]),
                (&soon, &["registration-ends"]),
                (&held, &["registration-status"]),
                (&dropped, &["registration-status", "registration-status"]),
                (&open, &["no-transfer-lock"]),
                (&undated, &["expiry-not-told"]),
                (&lapsed, &["not-registered"]),
                (&below, &[]),
                (&elsewhere, &["registration-not-watched"]),
                (&failing, &["registration-unanswered"]),
                (&deep, &["registration-unanswered"]),
                (&endless, &["registration-unanswered"]),
                (&plain, &["registration-unanswered"]),
                (&circle, &["registration-unanswered"]),
                // Another domain's answer is none.
                (&moved, &["registration-unanswered"]),
                // A few redirects are followed.
                (&led, &["registration-status", "expiry-not-told"]),
            ],
            0,
        )
        .await;
    let kept = world.kept().await;
    assert_eq!(
        (kept[&late][0].1, kept[&soon][0].1),
        (Severity::Alarm, Severity::Warning)
    );
}

#[tokio::test]
async fn where_the_list_of_registries_is_not_to_be_had_the_rest_is_watched() {
    let world = World::new().await;
    let host = world.in_order("maker.example");
    world.internet.page(
        "registries.example",
        "/dns.json",
        Page::Answer(200, "[]".to_owned()),
    );
    world
        .internet
        .name(&host, [Record::Cname("parking.example".to_owned())]);
    world
        .found(&[(&host, &["dangling", "registration-unanswered"])], 0)
        .await;
}

#[tokio::test]
async fn a_foreign_answer_is_found() {
    let world = World::new().await;
    let host = |domain: &str, page: Page| {
        let host = world.in_order(domain);
        world.internet.page(&host, DESCRIPTION, page);
        host
    };
    let parked = host(
        "parked.example",
        Page::Answer(200, "<html>for sale</html>".to_owned()),
    );
    let led = host(
        "led.example",
        Page::Redirect("https://shop.example/".to_owned()),
    );
    let other = host(
        "other.example",
        Page::Answer(200, world.description.replace(OWN, "id.thief.example")),
    );
    let nothing = host("nothing.example", Page::Answer(404, String::new()));
    let failing = host("failing.example", Page::Answer(503, String::new()));
    let foreign: &[&str] = &["foreign-answer"];
    world
        .found(
            &[
                (&parked, foreign),
                (&led, foreign),
                (&other, foreign),
                (&nothing, foreign),
                (&failing, &["no-answer"]),
            ],
            0,
        )
        .await;
    assert_eq!(world.kept().await[&failing][0].1, Severity::Warning);
    // A second time in a row it is no hiccup.
    world.found(&[(&failing, &["no-answer"])], 1).await;
    assert_eq!(world.kept().await[&failing][0].1, Severity::Alarm);
}

/// What was seen is remembered in the table, so that the next run, by whichever process, tells what is another.
#[tokio::test]
async fn a_change_is_told_until_it_has_settled() {
    let world = World::new().await;
    let domains = [
        "servers.example",
        "issuer.example",
        "renewed.example",
        "transferred.example",
        "anew.example",
    ];
    let hosts: Vec<String> = domains
        .iter()
        .map(|domain| world.in_order(domain))
        .collect();
    let [servers, issuer, renewed, transferred, anew] =
        [0, 1, 2, 3, 4].map(|at: usize| hosts[at].as_str());
    let none: &[&str] = &[];
    world
        .found(
            &[
                (servers, none),
                (issuer, none),
                (renewed, none),
                (transferred, none),
                (anew, none),
            ],
            0,
        )
        .await;
    world.internet.name(
        "servers.example",
        [Record::Ns("ns.thief.example".to_owned()), Record::Caa],
    );
    world
        .internet
        .certify(issuer, Some(&world.internet.other_trust), &[issuer], 90);
    world
        .internet
        .certify(renewed, Some(&world.internet.trust), &[renewed], 90);
    world.register("transferred.example", |answer| {
        answer["entities"][0]["vcardArray"][1][0][3] = json!("Thief's Registrar");
        answer["nameservers"] = json!([{"ldhName": "ns.thief.example"}]);
    });
    world.register("anew.example", |answer| {
        answer["events"][0]["eventDate"] = json!(world.day(-1))
    });
    let changed: &[(&str, &[&str])] = &[
        (servers, &["other-name-servers"]),
        (issuer, &["other-issuer"]),
        (renewed, &["new-key"]),
        (transferred, &["other-registrar", "other-name-servers"]),
        (anew, &["registered-anew"]),
    ];
    // The registry is asked once in six hours, everything else each time.
    world
        .found(
            &[(servers, changed[0].1), (transferred, none), (anew, none)],
            1,
        )
        .await;
    world.found(changed, 6).await;
    world.found(changed, 3 * 24).await;
    let kept: Vec<HostWatch<Value>> = world.stage.running.store.host_watches().await.unwrap();
    let finding = kept
        .iter()
        .find(|watch| watch.host == issuer)
        .unwrap()
        .findings[0]
        .clone();
    assert_eq!(finding.expected, "issued by Example Trust");
    assert!(
        finding.found.starts_with("issued by Other Trust, since 20"),
        "{}",
        finding.found
    );
    world
        .run(&[servers, issuer, renewed, transferred, anew], 9 * 24)
        .await;
    let settled: &[(&str, &[&str])] = &[
        (servers, none),
        (issuer, none),
        (renewed, none),
        (transferred, none),
        (anew, none),
    ];
    world.found(settled, 9 * 24 + 1).await;
    // And the way back is a change again.
    world
        .internet
        .certify(issuer, Some(&world.internet.trust), &[issuer], 90);
    world
        .found(&[(issuer, &["other-issuer"])], 9 * 24 + 2)
        .await;
}

/// Name servers, servers and registries that say nothing cost their own host a finding, and no other host anything.
#[tokio::test]
async fn hosts_that_hang_do_not_stop_the_others() {
    let world = World::new().await;
    let before = world.in_order("maker.example");
    let silent = "silent.example";
    let mute = world.in_order("mute.example");
    world.internet.page(&mute, DESCRIPTION, Page::Nothing);
    let endless = world.in_order("endless.example");
    world.internet.page(&endless, DESCRIPTION, Page::Endless);
    let registry = world.in_order("registry.example");
    world
        .internet
        .page("rdap.example", "/domain/registry.example", Page::Nothing);
    // It takes the connection, and then does not shake hands.
    let _shut = std::net::TcpListener::bind(("127.0.0.5", world.internet.port)).unwrap();
    let shut = world.in_order("shut.example");
    world.internet.name(&shut, [Record::A([127, 0, 0, 5])]);
    let after = world.in_order("last.example");
    world.register("silent.example", |_| {});
    world
        .found(
            &[
                (&before, &[]),
                (silent, &["dns-unanswered"]),
                (&mute, &["no-answer"]),
                (&endless, &["no-answer"]),
                (&registry, &["registration-unanswered"]),
                (&shut, &["other-addresses", "unreachable"]),
                (&after, &[]),
            ],
            0,
        )
        .await;
}

/// A row that a later form of the watch wrote, or nobody, costs that host its baseline and the others nothing.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_first_sight() {
    let world = World::new().await;
    let (one, other) = (
        world.in_order("maker.example"),
        world.in_order("other.example"),
    );
    let odd = HostWatch {
        host: one.clone(),
        at: world.start,
        findings: Vec::new(),
        known: json!({"codes": "none"}),
    };
    world
        .stage
        .running
        .store
        .keep_host_watch(odd)
        .await
        .unwrap();
    world.found(&[(&one, &[]), (&other, &[])], 0).await;
    assert_eq!(world.codes(&one).await, [] as [&str; 0]);
}

fn passport(
    binaries: &std::path::Path,
    environment: &[(&str, String)],
    arguments: &[&str],
) -> Output {
    let mut tool = Command::new(binaries.join("passport"));
    let tool = tool
        .arg("hosts")
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)));
    tool.output().unwrap()
}

/// The function as it is deployed, its environment included; and what the operator's tool says of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_function_watches_the_stages_host_and_those_of_its_operators() {
    let binaries = tests::built(&["watch", "passport"]).await;
    let world = World::new().await;
    let mut environment = world.stage.function_environment();
    let list = passport(&binaries, &environment, &[]);
    assert!(list.status.success());
    environment.retain(|(name, _)| *name != "CARRIER_ORIGIN");
    environment.extend([
        ("CARRIER_ORIGIN", format!("https://{OWN}")),
        ("DISTRIBUTION_DOMAIN", DISTRIBUTION.to_owned()),
        (
            "NAME_SERVERS",
            format!("{}, 127.0.0.1", world.internet.name_server),
        ),
        (
            "REGISTRIES",
            "https://registries.example/dns.json".to_owned(),
        ),
    ]);
    let mut function = Function::start(&binaries.join("watch"), &environment).await;
    let event: Value =
        serde_json::from_str(include_str!("../../../events/watch-scheduled.json")).unwrap();
    let store = &world.stage.running.store;
    let mut record = store.organisation("voltwerk").await.unwrap().unwrap();
    record.carrier_host = Some(Host::parse("dpp.voltwerk.example").unwrap());
    let registrar = Registrar {
        organisation: "operations".to_owned(),
        person: "registrar-1".to_owned(),
        reason: "own domain, in escrow".to_owned(),
    };
    let _ = store
        .register_organisation("log", record, &registrar, web::now())
        .await
        .unwrap();
    let answer = function.invoke(event).await;
    assert_eq!(answer, json!({"hosts": 2, "alarms": 2}));
    for host in [OWN, "dpp.voltwerk.example"] {
        assert!(world.codes(host).await.contains(&"no-such-name".to_owned()));
    }
    // What was found is kept beside the reservations and is none.
    assert_eq!(store.carrier_hosts().await.unwrap().len(), 1);
    let list = passport(&binaries, &environment, &[]);
    assert_eq!(list.status.code(), Some(1));
    let told = String::from_utf8(list.stderr).unwrap();
    for line in [
        "error: 2 hosts with an alarm\n",
        "id.platform.example (the platform's own), 20",
        "dpp.voltwerk.example (voltwerk), 20",
        "  alarm no-such-name: expected a name that leads to d111.cdn.example; found no such name\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    // After a planned change the next examination is a first sight; what is reserved stays so.
    for (host, done) in [
        ("dpp.voltwerk.example", true),
        ("dpp.voltwerk.example", false),
    ] {
        let taken = passport(&binaries, &environment, &["--usual", host]);
        assert_eq!(taken.status.success(), done);
    }
    assert!(!world.kept().await.contains_key("dpp.voltwerk.example"));
    assert_eq!(store.carrier_hosts().await.unwrap().len(), 1);
    // Where nobody looks any more, nothing is in order.
    let before = world.start.minus(Duration::from_secs(5 * 60 * 60));
    let host = OWN.to_owned();
    let stopped = HostWatch {
        host,
        at: before,
        findings: Vec::new(),
        known: json!(null),
    };
    store.keep_host_watch(stopped).await.unwrap();
    let list = passport(&binaries, &environment, &[]);
    assert_eq!(list.status.code(), Some(1));
    let told = String::from_utf8(list.stderr).unwrap();
    assert!(
        told.contains("  alarm: not examined for 5 hours\n"),
        "{told}"
    );
    assert!(
        told.contains("dpp.voltwerk.example (voltwerk): not examined yet\n"),
        "{told}"
    );
}
