//! Rights that come and go: recognised interests, grants, delegation, claims and suspensions, each with effect on the next request.

use serde_json::{Value, json};
use tests::{Partner, Stage, text};

/// The access classes of which a caller sees attributes of a passport.
async fn classes(caller: &Partner<'_>, passport: &str) -> Vec<u8> {
    let document = caller
        .get(&format!("/v1/dpps/{passport}"))
        .await
        .expect(200)
        .json();
    let mut found = std::collections::BTreeSet::new();
    for (group, values) in document.as_object().unwrap() {
        for name in values
            .as_object()
            .into_iter()
            .flat_map(|values| values.keys())
        {
            let attribute = passport::catalogue().by_pointer(&format!("/{group}/{name}"));
            found.extend(attribute.map(|attribute| attribute.class.number()));
        }
    }
    found.into_iter().collect()
}

/// Whether every one of these is read.
fn reads(found: &[u8], classes: &[u8]) -> bool {
    classes.iter().all(|class| found.contains(class))
}

/// The request of an organisation for its own interest, revoked first: the example organisations have theirs from the start.
async fn without_interest(stage: &Stage, organisation: &str) {
    let authority = stage.partner("market-surveillance", "authority");
    let list = authority
        .get("/v1/access-requests")
        .await
        .expect(200)
        .json();
    for request in list["requests"].as_array().unwrap() {
        if request["organisation"] == organisation && request["status"] == "granted" {
            let path = format!("/v1/access-requests/{}/revocation", text(request, "id"));
            let _ = authority
                .post(&path, &json!({"reason": "for this test"}))
                .await
                .expect(200);
        }
    }
}

#[tokio::test]
async fn an_interest_is_recognised_by_rules_and_opens_points_2_and_4_until_it_is_revoked() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].passport.clone();
    let garage = stage.partner("service-provider", "garage-nord");
    assert!(reads(&classes(&garage, &battery).await, &[2, 4]));
    without_interest(&stage, "garage-nord").await;
    // On the very next request.
    assert_eq!(classes(&garage, &battery).await, [1]);
    let photo = garage.evidence(b"photo", 4).await;
    let repair = json!({"type": "repair", "reason": "x", "evidence": [photo], "changes": {"condition": {"stateOfCharge": {"value": 1, "measuredAt": "2026-11-01T00:00:00Z"}}}});
    let _ = garage.event(&battery, &repair).await.expect(403);

    let asked = json!({"purpose": "repairer", "reason": "we repair batteries"});
    let refused = garage
        .post("/v1/access-requests", &asked)
        .await
        .expect(400)
        .json();
    assert!(text(&refused, "detail").contains("evidence"));
    let proof = garage
        .evidence(b"entry in the register of repairers", 0)
        .await;
    let asked =
        json!({"purpose": "repairer", "reason": "we repair batteries", "evidence": [proof]});
    let request = garage.post("/v1/access-requests", &asked).await.expect(201);
    let path = request.header("location").to_owned();
    let request = request.json();
    assert_eq!(request["status"], "open");
    assert!(text(&request, "deadline") > text(&request, "requestedAt"));
    assert_eq!(
        request["decidedBy"],
        json!(["market-surveillance", "platform-operator"])
    );
    // Asked once is enough, and asking opens nothing.
    let _ = garage.post("/v1/access-requests", &asked).await.expect(409);
    assert_eq!(classes(&garage, &battery).await, [1]);

    // No manufacturer decides or even knows, and nobody decides on its own.
    let decision = json!({"granted": true, "reason": "checked"});
    let decide = format!("{path}/decision");
    let _ = stage.maker().post(&decide, &decision).await.expect(404);
    let _ = stage.maker().get(&path).await.expect(404);
    let _ = garage.post(&decide, &decision).await.expect(403);
    let commission = stage.partner("commission", "commission");
    assert_eq!(
        commission.get(&path).await.expect(200).json()["status"],
        "open"
    );
    let _ = commission.post(&decide, &decision).await.expect(403);

    // Who decides reads what it rests on.
    let authority = stage.partner("market-surveillance", "authority");
    let read = authority
        .get(&format!("/v1/evidence/{proof}"))
        .await
        .expect(200);
    assert_eq!(read.bytes, b"entry in the register of repairers");
    let _ = commission
        .get(&format!("/v1/evidence/{proof}"))
        .await
        .expect(404);
    let reasonless = authority
        .post(&decide, &json!({"granted": false}))
        .await
        .expect(400)
        .json();
    assert!(text(&reasonless, "detail").contains("reason"));
    let decided = authority.post(&decide, &decision).await.expect(200).json();
    assert_eq!(decided["status"], "granted");
    assert_eq!(decided["decision"]["by"], "authority");
    let _ = authority.post(&decide, &decision).await.expect(409);
    assert!(reads(&classes(&garage, &battery).await, &[1, 2, 4]));
    // Point 3 and what the owner keeps are not of it.
    assert!(!reads(&classes(&garage, &battery).await, &[3]));
}

#[tokio::test]
async fn a_refusal_has_its_reason_and_what_rules_decide_alone_is_decided_at_once() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].passport.clone();
    for organisation in ["garage-nord", "recyclo"] {
        without_interest(&stage, organisation).await;
    }
    let garage = stage.partner("service-provider", "garage-nord");
    let proof = garage.evidence(b"a flyer", 0).await;
    let asked =
        json!({"purpose": "repairer", "reason": "we repair batteries", "evidence": [proof]});
    let path = garage
        .post("/v1/access-requests", &asked)
        .await
        .expect(201)
        .header("location")
        .to_owned();
    let operations = stage.partner("platform-operator", "operations");
    let refusal = json!({"granted": false, "reason": "a flyer shows nothing: send the entry in the register"});
    let _ = operations
        .post(&format!("{path}/decision"), &refusal)
        .await
        .expect(200);
    let told = garage.get(&path).await.expect(200).json();
    assert_eq!(told["status"], "refused");
    assert_eq!(told["decision"]["reason"], refusal["reason"]);
    assert_eq!(classes(&garage, &battery).await, [1]);
    // It may ask again.
    let _ = garage.post("/v1/access-requests", &asked).await.expect(201);

    let asked = json!({"purpose": "recycler", "reason": "permit under waste law"});
    // What somebody took back, the rules alone do not give again.
    let revoked = stage.partner("recycler", "recyclo");
    let waits = revoked.post("/v1/access-requests", &asked).await;
    let waits = waits.expect(201);
    assert_eq!(waits.json()["status"], "open");
    assert_eq!(classes(&revoked, &battery).await, [1]);
    let decision = json!({"granted": true, "reason": "the permit is valid again"});
    let _ = operations
        .post(&format!("{}/decision", waits.header("location")), &decision)
        .await
        .expect(200);
    assert!(reads(&classes(&revoked, &battery).await, &[2, 4]));

    let also = |record: &mut access::Organisation| record.roles.push("recycler".to_owned());
    stage.registered("cellmaker", also).await;
    let recycler = stage.partner_as("recycler", "cellmaker");
    assert_eq!(classes(&recycler, &battery).await, [1]);
    let at_once = recycler
        .post("/v1/access-requests", &asked)
        .await
        .expect(201)
        .json();
    assert_eq!(at_once["status"], "granted");
    assert!(text(&at_once["decision"], "reason").contains("rule `recycler`"));
    assert!(reads(&classes(&recycler, &battery).await, &[2, 4]));
    // Another purpose is another role's.
    let asked = json!({"purpose": "repairer", "reason": "x", "evidence": []});
    let refused = recycler
        .post("/v1/access-requests", &asked)
        .await
        .expect(403)
        .json();
    assert!(text(&refused, "detail").contains("`service-provider`"));
    let asked = json!({"purpose": "king", "reason": "x"});
    let _ = recycler
        .post("/v1/access-requests", &asked)
        .await
        .expect(400);
}

fn grant(to: &str, of: Value, more: Value) -> Value {
    let mut grant = json!({
        "to": to, "of": of, "right": "reading", "classes": [0, 2], "purpose": "type approval test",
        "until": "2027-12-31T00:00:00Z", "reason": "commissioned in writing",
    });
    grant
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    grant
}

#[tokio::test]
async fn a_grant_opens_what_it_names_until_it_is_withdrawn() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let model_path = owner.beneath(&battery.passport, "model").await;
    let model = model_path.trim_start_matches("/v1/models/");
    let lab = stage.partner("notified-body", "certlab");
    let supplier = stage.partner("supplier", "cellmaker");
    assert_eq!(classes(&supplier, &battery.passport).await, [1]);
    let _ = supplier.get(&model_path).await.expect(404);
    for (of, where_it_counts) in [
        (json!({"passport": battery.passport}), false),
        (json!({"model": model}), true),
        (json!({"organisation": battery.organisation}), true),
    ] {
        let given = owner
            .post(
                "/v1/grants",
                &grant("cellmaker", of.clone(), json!({"classes": [2, 4]})),
            )
            .await
            .expect(201);
        let path = given.header("location").to_owned();
        let given = given.json();
        assert_eq!((&given["status"], &given["of"]), (&json!("in-force"), &of));
        assert!(
            reads(&classes(&supplier, &battery.passport).await, &[1, 4]),
            "{of}"
        );
        let _ = supplier
            .get(&model_path)
            .await
            .expect(if where_it_counts { 200 } else { 404 });
        // To nobody else, and it is the giver's to withdraw.
        assert!(!reads(&classes(&lab, &battery.passport).await, &[4]));
        let why = json!({"reason": "the test is done"});
        let _ = supplier
            .post(&format!("{path}/withdrawal"), &why)
            .await
            .expect(404);
        let received = supplier
            .get("/v1/grants?direction=received")
            .await
            .expect(200)
            .json();
        assert_eq!(received["grants"][0]["id"], given["id"]);
        let withdrawn = owner
            .post(&format!("{path}/withdrawal"), &why)
            .await
            .expect(200)
            .json();
        assert_eq!(withdrawn["status"], "withdrawn");
        let _ = owner
            .post(&format!("{path}/withdrawal"), &why)
            .await
            .expect(409);
        assert_eq!(classes(&supplier, &battery.passport).await, [1], "{of}");
        let _ = supplier.get(&model_path).await.expect(404);
    }
    let given = owner.get("/v1/grants?limit=2").await.expect(200).json();
    assert_eq!(given["grants"].as_array().unwrap().len(), 2);
    let next = format!("/v1/grants?cursor={}", text(&given, "nextCursor"));
    assert_eq!(
        owner.get(&next).await.expect(200).json()["grants"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn nobody_grants_what_is_not_its_own_or_without_an_end() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let of = json!({"passport": battery.passport});
    let foreign = grant("cellmaker", of.clone(), json!({}));
    let _ = stage
        .partner("economic-operator", "hausspeicher")
        .post("/v1/grants", &foreign)
        .await
        .expect(403);
    let _ = stage
        .partner("service-provider", "garage-nord")
        .post("/v1/grants", &foreign)
        .await
        .expect(403);
    let _ = stage
        .partner("platform-operator", "operations")
        .post("/v1/grants", &foreign)
        .await
        .expect(403);
    for (more, named) in [
        (json!({"to": "nobody"}), "`to`"),
        (json!({"to": battery.organisation}), "`to`"),
        (json!({"classes": [1]}), "`classes`"),
        (json!({"classes": []}), "`classes`"),
        (json!({"classes": [9]}), "`classes`"),
        (json!({"right": "everything"}), "`right`"),
        (json!({"right": "delegation"}), "`classes`"),
        (json!({"until": "2020-01-01T00:00:00Z"}), "`until`"),
        (json!({"until": "2099-01-01T00:00:00Z"}), "`until`"),
        (json!({"until": "soon"}), "`until`"),
        (json!({"purpose": ""}), "`purpose`"),
        (json!({"of": {"organisation": "hausspeicher"}}), "`of`"),
        (
            json!({"of": {"passport": battery.passport, "model": battery.passport}}),
            "`of`",
        ),
        (json!({"of": {}}), "`of`"),
    ] {
        let answer = owner
            .post("/v1/grants", &grant("cellmaker", of.clone(), more.clone()))
            .await;
        assert!(
            [400, 409].contains(&answer.status),
            "{more} {}",
            answer.status
        );
        assert!(text(&answer.json(), "detail").contains(named), "{more}");
    }
    let supplier = stage.partner("supplier", "cellmaker");
    assert_eq!(classes(&supplier, &battery.passport).await, [1]);
}

#[tokio::test]
async fn a_delegate_acts_in_the_operators_place_on_evidence_and_passes_nothing_on() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let delegate = stage.partner("economic-operator", "hausspeicher");
    let of = json!({"organisation": battery.organisation});
    let wanted = |evidence: Vec<&str>| {
        let mut grant = grant(
            "hausspeicher",
            of.clone(),
            json!({"right": "delegation", "evidence": evidence}),
        );
        grant.as_object_mut().unwrap().remove("classes");
        grant
    };
    let refused = owner
        .post("/v1/grants", &wanted(vec![]))
        .await
        .expect(400)
        .json();
    assert!(text(&refused, "detail").contains("in writing"));
    let note = json!({"type": "correction", "reason": "typing error", "changes": {"identification": {"serialNumber": "SN-1"}}});
    let _ = delegate.event(&battery.passport, &note).await.expect(403);
    let unit = owner.get(&format!("/v1/units/{}", battery.unit)).await;
    let order = format!("/v1/orders/{}", text(&unit.expect(200).json(), "order"));
    let _ = delegate.get(&order).await.expect(404);
    let letter = owner.evidence(b"authorisation, signed", 0).await;
    let path = owner
        .post("/v1/grants", &wanted(vec![&letter]))
        .await
        .expect(201)
        .header("location")
        .to_owned();

    assert_eq!(
        classes(&delegate, &battery.passport).await,
        classes(&owner, &battery.passport).await
    );
    let seen = delegate.get(&order).await.expect(200).text;
    assert_eq!(seen, owner.get(&order).await.expect(200).text);
    let changed = delegate.event(&battery.passport, &note).await.expect(201);
    assert!(!changed.header("audit-receipt").is_empty());
    let document = owner
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(200)
        .json();
    assert_eq!(document["identification"]["serialNumber"], "SN-1");
    assert_eq!(document["economicOperatorId"], json!(battery.organisation));
    // The event names who did it.
    let events = owner
        .get(&format!("/v1/dpps/{}/events", battery.passport))
        .await
        .expect(200)
        .json();
    let last = events["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["actor"]["organisation"], "hausspeicher");
    // A draft of the operator's is the delegate's to see, and a passport it makes is the operator's.
    let unit = owner.unit().await;
    let made = delegate
        .passport(&unit.unit, &tests::sample_item())
        .await
        .expect(201)
        .json();
    let _ = owner
        .get(&format!("/v1/dpps/{}", text(&made, "id")))
        .await
        .expect(200);

    let on = grant(
        "cellmaker",
        json!({"passport": battery.passport}),
        json!({}),
    );
    let refused = delegate.post("/v1/grants", &on).await.expect(403).json();
    assert!(text(&refused, "detail").contains("acts for another"));
    let _ = delegate
        .post(
            &format!("/v1/dpps/{}/transfers", battery.passport),
            &json!({"to": "recyclo", "purpose": "waste", "reason": "x"}),
        )
        .await
        .expect(403);

    let _ = owner
        .post(
            &format!("{path}/withdrawal"),
            &json!({"reason": "contract ended"}),
        )
        .await
        .expect(200);
    let _ = delegate.event(&battery.passport, &note).await.expect(403);
    assert_eq!(classes(&delegate, &battery.passport).await, [1]);
    let _ = delegate
        .get(&format!("/v1/dpps/{}", text(&made, "id")))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_purchaser_claims_its_battery_with_a_code_and_a_resale_ends_that() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let (anna, ben) = (
        stage.person("purchaser", "fleet", "anna@fleet"),
        stage.person("purchaser", "fleet", "ben@fleet"),
    );
    let codes = format!("/v1/dpps/{}/claim-codes", battery.passport);
    let claims = format!("/v1/dpps/{}/claims", battery.passport);
    let why = json!({"reason": "delivered with the battery"});
    assert_eq!(classes(&anna, &battery.passport).await, [1]);
    let _ = stage
        .partner("economic-operator", "hausspeicher")
        .post(&codes, &why)
        .await
        .expect(403);
    let _ = anna.post(&codes, &why).await.expect(403);
    let issued = owner.post(&codes, &why).await.expect(201).json();
    let code = text(&issued, "code");
    let claim = |code: &str| json!({"code": code, "reason": "bought with the car"});
    let _ = anna
        .post(&claims, &claim("0000-0000-0000-0000"))
        .await
        .expect(403);
    let _ = anna.post(&claims, &claim("short")).await.expect(400);
    let _ = stage
        .partner("supplier", "cellmaker")
        .post(&claims, &claim(&code))
        .await
        .expect(403);
    let claimed = anna
        .post(&claims, &claim(&code.to_lowercase().replace('-', " ")))
        .await
        .expect(201);
    let end = format!("{}/end", claimed.header("location"));
    assert!(reads(&classes(&anna, &battery.passport).await, &[1, 4]));
    assert_eq!(classes(&ben, &battery.passport).await, [1]);
    // Of this battery alone, and the code counts once.
    assert_eq!(classes(&anna, &seeded.batteries[1].passport).await, [1]);
    let _ = ben.post(&claims, &claim(&code)).await.expect(403);

    // Sold on: the new purchaser's claim ends the former one.
    let _ = ben.post(&codes, &why).await.expect(403);
    let resale = text(
        &anna
            .post(&codes, &json!({"reason": "sold on"}))
            .await
            .expect(201)
            .json(),
        "code",
    );
    assert_ne!(resale, code);
    let _ = ben.post(&claims, &claim(&resale)).await.expect(201);
    assert!(reads(&classes(&ben, &battery.passport).await, &[1, 4]));
    assert_eq!(classes(&anna, &battery.passport).await, [1]);
    // What is ended is the claim that stands.
    let _ = anna.post(&end, &json!({"reason": "x"})).await.expect(403);
    let ended = ben
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(200);
    assert!(!ended.header("cache-control").contains("public"));
}

#[tokio::test]
async fn a_code_is_answered_again_with_the_same_and_a_newer_one_takes_its_place() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let owner = stage.partner("economic-operator", &battery.organisation);
    let path = format!("/v1/dpps/{}/claim-codes", battery.passport);
    let headers = [("idempotency-key", "once")];
    let body = json!({"reason": "delivered"});
    let first = owner
        .call("POST", &path, &headers, Some(&body))
        .await
        .expect(201)
        .json();
    let again = owner
        .call("POST", &path, &headers, Some(&body))
        .await
        .expect(201)
        .json();
    assert_eq!(first["code"], again["code"]);
    let newer = owner
        .post(&path, &json!({"reason": "lost in the mail"}))
        .await
        .expect(201)
        .json();
    let fleet = stage.partner("purchaser", "fleet");
    let claims = format!("/v1/dpps/{}/claims", battery.passport);
    let claim = |code: &Value| json!({"code": code, "wholeOrganisation": true, "reason": "bought"});
    let _ = fleet
        .post(&claims, &claim(&first["code"]))
        .await
        .expect(403);
    let claimed = fleet
        .post(&claims, &claim(&newer["code"]))
        .await
        .expect(201);
    let other = stage.person("purchaser", "fleet", "other@fleet");
    assert!(reads(&classes(&other, &battery.passport).await, &[1, 4]));
    let end = format!("{}/end", claimed.header("location"));
    let _ = other
        .post(&end, &json!({"reason": "scrapped"}))
        .await
        .expect(200);
    assert_eq!(classes(&other, &battery.passport).await, [1]);
}

#[tokio::test]
async fn a_suspension_takes_effect_on_the_next_request_everywhere() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].passport.clone();
    let path = format!("/v1/dpps/{battery}");
    let (lost, other) = (
        stage.person("service-provider", "garage-nord", "scanner-7"),
        stage.person("service-provider", "garage-nord", "scanner-8"),
    );
    let _ = lost.get(&path).await.expect(200);
    let suspensions = "/v1/organisations/garage-nord/suspensions";
    let stolen = json!({"subject": "scanner-7", "reason": "the device was stolen"});
    let _ = stage.maker().post(suspensions, &stolen).await.expect(404);
    let made = other.post(suspensions, &stolen).await.expect(201);
    let lift = format!("{}/lifting", made.header("location"));
    let refused = lost.get(&path).await.expect(403).json();
    assert!(text(&refused, "detail").contains("suspended"));
    let _ = lost
        .post("/v1/access-requests", &json!({}))
        .await
        .expect(403);
    let _ = lost.get("/v1/units/32XZAJ4P21M1MZ0N3RQA").await.expect(403);
    let _ = other.get(&path).await.expect(200);

    // The whole of it is for whoever operates the platform, and so is lifting.
    let all = json!({"reason": "its signing keys leaked"});
    let _ = other.post(suspensions, &all).await.expect(403);
    let _ = other.post(&lift, &all).await.expect(403);
    let operations = stage.partner("platform-operator", "operations");
    let whole = operations.post(suspensions, &all).await.expect(201);
    let _ = other.get(&path).await.expect(403);
    let everybody = stage.public().get(&path).await.expect(200);
    assert!(everybody.json()["identification"].is_object());
    let lift_whole = format!("{}/lifting", whole.header("location"));
    let _ = operations
        .post(&lift_whole, &json!({"reason": "keys replaced"}))
        .await
        .expect(200);
    let _ = operations
        .post(&lift_whole, &json!({"reason": "keys replaced"}))
        .await
        .expect(404);
    let _ = other.get(&path).await.expect(200);
    let _ = lost.get(&path).await.expect(403);
    let _ = operations
        .post(&lift, &json!({"reason": "found"}))
        .await
        .expect(200);
    let _ = lost.get(&path).await.expect(200);
}

#[tokio::test]
async fn who_read_what_is_told_to_who_answers_for_it_and_to_auditors() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let path = format!("/v1/dpps/{}/accesses", battery.passport);
    let owner = stage.partner("economic-operator", &battery.organisation);
    let garage = stage.partner("service-provider", "garage-nord");
    let _ = garage
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(200);
    let _ = stage
        .public()
        .get(&format!("/v1/dpps/{}", battery.passport))
        .await
        .expect(200);
    let read = owner.get(&path).await.expect(200).json();
    let newest = &read["accesses"][0];
    assert_eq!(newest["organisation"], "garage-nord");
    assert_eq!(newest["role"], "service-provider");
    assert_eq!(newest["classes"], json!([1, 2, 4]));
    assert_eq!(
        newest["basis"],
        json!(["Art. 77(2)(c), Annex XIII points 2 and 4"])
    );
    assert!(!text(newest, "reference").contains("garage"));
    let auditor = stage.partner("auditor", "auditors");
    let seen = auditor.get(&path).await.expect(200).json();
    assert_eq!(seen["accesses"][0]["eventId"], newest["eventId"]);
    let _ = garage.get(&path).await.expect(403);
    let _ = stage
        .partner("platform-operator", "operations")
        .get(&path)
        .await
        .expect(403);
    let _ = stage.public().get(&path).await.expect(401);
    // Page by page.
    for _ in 0..2 {
        let _ = garage
            .get(&format!("/v1/dpps/{}", battery.passport))
            .await
            .expect(200);
    }
    let first = owner
        .get(&format!("{path}?limit=1"))
        .await
        .expect(200)
        .json();
    let second = owner
        .get(&format!(
            "{path}?limit=1&cursor={}",
            text(&first, "nextCursor")
        ))
        .await
        .expect(200)
        .json();
    assert_ne!(
        first["accesses"][0]["eventId"],
        second["accesses"][0]["eventId"]
    );
    let _ = owner.get(&format!("{path}?limit=0")).await.expect(400);
    let _ = owner.get(&format!("{path}?cursor=x")).await.expect(400);
}

#[tokio::test]
async fn an_operator_is_told_why_somebody_can_or_cannot_by_the_policies_names() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].passport.clone();
    let program = tests::built(&["passport"]).await.join("passport");
    let explain = async |more: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.args(["access", "explain", "--dpp", &battery, "--event", "repair"]);
        command.arg("--data").arg(stage.data()).args(more);
        command.env_remove("PASSPORT_TOKEN");
        // The platform goes on beside it.
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let line = |text: &str, action: &str| {
        let mut lines = text.lines();
        let found = lines.find(|line| line.get(4..).is_some_and(|it| it.starts_with(action)));
        found
            .unwrap_or_else(|| panic!("{action}: {text}"))
            .to_owned()
    };
    let garage = stage.partner("service-provider", "garage-nord");
    let token = garage.token.clone().unwrap();
    let (good, text) = explain(&["--token", &token]).await;
    assert!(good, "{text}");
    let interest = line(&text, "read 4");
    assert!(
        interest.starts_with("yes")
            && interest.contains("legitimate-interest-reads-points-2-and-4")
    );
    let authority = line(&text, "read 3");
    assert!(authority.starts_with("no") && authority.contains("no policy permits it"));
    assert!(line(&text, "raise repair as service-provider (any)").contains("raise-as-anybody"));
    assert!(text.contains("repairer"), "{text}");
    let (good, text) = explain(&[]).await;
    assert!(
        good && text.contains("everybody: no token") && line(&text, "read 2").starts_with("no")
    );
    // What is wrong with a token is the explanation.
    let spoilt = format!("{token}x");
    let (good, text) = explain(&["--token", &spoilt]).await;
    assert!(
        !good && text.contains("the token counts for nothing"),
        "{text}"
    );
    without_interest(&stage, "garage-nord").await;
    let (_, text) = explain(&["--token", &token]).await;
    assert!(
        line(&text, "read 4").contains("no policy permits it"),
        "{text}"
    );
}

#[tokio::test]
async fn what_was_opened_ends_with_the_responsibility_of_who_opened_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = format!("/v1/dpps/{}", battery.passport);
    let owner = stage.partner("economic-operator", &battery.organisation);
    let supplier = stage.partner("supplier", "cellmaker");
    let given = grant(
        "cellmaker",
        json!({"passport": battery.passport}),
        json!({}),
    );
    let _ = owner.post("/v1/grants", &given).await.expect(201);
    assert!(reads(&classes(&supplier, &battery.passport).await, &[0]));
    let why = json!({"reason": "delivered with the battery"});
    let code = owner.post(&format!("{passport}/claim-codes"), &why).await;
    let code = text(&code.expect(201).json(), "code");
    let next = stage.partner("economic-operator", "hausspeicher");
    let offer = owner
        .offer(&battery.passport, "hausspeicher", "takeover")
        .await;
    let _ = next.accept(&offer).await.expect(200);
    assert_eq!(classes(&supplier, &battery.passport).await, [1]);
    let list = supplier.get("/v1/grants?direction=received").await;
    let list = list.expect(200).json();
    assert_eq!(list["grants"][0]["status"], "withdrawn", "{list}");
    let claim = json!({"code": code, "reason": "bought"});
    let fleet = stage.partner("purchaser", "fleet");
    let _ = fleet
        .post(&format!("{passport}/claims"), &claim)
        .await
        .expect(403);
    // Who read what before is the former owner's matter; auditors see all of it.
    let accesses = format!("{passport}/accesses");
    let own = next.get(&accesses).await.expect(200).json();
    assert_eq!(own, json!({"accesses": []}));
    let _ = next.get(&passport).await.expect(200);
    let own = next.get(&accesses).await.expect(200).json();
    assert_eq!(own["accesses"].as_array().unwrap().len(), 1, "{own}");
    let auditor = stage.partner("auditor", "auditors");
    let all = auditor.get(&accesses).await.expect(200).json();
    assert!(all["accesses"].as_array().unwrap().len() > 1, "{all}");
    // It does not begin again where the responsibility comes back.
    let offer = next
        .offer(&battery.passport, &battery.organisation, "takeover")
        .await;
    let _ = owner.accept(&offer).await.expect(200);
    assert_eq!(classes(&supplier, &battery.passport).await, [1]);
}

#[tokio::test]
async fn a_claim_that_is_ended_takes_the_code_along_that_came_of_it() {
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let battery = &seeded.batteries[0];
    let passport = format!("/v1/dpps/{}", battery.passport);
    let owner = stage.partner("economic-operator", &battery.organisation);
    let fleet = stage.partner("purchaser", "fleet");
    let (codes, claims) = (
        format!("{passport}/claim-codes"),
        format!("{passport}/claims"),
    );
    let why = json!({"reason": "sold"});
    let code = owner.post(&codes, &why).await.expect(201).json();
    let claim = |code: &Value| json!({"code": code["code"], "reason": "bought"});
    let claimed = fleet.post(&claims, &claim(&code)).await.expect(201);
    let own = fleet.post(&codes, &why).await.expect(201).json();
    let end = format!("{}/end", claimed.header("location"));
    let operations = stage.partner("platform-operator", "operations");
    let _ = operations.post(&end, &why).await.expect(200);
    let _ = fleet.post(&claims, &claim(&own)).await.expect(403);
    assert_eq!(classes(&fleet, &battery.passport).await, [1]);
    // A draft is answered as one that was never made.
    let (_, draft) = stage.maker().draft().await;
    for passport in [draft, uuid::Uuid::new_v4().to_string()] {
        let claims = format!("/v1/dpps/{passport}/claims");
        let _ = fleet.post(&claims, &claim(&own)).await.expect(404);
    }
}

#[tokio::test]
async fn nobody_keeps_itself_from_being_suspended() {
    let stage = Stage::start().await;
    let own = stage.partner("supplier", "anodeworks");
    let path = "/v1/organisations/anodeworks/suspensions";
    for number in 0..100 {
        let body = json!({"subject": format!("nobody-{number}"), "reason": "x"});
        let _ = own.post(path, &body).await.expect(201);
    }
    let one_more = json!({"subject": "nobody", "reason": "x"});
    let _ = own.post(path, &one_more).await.expect(409);
    let operations = stage.partner("platform-operator", "operations");
    let _ = operations.post(path, &one_more).await.expect(201);
    let _ = own.get("/v1/grants").await.expect(200);
    let why = json!({"reason": "emergency"});
    let _ = operations.post(path, &why).await.expect(201);
    let _ = own.get("/v1/grants").await.expect(403);
    // What it is lifted by is found again.
    let list = operations.get(path).await.expect(200).json();
    let list = list["suspensions"].as_array().unwrap();
    assert_eq!(list.len(), 102);
    let whole = list.iter().find(|it| it["whole"] == json!(true)).unwrap();
    let lifting = format!("{path}/{}/lifting", text(whole, "id"));
    let _ = operations.post(&lifting, &why).await.expect(200);
    assert_eq!(
        own.get(path).await.expect(200).json()["suspensions"]
            .as_array()
            .unwrap()
            .len(),
        101
    );
    let others = stage.partner("market-surveillance", "authority");
    let _ = others.get(path).await.expect(404);

    // Exactly as tokens name it, and nothing that none could.
    let eve = stage.person("service-provider", "garage-nord", " eve ");
    let path = "/v1/organisations/garage-nord/suspensions";
    for wrong in [
        json!(""),
        json!("x".repeat(256)),
        json!("a\u{0}b"),
        json!(5),
    ] {
        let body = json!({"subject": wrong, "reason": "stolen"});
        let _ = operations.post(path, &body).await.expect(400);
    }
    let _ = eve.get("/v1/grants").await.expect(200);
    let body = json!({"subject": " eve ", "reason": "stolen"});
    let _ = operations.post(path, &body).await.expect(201);
    let _ = eve.get("/v1/grants").await.expect(403);
}

#[tokio::test]
async fn of_requests_at_once_one_waits_and_nobody_takes_all_the_room() {
    let stage = Stage::start().await;
    without_interest(&stage, "garage-nord").await;
    let garage = stage.partner("service-provider", "garage-nord");
    let proof = garage.evidence(b"register", 0).await;
    let asked = json!({"purpose": "repairer", "reason": "we repair", "evidence": [proof]});
    let ask = || garage.post("/v1/access-requests", &asked);
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    let mut statuses = [one.status, two.status, three.status, four.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);

    let maker = stage.maker();
    let other = stage.partner("economic-operator", "hausspeicher");
    let give = |organisation: &str| {
        let more = json!({"classes": [2]});
        grant("certlab", json!({"organisation": organisation}), more)
    };
    for _ in 0..50 {
        let _ = other
            .post("/v1/grants", &give("hausspeicher"))
            .await
            .expect(201);
    }
    let _ = other
        .post("/v1/grants", &give("hausspeicher"))
        .await
        .expect(409);
    let _ = maker
        .post("/v1/grants", &give("voltwerk"))
        .await
        .expect(201);
}

#[tokio::test]
async fn many_reads_are_listed_and_what_waits_is_told_to_who_decides() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries.remove(0);
    let owner = stage.partner("economic-operator", &battery.organisation);
    let passport = format!("/v1/dpps/{}", battery.passport);
    for _ in 0..102 {
        let _ = owner.get(&passport).await.expect(200);
    }
    let accesses = format!("{passport}/accesses?limit=100");
    let accesses = owner.get(&accesses).await.expect(200).json();
    assert_eq!(accesses["accesses"].as_array().unwrap().len(), 100);
    assert!(accesses["nextCursor"].is_string());
    // A read by a right to the model names the rule, in the passport's record too.
    let unit = owner.get(&format!("/v1/units/{}", battery.unit)).await;
    let model = text(&unit.expect(200).json(), "model");
    let given = grant(
        "anodeworks",
        json!({"model": model}),
        json!({"classes": [2]}),
    );
    let _ = owner.post("/v1/grants", &given).await.expect(201);
    let supplier = stage.partner("supplier", "anodeworks");
    assert!(reads(&classes(&supplier, &battery.passport).await, &[2]));
    let newest = format!("{passport}/accesses?limit=1");
    let newest = owner.get(&newest).await.expect(200).json();
    let basis = newest["accesses"][0]["basis"].to_string();
    assert!(basis.contains("Art. 78(f)"), "{newest}");
    // Nothing waits for a decision on this label, which is nobody else's to know.
    let approval = format!(
        "/v1/units/{}/labels/{}/approval",
        battery.unit, battery.label
    );
    let why = json!({"reason": "x"});
    let fleet = stage.partner("purchaser", "fleet");
    let _ = fleet.post(&approval, &why).await.expect(404);
    let _ = owner.post(&approval, &why).await.expect(409);
}
