//! Values over time: every reading stays in the series, and only the newest is shown.

use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, text};

const CHARGE: &str = "/condition/stateOfCharge";
const CYCLES: &str = "/condition/cycleCount";
const MINUTE: i64 = 60_000;

/// A battery on the market, of the examples: measured last in October 2026.
struct Battery {
    stage: Stage,
    passport: String,
    organisation: String,
}

impl Battery {
    /// A car's.
    async fn on_the_market() -> Self {
        Self::example(0).await
    }

    async fn example(number: usize) -> Self {
        let stage = Stage::start().await;
        let mut seeded = stage.seeded().await;
        let battery = seeded.batteries.remove(number);
        Self {
            stage,
            passport: battery.passport,
            organisation: battery.organisation,
        }
    }

    fn garage(&self) -> Partner<'_> {
        self.stage.partner("service-provider", "garage-nord")
    }

    fn owner(&self) -> Partner<'_> {
        self.stage.partner("economic-operator", &self.organisation)
    }

    fn path(&self) -> String {
        format!("/v1/dpps/{}", self.passport)
    }

    async fn record(&self, readings: &[Value]) -> Answer {
        let body = json!({"reason": "daily upload", "readings": readings});
        self.garage()
            .post(&format!("{}/readings", self.path()), &body)
            .await
    }

    async fn correct(&self, readings: &[Value]) -> Answer {
        let body =
            json!({"type": "correction", "reason": "sensor exchanged", "readings": readings});
        self.owner()
            .post(&format!("{}/readings", self.path()), &body)
            .await
    }

    async fn page(&self, query: &str) -> Value {
        let path = format!("{}/readings?{query}", self.path());
        self.garage().get(&path).await.expect(200).json()
    }

    /// Values of a query, in its order.
    async fn values(&self, query: &str) -> Vec<Value> {
        let page = self.page(query).await;
        let readings = page["readings"].as_array().unwrap();
        readings.iter().map(|one| one["value"].clone()).collect()
    }

    async fn shown(&self) -> Value {
        let passport = self.owner().get(&self.path()).await.expect(200).json();
        passport["condition"].clone()
    }

    async fn events(&self) -> Vec<Value> {
        let path = format!("{}/events?verify=true", self.path());
        let history = self.owner().get(&path).await.expect(200).json();
        assert_eq!(history["chain"]["holds"], true, "{history}");
        history["events"].as_array().unwrap().clone()
    }

    async fn versions(&self) -> usize {
        let path = format!("{}/versions", self.path());
        let history = self.owner().get(&path).await.expect(200).json();
        history["versions"].as_array().unwrap().len()
    }
}

/// A moment that many minutes after noon of 1 November 2026.
fn minute(number: i64) -> String {
    let noon: ledger::Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    ledger::Timestamp::from_millisecond(noon.as_millisecond() + number * MINUTE).to_string()
}

fn charge(value: impl Into<Value>, at: &str) -> Value {
    json!({"pointer": CHARGE, "value": value.into(), "unit": "%", "measuredAt": at})
}

fn cycles(value: u64, at: &str) -> Value {
    json!({"pointer": CYCLES, "value": value, "measuredAt": at})
}

#[tokio::test]
async fn readings_in_any_order_are_one_event_and_the_newest_of_each_attribute_is_shown() {
    let battery = Battery::on_the_market().await;
    let (events, versions) = (battery.events().await.len(), battery.versions().await);
    let body = json!({
        "reason": "daily upload", "instrument": "battery management system 4.2", "conditions": "parked, 21 Cel",
        "readings": [
            charge(48, &minute(20)), charge(52.5, &minute(10)), cycles(40, &minute(5)), charge(50, &minute(15)),
        ],
    });
    let path = format!("{}/readings", battery.path());
    let answer = battery.garage().post(&path, &body).await.expect(201);
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 48);
    assert_eq!(battery.shown().await["cycleCount"]["value"], 40);
    assert_eq!(battery.versions().await, versions + 1);
    let all = battery.events().await;
    assert_eq!(all.len(), events + 1);
    let event = all.last().unwrap();
    assert_eq!(event["type"], "measurement");
    assert_eq!(event["actor"]["role"], "service-provider");
    let receipt = format!("{}:{}", text(event, "eventId"), text(event, "hash"));
    assert_eq!(answer.header("audit-receipt"), receipt);

    let query = format!(
        "attribute={CHARGE},{CYCLES}&from={}&order=oldest-first",
        minute(0)
    );
    let page = battery.page(&query).await;
    let readings = page["readings"].as_array().unwrap();
    let values: Vec<&Value> = readings.iter().map(|one| &one["value"]).collect();
    assert_eq!(json!(values), json!([40, 52.5, 50, 48]));
    assert!(page.get("next").is_none());
    for reading in readings {
        assert_eq!(reading["eventId"], event["eventId"]);
        assert_eq!(reading["instrument"], "battery management system 4.2");
        assert_eq!(reading["conditions"], "parked, 21 Cel");
        assert_eq!(reading["role"], "service-provider");
        assert_eq!(reading["type"], "measurement");
    }
    // What the log is bound to can be worked out again from the readings themselves.
    let mut given = readings.clone();
    for reading in &mut given {
        let members = reading.as_object_mut().unwrap();
        members
            .retain(|name, _| ["pointer", "value", "unit", "measuredAt"].contains(&name.as_str()));
    }
    given.sort_by_key(|one| (text(one, "pointer"), text(one, "measuredAt")));
    let canonical = ledger::canonical(&json!({
        "instrument": "battery management system 4.2", "conditions": "parked, 21 Cel", "readings": given,
    }));
    assert_eq!(
        event["readings"],
        json!([{
            "class": 4, "count": 4, "from": minute(5), "to": minute(20),
            "sha256": ledger::Sha256::of(&canonical.unwrap()),
        }])
    );
}

#[tokio::test]
async fn a_late_reading_enters_the_series_and_is_never_shown() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    let versions = battery.versions().await;
    let _ = battery
        .record(&[charge(99, &minute(10)), charge(97, "2026-09-15T08:00:00Z")])
        .await
        .expect(201);
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 48);
    assert_eq!(battery.versions().await, versions, "no value changed");
    assert_eq!(battery.events().await.last().unwrap()["changes"], json!([]));
    let values = battery.values(&format!("attribute={CHARGE}")).await;
    assert_eq!(values[..2], [json!(48), json!(99)]);
    assert!(values.contains(&json!(97)), "{values:?}");

    // An event that changes the value cannot bring a late one either, and says where it belongs.
    let late = json!({"type": "measurement", "reason": "x", "changes": {"condition": {
        "stateOfCharge": {"value": 12, "unit": "%", "measuredAt": minute(1)},
    }}});
    let refused = battery
        .garage()
        .event(&battery.passport, &late)
        .await
        .expect(422)
        .json();
    assert_eq!(refused["faults"][0]["rule"], "late-reading");
    assert_eq!(
        refused["faults"][0]["pointer"],
        "/condition/stateOfCharge/measuredAt"
    );
    assert!(text(&refused["faults"][0], "expected").contains("/readings"));
}

/// When something changed is told to whoever sees what changed, and to nobody else.
#[tokio::test]
async fn a_reading_moves_the_last_update_for_who_sees_it() {
    let battery = Battery::on_the_market().await;
    let (garage, public) = (battery.garage(), battery.stage.public());
    let updated = async |reader: &Partner<'_>| {
        let read = reader.get(&battery.path()).await.expect(200);
        text(&read.json(), "lastUpdated")
    };
    let before = (updated(&garage).await, updated(&public).await);
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    assert!(updated(&garage).await > before.0);
    assert_eq!(updated(&public).await, before.1);
    let then = format!(
        "/v1/dppsByIdAndDate/{}?date=2999-01-01T00:00:00Z",
        battery.passport
    );
    for reader in [&garage, &public, &battery.owner()] {
        let then = reader.get(&then).await.expect(200).json();
        assert_eq!(text(&then, "lastUpdated"), updated(reader).await);
    }
}

#[tokio::test]
async fn what_is_known_is_nothing_new() {
    let battery = Battery::on_the_market().await;
    let list = [charge(48, &minute(20)), charge(52, &minute(10))];
    let _ = battery.record(&list).await.expect(201);
    let events = battery.events().await.len();
    let again = battery.record(&list).await.expect(201);
    assert_eq!(again.header("audit-receipt"), "");
    let twice = [charge(52.0, &minute(10)), charge(52, &minute(10))];
    let _ = battery.record(&twice).await.expect(201);
    assert_eq!(battery.events().await.len(), events);
    let more = [
        charge(48, &minute(20)),
        charge(52, &minute(10)),
        charge(51, &minute(12)),
    ];
    let _ = battery.record(&more).await.expect(201);
    let all = battery.events().await;
    assert_eq!(all.len(), events + 1);
    assert_eq!(all.last().unwrap()["readings"][0]["count"], 1);
    let query = format!("attribute={CHARGE}&from={}", minute(0));
    assert_eq!(
        battery.values(&query).await,
        [json!(48), json!(51), json!(52)]
    );
}

#[tokio::test]
async fn the_same_request_again_is_one_event_and_the_same_answer() {
    let battery = Battery::on_the_market().await;
    let events = battery.events().await.len();
    let path = format!("{}/readings", battery.path());
    let body = json!({"reason": "upload", "readings": [charge(48, &minute(20))]});
    let headers = [("idempotency-key", "one-key")];
    let garage = battery.garage();
    let first = garage
        .call("POST", &path, &headers, Some(&body))
        .await
        .expect(201);
    // Another value came between: the answer is the same, and nothing is taken back.
    let _ = battery.record(&[charge(30, &minute(30))]).await.expect(201);
    let again = garage
        .call("POST", &path, &headers, Some(&body))
        .await
        .expect(201);
    assert!(!first.header("audit-receipt").is_empty());
    assert_eq!(first.header("audit-receipt"), again.header("audit-receipt"));
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 30);
    assert_eq!(battery.events().await.len(), events + 2);
    let missing = garage
        .call("POST", &path, &[], Some(&body))
        .await
        .expect(400);
    assert!(text(&missing.json(), "type").ends_with("missing-idempotency-key"));
}

#[tokio::test]
async fn another_value_of_a_known_moment_is_refused_and_a_correction_puts_it_right() {
    let battery = Battery::on_the_market().await;
    let _ = battery
        .record(&[charge(48, &minute(20)), charge(52, &minute(10))])
        .await
        .expect(201);
    let events = battery.events().await.len();
    let list = [
        charge(49, &minute(20)),
        charge(53, &minute(10)),
        charge(70, &minute(40)),
    ];
    let refused = battery.record(&list).await.expect(409).json();
    let faults = refused["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{refused:#}");
    for (index, fault) in faults.iter().enumerate() {
        assert_eq!(fault["pointer"], format!("/readings/{index}"));
        assert_eq!(fault["rule"], "conflicting-reading");
        assert!(text(fault, "expected").contains("correction"));
    }
    assert!(
        text(&faults[1], "expected").contains("52") && text(&faults[1], "found").contains("53")
    );
    assert_eq!(battery.events().await.len(), events, "nothing was written");

    // Only who is responsible may correct.
    let body = json!({"type": "correction", "reason": "x", "readings": list});
    let path = format!("{}/readings", battery.path());
    let _ = battery.garage().post(&path, &body).await.expect(403);
    let _ = battery.correct(&list[..2]).await.expect(201);
    let query = format!("attribute={CHARGE}&from={}", minute(0));
    assert_eq!(battery.values(&query).await, [json!(49), json!(53)]);
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 49);
    let event = battery.events().await.pop().unwrap();
    assert_eq!(
        (&event["type"], &event["class"]),
        (&json!("correction"), &json!(4))
    );
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(409);
}

#[tokio::test]
async fn a_correction_of_the_shown_value_takes_the_wrong_one_out_of_the_series() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    let correction = json!({"type": "correction", "reason": "clock was an hour ahead", "changes": {"condition": {
        "stateOfCharge": {"value": 48, "unit": "%", "measuredAt": minute(-40)},
    }}});
    let _ = battery
        .owner()
        .event(&battery.passport, &correction)
        .await
        .expect(201);
    let page = battery
        .page(&format!("attribute={CHARGE}&from={}", minute(-60)))
        .await;
    let readings = page["readings"].as_array().unwrap();
    assert_eq!(readings.len(), 1, "{page:#}");
    assert_eq!(readings[0]["measuredAt"], minute(-40));
    assert_eq!(readings[0]["type"], "correction");
}

#[tokio::test]
async fn every_fault_is_told_at_once_and_nothing_is_written() {
    let battery = Battery::on_the_market().await;
    let events = battery.events().await.len();
    let mut list: Vec<Value> = (0..20).map(|number| charge(50, &minute(number))).collect();
    list[3] = charge(101, &minute(3));
    list[5] = json!({"pointer": CHARGE, "value": 50, "unit": "1", "measuredAt": minute(5)});
    list[7] = charge(50, "2099-01-01T00:00:00Z");
    list[9] = charge("full", &minute(9));
    list[17] = json!({"pointer": CYCLES, "value": 5});
    let refused = battery.record(&list).await.expect(422).json();
    let places: Vec<&str> = refused["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "/readings/3/value",
            "/readings/5/unit",
            "/readings/7/measuredAt",
            "/readings/9/value",
            "/readings/17/measuredAt"
        ]
    );
    for (body, status) in [
        (json!({"reason": "x", "readings": []}), 400),
        (json!({"reason": "x"}), 400),
        (json!({"readings": [charge(50, &minute(1))]}), 400),
        (
            json!({"reason": "x", "readings": [charge(50, &minute(1))], "instrument": "\u{202e}"}),
            400,
        ),
        (
            json!({"reason": "x", "readings": [charge(50, &minute(1))], "tool": "x"}),
            400,
        ),
        (
            json!({"type": "repair", "reason": "x", "readings": [charge(50, &minute(1))]}),
            400,
        ),
        (
            json!({"reason": "x", "readings": vec![json!({}); 2_001]}),
            413,
        ),
    ] {
        let path = format!("{}/readings", battery.path());
        let _ = battery.garage().post(&path, &body).await.expect(status);
    }
    assert_eq!(battery.events().await.len(), events);
}

#[tokio::test]
async fn only_who_may_measure_records_and_only_what_may_be_measured() {
    let battery = Battery::on_the_market().await;
    let path = format!("{}/readings", battery.path());
    let list = [charge(50, &minute(1))];
    let body = json!({"reason": "x", "readings": list});
    let _ = battery.stage.public().post(&path, &body).await.expect(401);
    for (role, organisation) in [
        ("supplier", "cellmaker"),
        ("market-surveillance", "authority"),
        ("auditor", "auditors"),
    ] {
        let _ = battery
            .stage
            .partner(role, organisation)
            .post(&path, &body)
            .await
            .expect(403);
    }
    let status =
        json!({"pointer": "/condition/batteryStatus", "value": "waste", "measuredAt": minute(1)});
    let refused = battery
        .record(&[status, list[0].clone()])
        .await
        .expect(403)
        .json();
    assert!(text(&refused, "detail").contains("/condition/batteryStatus"));
    // Of a draft nobody else may know, and its own maker measures with the events of a draft.
    let maker = battery.stage.maker();
    let (_, draft) = maker.draft().await;
    let path = format!("/v1/dpps/{draft}/readings");
    let _ = battery.garage().post(&path, &body).await.expect(404);
    let _ = maker.post(&path, &body).await.expect(409);
}

#[tokio::test]
async fn readings_are_for_those_with_a_legitimate_interest_and_each_read_is_recorded() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    let path = format!("{}/readings", battery.path());
    let _ = battery.stage.public().get(&path).await.expect(401);
    for query in ["", "?attribute=/condition/stateOfCharge"] {
        for (role, organisation) in [
            ("market-surveillance", "authority"),
            ("supplier", "cellmaker"),
            ("auditor", "auditors"),
        ] {
            let partner = battery.stage.partner(role, organisation);
            let refused = partner.get(&format!("{path}{query}")).await.expect(403);
            let detail = text(&refused.json(), "detail");
            assert!(
                detail.contains("class 4") && !detail.contains("48"),
                "{detail}"
            );
        }
    }
    let subject = format!("A#P#{}", battery.passport);
    let before = battery.stage.ledger_items(&subject).await;
    let _ = battery.page("").await;
    assert_eq!(battery.stage.ledger_items(&subject).await, before + 1);
    let (_, draft) = battery.stage.maker().draft().await;
    let _ = battery
        .garage()
        .get(&format!("/v1/dpps/{draft}/readings"))
        .await
        .expect(404);
    // Who is responsible reads what the platform kept of the draft.
    let own = battery
        .stage
        .maker()
        .get(&format!("/v1/dpps/{draft}/readings"))
        .await
        .expect(200)
        .json();
    assert!(!own["readings"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn every_dynamic_value_of_any_event_stands_in_the_series() {
    let battery = Battery::on_the_market().await;
    let condition = battery.shown().await;
    let maintenance = json!({"type": "maintenance", "reason": "yearly service", "changes": {"condition": {
        "stateOfCharge": {"value": 77, "unit": "%", "measuredAt": minute(3)},
    }}});
    let _ = battery
        .garage()
        .event(&battery.passport, &maintenance)
        .await
        .expect(201);
    let waste = json!({"type": "became-waste", "reason": "end of life"});
    let _ = battery
        .owner()
        .event(&battery.passport, &waste)
        .await
        .expect(201);
    let page = battery.page("limit=1000").await;
    let readings = page["readings"].as_array().unwrap();
    for (name, value) in condition.as_object().unwrap() {
        let there = readings.iter().any(|reading| {
            reading["pointer"] == format!("/condition/{name}")
                && reading["value"] == value["value"]
                && reading["measuredAt"] == value["measuredAt"]
        });
        assert!(there, "{name}");
    }
    let newest = |pointer: &str| {
        let found = readings
            .iter()
            .find(|reading| reading["pointer"] == pointer);
        let reading = found.unwrap();
        (reading["value"].clone(), text(reading, "type"))
    };
    assert_eq!(newest(CHARGE), (json!(77), "maintenance".to_owned()));
    assert_eq!(
        newest("/condition/batteryStatus"),
        (json!("waste"), "became-waste".to_owned())
    );
}

#[tokio::test]
async fn thousands_of_readings_are_paged_without_a_gap_and_cut_by_range() {
    let battery = Battery::on_the_market().await;
    // Interleaved, so that the items of the three events overlap: 4,000 readings of one attribute, 1,000 of another.
    for turn in 0..3_i64 {
        let mut list = Vec::new();
        for number in (turn..4_000).step_by(3) {
            list.push(charge(number % 100, &minute(number)));
            if number % 4 == 0 {
                list.push(cycles(100 + number.unsigned_abs(), &minute(number)));
            }
        }
        assert!(list.len() <= 2_000);
        let _ = battery.record(&list).await.expect(201);
    }
    for order in ["newest-first", "oldest-first"] {
        let query = format!(
            "attribute={CYCLES},{CHARGE}&from={}&order={order}&limit=700",
            minute(0)
        );
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = battery.page(&format!("{query}{cursor}")).await;
            let readings = page["readings"].as_array().unwrap();
            assert!(readings.len() <= 700);
            seen.extend(
                readings
                    .iter()
                    .map(|one| (text(one, "measuredAt"), text(one, "pointer"))),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 5_000);
        if order == "newest-first" {
            seen.reverse();
        }
        assert!(seen.is_sorted_by(|one, next| one < next));
    }
    let query = format!(
        "attribute={CHARGE}&from={}&to={}",
        minute(1_000),
        minute(1_004)
    );
    let expected = [json!(4), json!(3), json!(2), json!(1), json!(0)];
    assert_eq!(battery.values(&query).await, expected);
    let oldest = format!(
        "attribute={CHARGE}&order=oldest-first&limit=1&from={}",
        minute(-5)
    );
    assert_eq!(battery.values(&oldest).await, [json!(0)]);
    // `Link` leads on as well.
    let path = format!("{}/readings?{query}&limit=2", battery.path());
    let first = battery.garage().get(&path).await.expect(200);
    let link = first.header("link").to_owned();
    let link = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    let second = battery
        .garage()
        .get(&format!("{}/readings{link}", battery.path()))
        .await
        .expect(200)
        .json();
    assert_eq!(second["readings"][0]["value"], 2);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_and_a_made_up_cursor_shows_nothing_more() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    let path = format!("{}/readings", battery.path());
    for query in [
        "attribute=/condition/mood",
        "attribute=/performance/ratedCapacity",
        "attribute=",
        "from=yesterday",
        "order=random",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "cursor=x",
        "cursor=MjAyNi0xMS0wMVQxMjoyMDowMC4wMDBaIC9pbnRlcm5hbC9ub3Rl",
    ] {
        let answer = battery.garage().get(&format!("{path}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
    // Of another attribute than those asked for.
    let page = battery.page(&format!("attribute={CHARGE}&limit=1")).await;
    let next = text(&page, "next");
    let other = format!("{path}?attribute={CYCLES}&cursor={next}");
    let _ = battery.garage().get(&other).await.expect(400);
    let supervised = battery.stage.partner("market-surveillance", "authority");
    let _ = supervised
        .get(&format!("{path}?attribute={CHARGE}&limit=1&cursor={next}"))
        .await
        .expect(403);
}

#[tokio::test]
async fn readings_as_a_table_run_no_formula() {
    let battery = Battery::on_the_market().await;
    let body = json!({
        "reason": "upload", "instrument": "=cmd|'/c calc'!A0", "conditions": "cold, \"very\"",
        "readings": [charge(48.5, &minute(20))],
    });
    let path = format!("{}/readings", battery.path());
    let _ = battery.garage().post(&path, &body).await.expect(201);
    let csv = [("accept", "text/csv")];
    let query = format!("{path}?attribute={CHARGE}&limit=1");
    let table = battery
        .garage()
        .call("GET", &query, &csv, None)
        .await
        .expect(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = table.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "pointer,value,unit,measuredAt,instrument,conditions,eventId,type,role"
    );
    let start = format!(
        "{CHARGE},48.5,%,{},'=cmd|'/c calc'!A0,\"cold, \"\"very\"\"\",",
        minute(20)
    );
    assert!(lines[1].starts_with(&start), "{}", lines[1]);
    let image = [("accept", "image/png")];
    let _ = battery
        .garage()
        .call("GET", &query, &image, None)
        .await
        .expect(406);
}

#[tokio::test]
async fn of_many_writers_at_once_none_loses_a_reading() {
    let battery = Battery::on_the_market().await;
    let lists: Vec<[Value; 2]> = (0..6)
        .map(|number| [charge(number, &minute(number)), charge(50, &minute(100))])
        .collect();
    let answers =
        futures_util::future::join_all(lists.iter().map(|list| battery.record(list))).await;
    for answer in answers {
        let _ = answer.expect(201);
    }
    let query = format!("attribute={CHARGE}&from={}&order=oldest-first", minute(0));
    let values = battery.values(&query).await;
    assert_eq!(json!(values), json!([0, 1, 2, 3, 4, 5, 50]));
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 50);
    let _ = battery.events().await;
    // Two that say otherwise of one moment: one is taken, the other is told of it.
    let (one, other) = ([charge(1, &minute(200))], [charge(2, &minute(200))]);
    let (one, other) = tokio::join!(battery.record(&one), battery.record(&other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn the_values_at_placing_on_the_market_and_at_each_change_of_status_are_kept_as_they_were() {
    let battery = Battery::on_the_market().await;
    let path = format!("{}/value-sets", battery.path());
    let placed = battery.garage().get(&path).await.expect(200).json();
    let capacity = |set: &Value| set["values"]["condition"]["ratedCapacity"]["value"].clone();
    let first = placed["valueSets"][0].clone();
    assert_eq!(first["name"], "placed-on-market");
    let events = battery.events().await;
    let event = events
        .iter()
        .find(|event| event["type"] == "placed-on-market");
    assert_eq!(first["eventId"], event.unwrap()["eventId"]);
    let before = capacity(&first);
    assert!(before.is_number(), "{placed:#}");

    let measured = |value: f64, minutes: i64| json!({"condition": {"ratedCapacity": {"value": value, "unit": "A.h", "measuredAt": minute(minutes)}}});
    let happens = async |event: Value| {
        let _ = battery
            .owner()
            .event(&battery.passport, &event)
            .await
            .expect(201);
    };
    happens(json!({"type": "maintenance", "reason": "x", "changes": measured(190.0, 1)})).await;
    let between = battery.garage().get(&path).await.expect(200).json();
    assert_eq!(
        between["valueSets"],
        json!([first]),
        "a measurement makes no set"
    );
    for (value, minutes) in [(180.5, 2), (170.5, 3)] {
        happens(
            json!({"type": "status-change", "reason": "x", "changes": measured(value, minutes)}),
        )
        .await;
    }
    happens(json!({"type": "became-waste", "reason": "end of life", "occurredAt": minute(9)}))
        .await;
    let later = json!({"pointer": "/condition/ratedCapacity", "value": 100, "unit": "A.h", "measuredAt": minute(20)});
    let _ = battery.record(&[later]).await.expect(201);
    let sets = battery.garage().get(&path).await.expect(200).json();
    let sets = sets["valueSets"].as_array().unwrap();
    let told: Vec<(String, Value)> = sets
        .iter()
        .map(|set| (text(set, "name"), capacity(set)))
        .collect();
    assert_eq!(
        told,
        [
            ("placed-on-market".to_owned(), before),
            ("status-change".to_owned(), json!(180.5)),
            ("status-change-2".to_owned(), json!(170.5)),
            ("became-waste".to_owned(), json!(170.5)),
        ]
    );
    assert_eq!(sets[3]["at"], minute(9));
    assert_eq!(sets[3]["label"]["de"], "Zu Abfall geworden");
    // Only the parameters of Article 10(1).
    assert!(
        sets[0]["values"]["condition"]
            .get("stateOfCharge")
            .is_none()
    );
    assert_eq!(sets[0]["values"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn value_sets_are_for_those_with_a_legitimate_interest() {
    let battery = Battery::on_the_market().await;
    let path = format!("{}/value-sets", battery.path());
    let _ = battery.stage.public().get(&path).await.expect(401);
    for (role, organisation) in [
        ("market-surveillance", "authority"),
        ("supplier", "cellmaker"),
        ("auditor", "auditors"),
    ] {
        let partner = battery.stage.partner(role, organisation);
        let refused = partner.get(&path).await.expect(403).json();
        assert!(text(&refused, "detail").contains("class 4"));
    }
    let subject = format!("A#P#{}", battery.passport);
    let before = battery.stage.ledger_items(&subject).await;
    let _ = battery.garage().get(&path).await.expect(200);
    assert_eq!(battery.stage.ledger_items(&subject).await, before + 1);
    let (_, draft) = battery.stage.maker().draft().await;
    let draft = format!("/v1/dpps/{draft}/value-sets");
    let _ = battery.garage().get(&draft).await.expect(404);
    let own = battery.stage.maker().get(&draft).await.expect(200).json();
    assert_eq!(own["valueSets"], json!([]));
}

#[tokio::test]
async fn a_counter_falls_neither_within_a_request_nor_against_its_neighbours_but_in_a_new_epoch() {
    let battery = Battery::on_the_market().await;
    let list = [
        cycles(100, &minute(10)),
        cycles(110, &minute(30)),
        cycles(105, &minute(20)),
    ];
    let _ = battery.record(&list).await.expect(201);
    let refused = async |list: &[Value]| -> Vec<(String, String)> {
        let refused = battery.record(list).await.expect(422).json();
        let faults = refused["faults"].as_array().unwrap();
        faults
            .iter()
            .map(|fault| (text(fault, "pointer"), text(fault, "rule")))
            .collect()
    };
    let fall = |index: usize| {
        (
            format!("/readings/{index}/value"),
            "counter-falls".to_owned(),
        )
    };
    // Within the request, against the value that is shown, and between two that are known: above and below them.
    let within = [
        cycles(130, &minute(50)),
        cycles(120, &minute(40)),
        cycles(119, &minute(45)),
    ];
    assert_eq!(refused(&within).await, [fall(2)]);
    assert_eq!(refused(&[cycles(109, &minute(40))]).await, [fall(0)]);
    assert_eq!(refused(&[cycles(106, &minute(15))]).await, [fall(0)]);
    assert_eq!(refused(&[cycles(99, &minute(15))]).await, [fall(0)]);
    let _ = battery
        .record(&[cycles(103, &minute(15))])
        .await
        .expect(201);
    // Only who is responsible puts it right.
    let _ = battery
        .correct(&[cycles(90, &minute(15))])
        .await
        .expect(201);

    let proof = battery.owner().evidence(b"work sheet", 4).await;
    let replaced = json!({
        "type": "bms-replaced", "reason": "board exchanged", "occurredAt": minute(60), "evidence": [proof],
    });
    let answer = battery.owner().event(&battery.passport, &replaced).await;
    let _ = answer.expect(201);
    let _ = battery.record(&[cycles(3, &minute(70))]).await.expect(201);
    assert_eq!(battery.shown().await["cycleCount"]["value"], 3);
    assert_eq!(refused(&[cycles(2, &minute(80))]).await, [fall(0)]);
    // What the old board still had to tell is late, and nothing else.
    let _ = battery
        .record(&[cycles(140, &minute(55))])
        .await
        .expect(201);
    assert_eq!(battery.shown().await["cycleCount"]["value"], 3);
}

#[tokio::test]
async fn an_attribute_that_the_catalogue_had_once_keeps_its_series() {
    let battery = Battery::example(1).await;
    let once = "attribute=/condition/selfDischargeRate";
    assert!(battery.values(once).await.is_empty());
    let body = json!({"reason": "x", "readings": [{
        "pointer": "/condition/selfDischargeRate", "value": 2, "unit": "%/mo", "measuredAt": minute(1),
    }]});
    let path = format!("{}/readings", battery.path());
    let refused = battery.garage().post(&path, &body).await;
    assert!(refused.status >= 400, "nothing new is recorded of it");
}

#[tokio::test]
async fn what_a_correction_did_to_the_shown_value_changes_nothing_of_the_series() {
    let battery = Battery::on_the_market().await;
    let list = [charge(51, &minute(10)), charge(48, &minute(20))];
    let _ = battery.record(&list).await.expect(201);
    let shown = |value: Value| json!({"type": "correction", "reason": "x", "changes": {"condition": {"stateOfCharge": value}}});
    // The shown value goes back: what is known of a moment after it is known still.
    let back = shown(json!({"value": 60, "unit": "%", "measuredAt": minute(5)}));
    let _ = battery
        .owner()
        .event(&battery.passport, &back)
        .await
        .expect(201);
    let _ = battery.record(&[charge(90, &minute(10))]).await.expect(409);
    let _ = battery.record(&[charge(52, &minute(7))]).await.expect(201);
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 60);
    let _ = battery.record(&[charge(47, &minute(25))]).await.expect(201);
    assert_eq!(battery.shown().await["stateOfCharge"]["value"], 47);
    // A late reading is none the newer for there being no value.
    let gone = battery
        .owner()
        .event(&battery.passport, &shown(Value::Null))
        .await;
    if gone.status == 201 {
        let _ = battery.record(&[charge(53, &minute(8))]).await.expect(201);
        assert!(battery.shown().await.get("stateOfCharge").is_none());
    }
}

#[tokio::test]
async fn no_reading_is_older_than_the_battery_whether_it_is_shown_or_not() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[charge(48, &minute(20))]).await.expect(201);
    let early = [charge(50, "2020-01-01T00:00:00Z"), charge(49, &minute(1))];
    let refused = battery.record(&early).await.expect(422).json();
    assert_eq!(refused["faults"].as_array().unwrap().len(), 1);
    assert_eq!(refused["faults"][0]["pointer"], "/readings/0/measuredAt");
    assert_eq!(refused["faults"][0]["rule"], "before-manufacture");
}

/// A replacement that is entered late does not undo the one after it.
#[tokio::test]
async fn a_counter_epoch_only_moves_forward() {
    let battery = Battery::on_the_market().await;
    let _ = battery.record(&[cycles(900, &minute(0))]).await.expect(201);
    let garage = battery.garage();
    let proof = garage.evidence(b"delivery note", 2).await;
    let replaced = |at: &str| json!({"type": "bms-replaced", "reason": "x", "occurredAt": at, "evidence": [proof]});
    let passport = &battery.passport;
    let _ = garage
        .event(passport, &replaced(&minute(10)))
        .await
        .expect(201);
    let _ = battery.record(&[cycles(12, &minute(20))]).await.expect(201);
    let _ = garage
        .event(passport, &replaced(&minute(-60)))
        .await
        .expect(201);
    assert_eq!(battery.shown().await["cycleCount"]["value"], 12);
    let _ = battery.record(&[cycles(905, &minute(5))]).await.expect(201);
    let before_placing = garage
        .event(passport, &replaced("2020-01-01T00:00:00Z"))
        .await;
    let refused = before_placing.expect(422).json();
    assert_eq!(refused["faults"][0]["pointer"], "/occurredAt");
}
