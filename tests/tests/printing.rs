//! Labels are printed in every format, as large as can be read, one by one and by the thousand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use identity::{Carrier, ErrorCorrection, Symbol};
use serde_json::{Value, json};
use tests::{Function, Stage, Unit, text};

fn print_path(unit: &Unit, query: &str) -> String {
    format!("/v1/units/{}/labels/{}?{query}", unit.unit, unit.label)
}

#[tokio::test]
async fn a_label_comes_in_every_format_by_name_and_by_accept() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let formats: [(&str, &str, &[u8]); 6] = [
        ("svg", "image/svg+xml", b"<svg "),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF-1.7"),
        ("zpl", "application/zpl", b"^XA"),
        ("json", "application/json", b"{"),
        ("dxf", "image/vnd.dxf", b"999\nmillimetres\n"),
    ];
    for (name, media_type, begins) in formats {
        let by_name = maker
            .get(&print_path(&unit, &format!("dpi=300&format={name}")))
            .await
            .expect(200);
        let headers = [("accept", media_type)];
        let by_accept = maker
            .call("GET", &print_path(&unit, "dpi=300"), &headers, None)
            .await
            .expect(200);
        for answer in [&by_name, &by_accept] {
            assert_eq!(answer.header("content-type"), media_type);
            assert!(answer.bytes.starts_with(begins), "{name}");
        }
        assert_eq!(by_name.bytes, by_accept.bytes, "{name}");
    }
    let refused = maker
        .get(&print_path(&unit, "format=gif"))
        .await
        .expect(406);
    let detail = text(&refused.json(), "detail");
    assert_eq!(detail, "labels come here as svg, png, pdf, zpl, json, dxf");
}

#[tokio::test]
async fn the_module_matrix_is_the_symbol_of_the_carrier() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    for (letter, level) in [
        ("M", ErrorCorrection::M),
        ("Q", ErrorCorrection::Q),
        ("H", ErrorCorrection::H),
    ] {
        let query = format!("format=json&dpi=203&errorCorrection={letter}");
        let matrix = maker
            .get(&print_path(&unit, &query))
            .await
            .expect(200)
            .json();
        let carrier = text(&matrix, "carrier");
        assert!(
            carrier.ends_with(&format!("/{}/{}", unit.unit, unit.label)),
            "{carrier}"
        );
        let symbol = Symbol::new(&Carrier::parse(&carrier).unwrap(), level).unwrap();
        assert_eq!(matrix["rows"], json!(symbol.rows()));
        assert_eq!(matrix["version"], json!(symbol.version()));
        assert_eq!(matrix["errorCorrection"], json!(letter));
        assert_eq!(
            (&matrix["quietZone"], &matrix["market"]),
            (&json!(4), &json!(false))
        );
        // 0.4 mm are 3.2 dots of 203 dpi: four are printed, never less than asked.
        assert_eq!(matrix["dotsPerModule"], json!(4));
        assert!((matrix["moduleMm"].as_f64().unwrap() - 4.0 * 25.4 / 203.0).abs() < 1e-9);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_what_can() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let unit = maker.unit().await;
    let refusals: [(&str, u16, &[&str]); 16] = [
        (
            "moduleMm=0.2",
            400,
            &[
                "found 0.2 mm",
                "0.25 to 10 mm",
                "next size that works is 0.25 mm",
            ],
        ),
        ("moduleMm=NaN", 400, &["found NaN mm"]),
        (
            "moduleMm=0.2&dpi=203",
            400,
            &["next size that works is 0.375 mm"],
        ),
        (
            "moduleMm=0.25&dpi=203",
            400,
            &[
                "found 2 at 203 dpi",
                "at least 3 dots",
                "next size that works is 0.375 mm",
            ],
        ),
        ("dpi=72", 400, &["found 72", "203, 300 or 600"]),
        ("dpi=x", 400, &["dpi"]),
        ("dpi=300&pixelsPerModule=8", 400, &["not both"]),
        (
            "pixelsPerModule=2",
            400,
            &["found 2", "next that works is 3"],
        ),
        ("errorCorrection=L", 400, &["expected M, Q or H", "`L`"]),
        ("format=zpl", 400, &["203, 300 or 600", "found none"]),
        (
            "format=png&dpi=2400&separateCollection=side:900x900",
            400,
            &["at most 16000000 pixels"],
        ),
        (
            "separateCollection=side:20x20",
            400,
            &["3.464 mm", "packaging", "Article 13(4)"],
        ),
        (
            "separateCollection=sphere:20",
            400,
            &["`side:WIDTHxHEIGHT`", "`sphere:20`"],
        ),
        ("separateCollection=side:0x20", 400, &["found 0"]),
        ("cadmium=true", 400, &["separateCollection"]),
        (
            "separateCollection=packaging&lead=true",
            409,
            &["`lead`: false", "the request true"],
        ),
    ];
    for (query, status, parts) in refusals {
        let refused = maker.get(&print_path(&unit, query)).await.expect(status);
        let detail = text(&refused.json(), "detail");
        for part in parts {
            assert!(detail.contains(part), "{query}: {detail}");
        }
    }
    // Of a foreign organisation nothing is printed, readable or not.
    let other = stage.partner("economic-operator", "hausspeicher");
    let _ = other
        .get(&print_path(&unit, "moduleMm=0.2"))
        .await
        .expect(404);
    let _ = stage.public().get(&print_path(&unit, "")).await.expect(401);
}

#[tokio::test]
async fn cadmium_and_lead_are_what_the_model_says() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let bin = "format=svg&separateCollection=side:300x200";
    let paths = |svg: &str| svg.matches("<path").count();
    let unit = maker.unit().await;
    let plain = maker
        .get(&print_path(&unit, "format=svg"))
        .await
        .expect(200)
        .text;
    // The model of the example says that it bears neither.
    let marked = maker.get(&print_path(&unit, bin)).await.expect(200).text;
    assert_eq!(paths(&marked), paths(&plain) + 2, "bin and cross");

    let mut data = tests::sample_model();
    data["conformity"]["cadmiumLeadSymbols"] = json!({"cadmium": false, "lead": true});
    let leaded = unit_of(&maker, data.clone()).await;
    let marked = maker.get(&print_path(&leaded, bin)).await.expect(200).text;
    assert_eq!(paths(&marked), paths(&plain) + 3, "Pb beneath");

    data["conformity"]
        .as_object_mut()
        .unwrap()
        .remove("cadmiumLeadSymbols");
    let silent = unit_of(&maker, data).await;
    let refused = maker.get(&print_path(&silent, bin)).await.expect(400);
    let detail = text(&refused.json(), "detail");
    assert!(
        detail.contains("`cadmium=true` or `cadmium=false`"),
        "{detail}"
    );
    let said = format!("{bin}&cadmium=true&lead=true");
    let marked = maker
        .get(&print_path(&silent, &said))
        .await
        .expect(200)
        .text;
    assert_eq!(paths(&marked), paths(&plain) + 4, "Cd and Pb beneath");
}

async fn unit_of(maker: &tests::Partner<'_>, data: Value) -> Unit {
    let body = json!({"category": "ev", "reason": "type released", "data": data});
    let model = text(
        &maker.post("/v1/models", &body).await.expect(201).json(),
        "id",
    );
    let body = json!({"model": model, "count": 1, "reason": "order 1"});
    let order = maker.post("/v1/units", &body).await.expect(201).json();
    Unit {
        model,
        unit: text(&order["units"][0], "unit"),
        label: text(&order["units"][0], "label"),
    }
}

/// An order; its path and its labels as `unit/label`.
async fn order(maker: &tests::Partner<'_>, count: usize) -> (String, Vec<Unit>) {
    let model = maker.model().await;
    let body = json!({"model": model, "count": count, "reason": "order 1"});
    let order = maker.post("/v1/units", &body).await.expect(201).json();
    let units = order["units"].as_array().unwrap().iter().map(|unit| Unit {
        model: model.clone(),
        unit: text(unit, "unit"),
        label: text(unit, "label"),
    });
    (
        format!("/v1/orders/{}/labels", text(&order, "order")),
        units.collect(),
    )
}

#[tokio::test]
async fn an_order_is_printed_as_sheets_as_a_roll_and_for_label_printers() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (path, units) = order(&maker, 120).await;
    let pages = |pdf: &[u8]| {
        let text = String::from_utf8_lossy(pdf).into_owned();
        text.matches("/Type/Page/").count() + text.matches("/Type /Page\n").count()
    };
    // 10 × 9 labels of 16.4 mm a sheet.
    let sheets = maker.get(&path).await.expect(200);
    assert_eq!(sheets.header("content-type"), "application/pdf");
    assert_eq!(pages(&sheets.bytes), 2);
    let roll = maker
        .get(&format!("{path}?page=label&dpi=203"))
        .await
        .expect(200);
    assert_eq!(pages(&roll.bytes), 120);
    let narrow = maker
        .get(&format!("{path}?page=letter&columns=2&marginMm=5&gapMm=3"))
        .await
        .expect(200);
    assert!(pages(&narrow.bytes) > 5);

    let zpl = maker
        .get(&format!("{path}?format=zpl&dpi=203"))
        .await
        .expect(200);
    assert_eq!(zpl.text.matches("^XA").count(), 120);
    assert_eq!(zpl.text.matches("^XZ\n").count(), 120);
    let ids: BTreeSet<String> = units
        .iter()
        .map(|unit| identity::UnitId::parse(&unit.unit).unwrap().grouped())
        .collect();
    assert!(
        ids.iter()
            .all(|id| zpl.text.contains(&format!("^FX{id}^FS")))
    );

    let part = maker
        .get(&format!("{path}?format=json&first=101&count=30"))
        .await
        .expect(200)
        .json();
    let part = part["labels"].as_array().unwrap();
    assert_eq!(part.len(), 20, "to the last");
    assert_eq!(part[0]["unit"], json!(units[100].unit));
    assert_eq!(part[19]["label"], json!(units[119].label));
}

#[tokio::test]
async fn an_order_is_refused_where_it_does_not_fit_and_says_what_does() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (path, _) = order(&maker, 2_001).await;
    let refusals: [(&str, u16, &[&str]); 11] = [
        (
            "",
            400,
            &[
                "at most 2000 labels, found 2001",
                "`first=1&count=2000`",
                "`first=2001`",
            ],
        ),
        ("first=2002", 400, &["the labels 1 to 2001, found 2002"]),
        ("first=0", 400, &["found 0"]),
        ("count=0", 400, &["found 0"]),
        ("count=9&page=a5x", 400, &["`a5x`"]),
        ("count=9&page=20x20", 400, &["does not fit", "0 × 0 mm"]),
        ("count=9&page=5x5", 400, &["10 to 2000 mm", "found 5"]),
        ("count=9&columns=99", 400, &["1 to 10 columns", "found 99"]),
        ("count=9&marginMm=101", 400, &["0 to 100 mm, found 101"]),
        ("count=9&format=zpl", 400, &["found none"]),
        ("count=9&format=dxf", 406, &["pdf, zpl, json"]),
    ];
    for (query, status, parts) in refusals {
        let refused = maker.get(&format!("{path}?{query}")).await.expect(status);
        let detail = text(&refused.json(), "detail");
        for part in parts {
            assert!(detail.contains(part), "{query}: {detail}");
        }
    }
    let large = format!("{path}?count=2000&format=zpl&dpi=203&separateCollection=packaging");
    let detail = text(&maker.get(&large).await.expect(400).json(), "detail");
    assert!(detail.contains("at most 4400000 bytes"), "{detail}");
    let fit = detail
        .rsplit("count=")
        .next()
        .unwrap()
        .trim_end_matches('`');
    let fits = large.replace("count=2000", &format!("count={fit}"));
    let _ = maker.get(&fits).await.expect(200);
    let other = stage.partner("economic-operator", "hausspeicher");
    let _ = other.get(&path).await.expect(404);
    let _ = stage.public().get(&path).await.expect(401);
}

#[tokio::test]
async fn a_battery_gets_further_labels_from_the_start() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let body = json!({"model": model, "count": 40, "labelsPerUnit": 3, "reason": "order 1"});
    let order = maker.post("/v1/units", &body).await.expect(201).json();
    let path = format!("/v1/orders/{}/labels", text(&order, "order"));
    let all = maker
        .get(&format!("{path}?format=json"))
        .await
        .expect(200)
        .json();
    assert_eq!(all["labels"].as_array().unwrap().len(), 120);
    let last = &order["units"][39];
    let further = last["furtherLabels"].as_array().unwrap();
    assert_eq!(further.len(), 2);
    // In the sequence of units, each with all of its labels, every one in force.
    for (number, label) in [
        text(last, "label"),
        text(&further[0], "label"),
        text(&further[1], "label"),
    ]
    .iter()
    .enumerate()
    {
        let printed = &all["labels"][117 + number];
        assert_eq!(
            (&printed["unit"], &printed["label"]),
            (&last["unit"], &json!(label))
        );
        let scan = format!("/{}/{label}", text(last, "unit"));
        let scan = stage.public().get(&scan).await.expect(200).json();
        assert_eq!(scan["notices"]["label"], "current");
    }
    for (count, labels, expected) in [
        (1, 5, "1 to 4"),
        (1, 0, "1 to 4"),
        (10_000, 4, "at most 7500 units"),
    ] {
        let body =
            json!({"model": model, "count": count, "labelsPerUnit": labels, "reason": "order 2"});
        let refused = maker.post("/v1/units", &body).await.expect(400).json();
        assert!(text(&refused, "detail").contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn labels_that_are_no_longer_in_force_are_named_or_left_out() {
    let stage = Stage::start().await;
    let maker = stage.maker();
    let (path, units) = order(&maker, 3).await;
    let revocation = format!(
        "/v1/units/{}/labels/{}/revocation",
        units[1].unit, units[1].label
    );
    let _ = maker
        .post(&revocation, &json!({"reason": "roll lost"}))
        .await
        .expect(200);
    let refused = maker.get(&path).await.expect(409);
    let detail = text(&refused.json(), "detail");
    assert!(
        detail.contains(&format!("{}/{}", units[1].unit, units[1].label)),
        "{detail}"
    );
    assert!(!detail.contains(&units[0].unit), "{detail}");
    let rest = maker
        .get(&format!("{path}?format=json&inForceOnly=true"))
        .await
        .expect(200)
        .json();
    let printed: Vec<&Value> = rest["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["unit"])
        .collect();
    assert_eq!(printed, [&json!(units[0].unit), &json!(units[2].unit)]);
    let _ = maker.get(&format!("{path}?first=3")).await.expect(200);
    let none = format!("{path}?first=2&count=1&inForceOnly=true");
    let detail = text(&maker.get(&none).await.expect(409).json(), "detail");
    assert!(detail.contains("none of these labels"), "{detail}");
}

/// Only production makes labels for sale. What a label is was settled when it was issued, so it is printed here as there.
#[tokio::test(flavor = "multi_thread")]
async fn a_label_for_sale_bears_no_test_in_any_format() {
    let binaries = tests::built(&["allocator"]).await;
    let stage = Stage::start().await;
    let maker = stage.maker();
    let model = maker.model().await;
    let mut environment = stage.function_environment();
    environment.push(("MARKET_LABELS", "true".to_owned()));
    let mut production = Function::start(&binaries.join("allocator"), &environment).await;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events/allocator-order.json");
    let event = std::fs::read_to_string(file)
        .unwrap()
        .replace("${MODEL}", &model)
        .replace("${TOKEN}", maker.token.as_ref().unwrap())
        .replace("${HOST}", &stage.running.address.to_string());
    let answer = production
        .invoke(serde_json::from_str(&event).unwrap())
        .await;
    let ordered: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let for_sale = Unit {
        model,
        unit: text(&ordered["units"][0], "unit"),
        label: text(&ordered["units"][0], "label"),
    };
    let test = maker.unit().await;
    for (unit, market) in [(&for_sale, true), (&test, false)] {
        let matrix = maker
            .get(&print_path(unit, "format=json"))
            .await
            .expect(200)
            .json();
        assert_eq!(matrix["market"], json!(market));
        for (format, mark) in [("svg", "rgb(221,0,0)"), ("dxf", "\n8\nTEST\n")] {
            let path = print_path(unit, &format!("format={format}"));
            let marked = maker.get(&path).await.expect(200).text.contains(mark);
            assert_eq!(marked, !market, "{format}");
        }
    }
}
