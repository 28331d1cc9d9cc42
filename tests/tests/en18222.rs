//! The operations of EN 18222:2026, over passports in the forms of EN 18223. README names the test of each.

use passport::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tests::{Answer, Partner, Stage, sample_item, text};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The identifier of a passport, as it stands in a path.
fn dpp(stage: &Stage, passport: &str) -> String {
    encoded(&format!("{}/p/{passport}", stage.origin))
}

fn element(stage: &Stage, passport: &str, path: &str) -> String {
    format!(
        "/v1/dpps/{}/elements/{}",
        dpp(stage, passport),
        encoded(path)
    )
}

const CORRECTION: [(&str, &str); 2] = [
    ("dpp-event-type", "correction"),
    ("dpp-reason", "read%20again"),
];

async fn patch(partner: &Partner<'_>, path: &str, body: Value) -> Answer {
    partner.call("PATCH", path, &CORRECTION, Some(&body)).await
}

#[tokio::test]
async fn a_passport_is_read_by_its_identifier_and_by_its_products() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let by_id = maker
        .get(&format!("/v1/dpps/{}", dpp(&stage, &passport)))
        .await
        .expect(200)
        .json();
    let product = encoded(&format!("{}/{}", stage.origin, unit.unit));
    let by_product = maker
        .get(&format!("/v1/dppsByProductId/{product}"))
        .await
        .expect(200)
        .json();
    assert_eq!(by_id, by_product);
    assert_eq!(
        by_id["digitalProductPassportId"],
        format!("{}/p/{passport}", stage.origin)
    );
    assert_eq!(by_id["granularity"], "item");
    assert_eq!(by_id["dppStatus"], "inactive");
    assert_eq!(by_id["economicOperatorId"], "voltwerk");
    let newest = &passport::catalogue().newest().id;
    let specification = format!("{}/v1/catalogue/{newest}", stage.origin);
    assert_eq!(by_id["contentSpecificationIds"], json!([specification]));
    for nobodys in [
        "/v1/dpps/nothing",
        "/v1/dppsByProductId/https%3A%2F%2Felsewhere.example%2F1",
    ] {
        let _ = maker.get(nobodys).await.expect(400);
    }
    let unknown = format!("/v1/dpps/{}", uuid::Uuid::new_v4());
    let problem = maker.get(&unknown).await.expect(404).json();
    assert_eq!(problem["statusCode"], "ClientErrorResourceNotFound");
}

#[tokio::test]
async fn the_full_representation_says_the_same_as_the_compressed_one() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{}", dpp(&stage, &passport));
    let compressed = maker.get(&path).await.expect(200).json();
    let same = maker
        .get(&format!("{path}?representation=compressed"))
        .await
        .expect(200)
        .json();
    assert_eq!(same, compressed);
    let full = maker
        .get(&format!("{path}?representation=full"))
        .await
        .expect(200)
        .json();
    let groups = Full {
        site: &stage.origin,
    }
    .compressed(&full["elements"])
    .unwrap();
    for (member, value) in compressed.as_object().unwrap() {
        assert_eq!(
            groups.get(member).or(full.get(member)),
            Some(value),
            "{member}"
        );
    }
    let _ = maker
        .get(&format!("{path}?representation=expanded"))
        .await
        .expect(400);
}

#[tokio::test]
async fn the_facility_is_derived_from_the_place_of_manufacture() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let model = format!("/v1/models/{}", unit.model);
    let tag = maker
        .get(&model)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let place = json!({"country": "DE", "city": "Salzgitter", "facility": "4012345000016"});
    let change = json!({"type": "correction", "reason": "plant named", "changes": {"identification": {"manufacturingPlace": place}}});
    let _ = maker
        .call("PATCH", &model, &[("if-match", &tag)], Some(&change))
        .await
        .expect(200);
    let path = format!("/v1/dpps/{passport}");
    let shown = maker.get(&path).await.expect(200).json();
    assert_eq!(shown["facilityId"], "4012345000016");
    let typed = patch(&maker, &path, json!({"facilityId": "another"})).await;
    assert!(typed.expect(400).text.contains("`facilityId`"));
}

#[tokio::test]
async fn the_passports_of_many_products_come_page_by_page() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let mut products = Vec::new();
    let mut passports = Vec::new();
    for _ in 0..3 {
        let (unit, passport) = maker.draft().await;
        products.push(format!("{}/{}", stage.origin, unit.unit));
        passports.push(format!("{}/p/{passport}", stage.origin));
    }
    let without = maker.unit().await;
    products.insert(1, format!("{}/{}", stage.origin, without.unit));
    products.insert(2, "https://elsewhere.example/01/09521234543213".to_owned());
    products.push(products[0].clone());
    let ask = async |query: &str, body: &Value| {
        let path = format!("/v1/dppsByProductIds{query}");
        maker.call("POST", &path, &[], Some(body)).await
    };
    let body = json!({"productIds": products});
    let all = ask("", &body).await.expect(200).json();
    assert_eq!(all, json!({"dppIds": passports}));
    assert_eq!(ask("", &json!(products)).await.expect(200).json(), all);
    let mut found = Vec::new();
    let mut query = "?limit=1".to_owned();
    let cursor = loop {
        let page = ask(&query, &body).await.expect(200).json();
        let ids = page["dppIds"].as_array().unwrap();
        assert!(ids.len() <= 1);
        found.extend(ids.clone());
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?limit=1&cursor={cursor}"),
            None => break query.split_once("cursor=").unwrap().1.to_owned(),
        }
    };
    assert_eq!(json!(found), all["dppIds"]);
    // A cursor belongs to its products, and is not made up.
    let others = json!({"productIds": [products[0]]});
    for (query, body) in [
        (format!("?cursor={cursor}"), &others),
        (format!("?cursor=ffff{}", &cursor[4..]), &body),
        ("?cursor=".to_owned(), &body),
        ("?cursor=%C3%A4%C3%A4%C3%A4".to_owned(), &body),
        ("?limit=0".to_owned(), &body),
        ("?limit=-1".to_owned(), &body),
    ] {
        let problem = ask(&query, body).await.expect(400).json();
        assert_eq!(problem["statusCode"], "ClientErrorBadRequest", "{query}");
    }
    for body in [
        json!({}),
        json!([]),
        json!([1]),
        json!("x"),
        json!(vec!["x"; 1_001]),
    ] {
        let _ = ask("", &body).await.expect(400);
    }
}

#[tokio::test]
async fn of_the_passports_of_products_only_those_are_told_that_the_caller_may_know_of() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let maker = stage.maker();
    let (unit, _) = maker.draft().await;
    let on_market = &seeded.batteries[0].unit;
    let body = json!([on_market, unit.unit]);
    for caller in [stage.public(), stage.partner("recycler", "recyclo")] {
        let answer = caller
            .call("POST", "/v1/dppsByProductIds", &[], Some(&body))
            .await
            .expect(200)
            .json();
        assert_eq!(answer["dppIds"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_passport_is_read_as_it_was_to_the_millisecond() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let path = format!("/v1/dppsByIdAndDate/{}", dpp(&stage, &passport));
    let at = async |date: &str| maker.get(&format!("{path}?date={date}")).await;
    let change = async |serial: &str| {
        let event = json!({"type": "correction", "reason": "misread", "changes": {"identification": {"serialNumber": serial}}});
        maker.event(&passport, &event).await.expect(201).json()
    };
    let first = sample_item()["identification"]["serialNumber"].clone();
    let second = text(&change("EV-2").await, "updatedAt");
    let model = format!("/v1/models/{}", unit.model);
    let tag = maker
        .get(&model)
        .await
        .expect(200)
        .header("etag")
        .to_owned();
    let old =
        maker.get(&model).await.expect(200).json()["data"]["performance"]["ratedCapacity"].clone();
    let correction = json!({"type": "correction", "reason": "data sheet", "changes": {"performance": {"ratedCapacity": {"value": 201.5, "unit": "A.h"}}}});
    let corrected = maker
        .call("PATCH", &model, &[("if-match", &tag)], Some(&correction))
        .await
        .expect(200)
        .json();
    let third = text(&change("EV-3").await, "updatedAt");
    let before = |time: &str| {
        let time: ledger::Timestamp = time.parse().unwrap();
        ledger::Timestamp::from_millisecond(time.as_millisecond() - 1).to_string()
    };
    let serial =
        |answer: Answer| answer.expect(200).json()["identification"]["serialNumber"].clone();
    assert_eq!(serial(at(&before(&second)).await), first);
    assert_eq!(serial(at(&second).await), "EV-2");
    assert_eq!(serial(at(&before(&third)).await), "EV-2");
    assert_eq!(serial(at(&third).await), "EV-3");
    // The model too is as it was.
    let capacity = |answer: &Value| answer["performance"]["ratedCapacity"].clone();
    let corrected = text(&corrected, "updatedAt");
    assert_eq!(
        capacity(&at(&before(&corrected)).await.expect(200).json()),
        old
    );
    let then = at(&corrected).await.expect(200).json();
    assert_eq!(capacity(&then)["value"], 201.5);
    assert_eq!(then["lastUpdated"], corrected);
    let just_before = at(&before(&corrected)).await.expect(200).json();
    assert_eq!(just_before["lastUpdated"], second);
    // What is current now is the passport; a time to come does not change that.
    let now = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    for date in [third.as_str(), "2999-01-01T00:00:00Z"] {
        assert_eq!(at(date).await.expect(200).json(), now);
    }
    let full = at(&format!("{third}&representation=full"))
        .await
        .expect(200)
        .json();
    assert!(full["elements"].is_array());
    for early in ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00%2B01:00"] {
        let problem = at(early).await.expect(404).json();
        assert_eq!(problem["statusCode"], "ClientErrorResourceNotFound");
    }
    for bad in [
        "",
        "yesterday",
        "2027-06-01",
        "2027-06-01T08:00:00",
        "2027-06-01T08:00:60Z",
        "2027-06-01T08:00:00%2B25:00",
    ] {
        let _ = at(bad).await.expect(400);
    }
    let _ = maker.get(&path).await.expect(400);
}

#[tokio::test]
async fn the_past_is_shown_under_the_rights_of_today_and_leaves_its_read_event() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = seeded.batteries[0].passport.clone();
    let path = format!("/v1/dppsByIdAndDate/{passport}?date=2999-01-01T00:00:00Z");
    let reads = format!("A#P#{passport}");
    let before = stage.ledger_items(&reads).await;
    let public = stage.public().get(&path).await.expect(200).json();
    assert_eq!(stage.ledger_items(&reads).await, before);
    assert_eq!(public["dppStatus"], "active");
    let now = stage
        .public()
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    assert_eq!(public, now);
    let recycler = stage.partner("recycler", "recyclo");
    let _ = recycler.get(&path).await.expect(200);
    assert_eq!(stage.ledger_items(&reads).await, before + 1);
    // The day before it was placed on the market it was not active.
    let created = stage
        .public()
        .get(&format!("/v1/dpps/{passport}/versions"))
        .await
        .expect(200)
        .json();
    let created = text(&created["versions"][0], "at");
    let draft = stage
        .public()
        .get(&format!("/v1/dppsByIdAndDate/{passport}?date={created}"))
        .await
        .expect(200)
        .json();
    assert_eq!(draft["dppStatus"], "inactive");
    // A draft is nobody's but its maker's, at any time.
    let (_, hidden) = stage.maker().draft().await;
    let path = format!("/v1/dppsByIdAndDate/{hidden}?date=2999-01-01T00:00:00Z");
    let _ = stage.public().get(&path).await.expect(404);
}

#[tokio::test]
async fn an_element_is_read_by_its_path() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let whole = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    let read = async |path: &str| maker.get(&element(&stage, &passport, path)).await;
    let capacity = &whole["performance"]["ratedCapacity"];
    for (path, expected) in [
        ("$.performance.ratedCapacity", capacity.clone()),
        (
            "$['performance'].ratedCapacity.value",
            capacity["value"].clone(),
        ),
        ("$.dppStatus", json!("inactive")),
        ("$", whole.clone()),
        ("$.performance[?@.unit == 'A.h'].unit", json!(["A.h"])),
        ("$['dppStatus','granularity']", json!(["inactive", "item"])),
    ] {
        assert_eq!(read(path).await.expect(200).json(), expected, "{path}");
    }
    for nothing in ["$.performance.nothing", "$..nothing", "$.performance[3]"] {
        let problem = read(nothing).await.expect(404).json();
        assert_eq!(
            problem["statusCode"], "ClientErrorResourceNotFound",
            "{nothing}"
        );
    }
    for (bad, named) in [
        ("performance", "position 1"),
        ("$.performance[", "position 14"),
        ("$..a..b", "`..`"),
        ("$[?match(@, 'x')]", "position"),
    ] {
        let problem = read(bad).await.expect(400);
        assert!(problem.text.contains(named), "{bad}: {}", problem.text);
    }
    let full = maker
        .get(&format!(
            "{}?representation=full",
            element(&stage, &passport, "$.performance.ratedCapacity")
        ))
        .await
        .expect(200)
        .json();
    assert_eq!(full["objectType"], "DataElementCollection");
    assert_eq!(full["elementId"], "ratedCapacity");
}

#[tokio::test]
async fn no_path_leads_to_what_its_caller_may_not_see() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = seeded.batteries[0].passport.clone();
    let public = stage.public();
    let shown = public
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    for path in [
        "$..batteryStatus",
        "$.condition",
        "$.condition.batteryStatus.value",
    ] {
        let _ = public
            .get(&element(&stage, &passport, path))
            .await
            .expect(404);
    }
    let everything = public
        .get(&element(&stage, &passport, "$"))
        .await
        .expect(200)
        .json();
    assert_eq!(everything, shown);
    let reads = format!("A#P#{passport}");
    let before = stage.ledger_items(&reads).await;
    let recycler = stage.partner("recycler", "recyclo");
    let _ = recycler
        .get(&element(&stage, &passport, "$.performance"))
        .await
        .expect(200);
    assert_eq!(stage.ledger_items(&reads).await, before + 1);
}

#[tokio::test]
async fn an_element_is_changed_by_its_path_with_its_event() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let place = |path: &str| element(&stage, &passport, path);
    let serial = place("$.identification.serialNumber");
    let answer = patch(&maker, &serial, json!("EV-9")).await.expect(200);
    assert!(!answer.header("audit-receipt").is_empty());
    assert_eq!(maker.get(&serial).await.expect(200).json(), "EV-9");
    let events = maker
        .get(&format!("/v1/dpps/{passport}/events"))
        .await
        .expect(200)
        .json();
    let changes = events["events"].as_array().unwrap().last().unwrap()["changes"].clone();
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(changes[0]["pointer"], "/identification/serialNumber");
    assert_eq!(changes[0]["after"], "EV-9");
    // In the full form; and away.
    let sent = json!({"elementId": "serialNumber", "objectType": "SingleValuedDataElement", "valueDataType": "xsd:string", "value": "EV-10"});
    let full = format!("{serial}?representation=full");
    let _ = patch(&maker, &full, sent).await.expect(200);
    assert_eq!(maker.get(&serial).await.expect(200).json(), "EV-10");
    let _ = patch(&maker, &serial, Value::Null).await.expect(200);
    let _ = maker.get(&serial).await.expect(404);
    // All or nothing, and nothing without why.
    let _ = patch(&maker, &serial, json!(7)).await.expect(422);
    let _ = maker
        .call("PATCH", &serial, &[], Some(&json!("EV-11")))
        .await
        .expect(400);
    let stale = [
        CORRECTION[0],
        CORRECTION[1],
        ("if-match", "\"0.0.1.owner-draft\""),
    ];
    let _ = maker
        .call("PATCH", &serial, &stale, Some(&json!("EV-12")))
        .await
        .expect(412);
    let _ = maker.get(&serial).await.expect(404);
    for several in ["$.identification.*", "$..serialNumber", "$", "$[0]"] {
        let _ = patch(&maker, &place(several), json!("x")).await.expect(400);
    }
    for derived in ["$.dppStatus", "$.lastUpdated", "$.uniqueProductIdentifier"] {
        let refused = patch(&maker, &place(derived), json!("x")).await.expect(400);
        assert!(refused.text.contains("derived"), "{}", refused.text);
    }
    let nothing = patch(&maker, &place("$.nothing.at.all"), json!("x")).await;
    let _ = nothing.expect(422);
    let other = stage.partner("economic-operator", "hausspeicher");
    let _ = patch(&other, &serial, json!("x")).await.expect(404);
    let _ = patch(&stage.public(), &serial, json!("x"))
        .await
        .expect(401);
}

#[tokio::test]
async fn an_element_of_a_list_is_changed_and_the_list_is_recorded_whole() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (_, passport) = maker.draft().await;
    let records = |titles: &[&str]| -> Value {
        titles
            .iter()
            .map(|title| json!({"title": title, "url": "https://a.example/r.pdf"}))
            .collect()
    };
    let list = element(&stage, &passport, "$.internal.qualityRecords");
    let _ = patch(&maker, &list, records(&["one", "two", "three"]))
        .await
        .expect(200);
    let second = element(&stage, &passport, "$.internal.qualityRecords[1]");
    let _ = patch(&maker, &second, json!({"title": "2"}))
        .await
        .expect(200);
    assert_eq!(
        maker.get(&list).await.expect(200).json(),
        records(&["one", "2", "three"])
    );
    let last = element(&stage, &passport, "$.internal.qualityRecords[-1]");
    let _ = patch(&maker, &last, Value::Null).await.expect(200);
    assert_eq!(
        maker.get(&list).await.expect(200).json(),
        records(&["one", "2"])
    );
    let events = maker
        .get(&format!("/v1/dpps/{passport}/events"))
        .await
        .expect(200)
        .json();
    let changes = &events["events"].as_array().unwrap().last().unwrap()["changes"];
    assert_eq!(changes[0]["pointer"], "/internal/qualityRecords");
    assert_eq!(changes[0]["after"], records(&["one", "2"]));
    let beyond = element(&stage, &passport, "$.internal.qualityRecords[2]");
    let _ = patch(&maker, &beyond, json!({"title": "x"}))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_passport_is_created_and_changed_in_either_representation() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let item = sample_item();
    let full = Full {
        site: &stage.origin,
    };
    let elements = full.elements(item.as_object().unwrap());
    let body = json!({
        "uniqueProductIdentifier": format!("{}/{}", stage.origin, unit.unit),
        "granularity": "Item", "dppStatus": "Inactive", "dppSchemaVersion": passport::SCHEMA_VERSION,
        "economicOperatorId": "voltwerk", "elements": elements,
    });
    let headers = [("dpp-reason", "end-of-line test passed")];
    let create = "/v1/dpps?representation=full";
    let created = maker
        .call("POST", create, &headers, Some(&body))
        .await
        .expect(201);
    let passport = text(&created.json(), "id");
    assert_eq!(created.header("location"), format!("/v1/dpps/{passport}"));
    assert_eq!(
        created.json()["digitalProductPassportId"],
        format!("{}/p/{passport}", stage.origin)
    );
    let shown = maker
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    for (group, values) in item.as_object().unwrap() {
        for (attribute, value) in values.as_object().unwrap() {
            assert_eq!(&shown[group][attribute], value, "/{group}/{attribute}");
        }
    }
    let change = json!({"identification": {"serialNumber": "EV-7"}});
    let elements = full.elements(change.as_object().unwrap());
    let path = format!("/v1/dpps/{passport}?representation=full");
    let body = json!({"granularity": "Item", "elements": elements});
    let _ = patch(&maker, &path, body).await.expect(200);
    let serial = element(&stage, &passport, "$.identification.serialNumber");
    assert_eq!(maker.get(&serial).await.expect(200).json(), "EV-7");
    let bad = patch(&maker, &path, json!({"elements": [{"value": 1}]}))
        .await
        .expect(400);
    assert!(bad.text.contains("/elements/0"), "{}", bad.text);
}

#[tokio::test]
async fn a_header_member_is_taken_only_where_it_says_what_is_derived() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    for (member, value) in [
        ("dppStatus", "active"),
        ("granularity", "batch"),
        ("economicOperatorId", "another"),
        ("lastUpdate", "2027-06-01T08:00:00Z"),
        ("lastUpdated", "2027-06-01T08:00:00Z"),
        ("digitalProductPassportId", "https://id.example.eu/p/1"),
    ] {
        let mut item = sample_item();
        item[member] = json!(value);
        let problem = maker.passport(&unit.unit, &item).await.expect(400);
        assert!(
            problem.text.contains(&format!("`{member}`")),
            "{}",
            problem.text
        );
    }
}

#[tokio::test]
async fn a_deleted_passport_is_archived_and_kept() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let passport = seeded.batteries[0].passport.clone();
    let maker = stage.partner("economic-operator", &seeded.batteries[0].organisation);
    let headers = [("dpp-reason", "withdrawn")];
    let path = format!("/v1/dpps/{}", dpp(&stage, &passport));
    let _ = maker
        .call("DELETE", &path, &headers, None)
        .await
        .expect(200);
    let shown = stage.public().get(&path).await.expect(200).json();
    assert_eq!(shown["dppStatus"], "archived");
}

/// The words of EN 18222 Table 15, by status.
const STATUS_CODES: [(u16, &str); 6] = [
    (400, "ClientErrorBadRequest"),
    (401, "ClientNotAuthorized"),
    (403, "ClientForbidden"),
    (404, "ClientErrorResourceNotFound"),
    (405, "ClientMethodNotAllowed"),
    (409, "ClientResourceConflict"),
];

#[tokio::test]
async fn every_error_is_a_result_of_the_standard() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (unit, passport) = maker.draft().await;
    let path = format!("/v1/dpps/{passport}");
    let again = maker.passport(&unit.unit, &sample_item()).await;
    let garage = stage.partner("service-provider", "garage-nord");
    let model = json!({"category": "ev", "reason": "not theirs to make", "data": {}});
    let forbidden = garage.post("/v1/models", &model).await;
    let answers = [
        maker.get("/v1/dpps/nothing").await,
        stage
            .public()
            .call("PATCH", &path, &CORRECTION, Some(&json!({})))
            .await,
        forbidden,
        stage.public().get(&path).await,
        maker.call("PUT", &path, &[], None).await,
        again,
    ];
    for ((status, code), answer) in STATUS_CODES.into_iter().zip(answers) {
        let problem = answer.expect(status).json();
        assert_eq!(problem["statusCode"], code);
        for message in problem["message"].as_array().unwrap() {
            assert_eq!(message["messageType"], "Error");
            for member in ["text", "code", "correlationId"] {
                assert!(!text(message, member).is_empty(), "{member}");
            }
            assert!(
                text(message, "timestamp")
                    .parse::<ledger::Timestamp>()
                    .is_ok()
            );
        }
        assert!(!problem["message"].as_array().unwrap().is_empty());
    }
}

/// Every kind of problem answers with a word of Table 15. None is 501, whose answer would have no body.
#[test]
fn every_kind_of_problem_has_a_status_code_of_the_standard() {
    for kind in web::ProblemKind::ALL {
        let code = kind.status_code();
        let more = ["ServerInternalError", "ServerErrorBadGateway"];
        let known = STATUS_CODES.iter().any(|(_, known)| *known == code) || more.contains(&code);
        assert!(known, "{kind:?}: {code}");
        assert_ne!(kind.status(), 501);
    }
}

/// The table of the README: operation, route, test.
fn promised() -> Vec<[String; 3]> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## EN 18222:2026").unwrap();
    section
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            [cells[1], cells[3], cells[4]].map(str::to_owned)
        })
        .collect()
}

#[test]
fn the_table_of_the_readme_names_routes_and_tests_that_there_are() {
    let document: Value = serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let tests = include_str!("en18222.rs");
    let promised = promised();
    assert_eq!(promised.len(), 10);
    for [operation, route, test] in promised {
        if operation == "RegisterProductDPP" {
            assert!(document["paths"]["/v1/registerDPP"].is_null() && test.is_empty());
            continue;
        }
        let (method, path) = route.split_once(" /").unwrap();
        let id = &document["paths"][format!("/{path}")][method.to_lowercase()]["operationId"];
        let mut expected = operation.clone();
        expected.replace_range(..1, &operation[..1].to_lowercase());
        assert_eq!(id.as_str(), Some(expected.as_str()), "{route}");
        assert!(
            tests.contains(&format!("async fn {test}()")),
            "{operation}: {test}"
        );
    }
}
