use serde_json::{Map, Value, json};

use super::validate;
use crate::{
    Category, Classes, Fault, Level, asks_other_levels, catalogue, delta, validate_together,
    warnings,
};

fn faults_of(level: Level, category: Category, document: Value) -> Vec<Fault> {
    let document: Map<String, Value> = document.as_object().unwrap().clone();
    validate(level, category, catalogue().active_guidance(), &document)
}

/// Asserts that the document of an EV battery's model has exactly one fault, at this place and by this rule.
fn only_fault(level: Level, document: Value, pointer: &str, rule: &str) -> Fault {
    let faults = faults_of(level, Category::Ev, document);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert_eq!(faults[0].pointer, pointer);
    assert_eq!(faults[0].rule, rule, "{faults:#?}");
    faults[0].clone()
}

fn model(group: &str, id: &str, value: Value, below: &str, rule: &str) -> Fault {
    only_fault(
        Level::Model,
        json!({group: {id: value}}),
        &format!("/{group}/{id}{below}"),
        rule,
    )
}

fn item(id: &str, value: Value, below: &str, rule: &str) -> Fault {
    only_fault(
        Level::Item,
        json!({"condition": {id: value}}),
        &format!("/condition/{id}{below}"),
        rule,
    )
}

#[test]
fn a_good_model_has_no_fault() {
    let document = json!({
        "identification": {
            "responsibleOperator": {"name": "Example Cells SE", "identifier": "5299000000000000XX00"},
            "manufacturerAddress": {"street": "Werkstraße 1", "city": "Berlin", "country": "DE"},
            "manufacturerContact": {"website": "https://cells.example/a?b=%20c#d"},
            "batteryCategory": "ev",
            "mass": {"value": 412.5, "unit": "kg"},
            "manufacturingPlace": {"country": "SE"},
        },
        "performance": {
            "minimumVoltage": {"value": 300, "unit": "V"},
            "nominalVoltage": {"value": 400, "unit": "V"},
            "maximumVoltage": {"value": 450, "unit": "V"},
            "expectedLifetimeCycles": 3000,
            "powerLimits": [{"power": {"value": 150000, "unit": "W"}, "lower": {"value": -10, "unit": "Cel"}}],
        },
        "materials": {
            "chemistry": "li-ion-nmc",
            "detailedComposition": [
                {"part": "cathode", "material": "NMC 622", "share": {"value": 100, "unit": "%"}},
                {"part": "anode", "material": "graphite", "share": {"value": 97.5, "unit": "%"}},
            ],
        },
        "circularity": {
            "wasteInformation": [{"title": "Where to return it", "url": "https://cells.example/waste", "mediaType": "application/pdf"}],
        },
        "conformity": {
            "separateCollectionSymbol": {"marked": true},
            "extinguishingAgent": {"en": "Water", "de": "Wasser"},
            "declarationOfConformity": {"title": "DoC", "evidence": "0190b5a4-1111-7aaa-8bbb-0123456789ab"},
        },
    });
    assert_eq!(faults_of(Level::Model, Category::Ev, document), []);
}

#[test]
fn a_good_battery_has_no_fault() {
    let at = "2027-06-01T08:00:00+02:00";
    let document = json!({
        "identification": {"serialNumber": "EV-000001", "manufacturingDate": "2027-02"},
        "condition": {
            "stateOfCharge": {"value": 54, "unit": "%", "measuredAt": at},
            "cycleCount": {"value": 12, "measuredAt": at},
            "batteryStatus": {"value": "original", "measuredAt": at},
            "negativeEvents": {"value": [{"date": "2027-05-30", "kind": "accident"}], "measuredAt": "2027-06-01T08:00:00.123Z"},
            "operatingConditions": {"value": {"temperature": {"value": 21.5, "unit": "Cel"}}, "measuredAt": at},
        },
        "internal": {"note": "Line 2,\nshift B"},
    });
    assert_eq!(faults_of(Level::Item, Category::Ev, document), []);
}

#[test]
fn unknown_places_are_refused() {
    only_fault(
        Level::Model,
        json!({"perf/ormance": {}}),
        "/perf~1ormance",
        "unknown-group",
    );
    only_fault(
        Level::Model,
        json!({"performance": 3}),
        "/performance",
        "wrong-type",
    );
    model(
        "performance",
        "ratedCapactiy",
        json!(1),
        "",
        "unknown-attribute",
    );
}

#[test]
fn an_attribute_stands_at_its_level() {
    let capacity = json!({"performance": {"ratedCapacity": {"value": 94, "unit": "A.h"}}});
    let fault = only_fault(
        Level::Item,
        capacity,
        "/performance/ratedCapacity",
        "wrong-level",
    );
    assert_eq!(fault.expected, "this attribute in the data of the model");
    only_fault(
        Level::Model,
        json!({"identification": {"serialNumber": "1"}}),
        "/identification/serialNumber",
        "wrong-level",
    );
}

#[test]
fn what_the_platform_fills_is_not_written() {
    let url = json!({"identification": {"uniqueIdentifier": "https://id.example.eu/X"}});
    only_fault(
        Level::Item,
        url,
        "/identification/uniqueIdentifier",
        "derived",
    );
}

#[test]
fn what_the_guidance_closes_is_refused_with_the_reason() {
    let document = json!({"title": "Footprint", "url": "https://cells.example/f"});
    let fault = model("carbonFootprint", "declaration", document, "", "pending");
    assert!(
        fault.expected.contains("guidance 1.0"),
        "{}",
        fault.expected
    );
    let capacity = json!({"value": 94, "unit": "A.h"});
    model(
        "performance",
        "ratedCapacityRepeated",
        capacity,
        "",
        "not-to-be-filled",
    );
    let threshold = json!({"performance": {"exhaustionThreshold": {"value": 70, "unit": "%"}}});
    assert_eq!(faults_of(Level::Model, Category::Ev, threshold.clone()), []);
    for category in [Category::Lmt, Category::Industrial, Category::Stationary] {
        let faults = faults_of(Level::Model, category, threshold.clone());
        assert_eq!(faults[0].rule, "not-to-be-filled", "{category}");
    }
}

#[test]
fn a_quantity_has_its_unit_and_range() {
    let fault = model(
        "performance",
        "ratedCapacity",
        json!({"value": 94, "unit": "kW.h"}),
        "/unit",
        "wrong-unit",
    );
    assert_eq!(
        (fault.expected.as_str(), fault.found.as_str()),
        ("A.h", "kW.h")
    );
    assert_eq!(fault.source.as_deref(), Some("Annex VI Part A(6)"));
    model(
        "performance",
        "ratedCapacity",
        json!({"value": 94, "unit": "a.h"}),
        "/unit",
        "wrong-unit",
    );
    model(
        "performance",
        "ratedCapacity",
        json!({"value": 94}),
        "/unit",
        "missing",
    );
    model(
        "performance",
        "ratedCapacity",
        json!({"unit": "A.h"}),
        "/value",
        "missing",
    );
    model(
        "performance",
        "ratedCapacity",
        json!({"value": "94", "unit": "A.h"}),
        "/value",
        "wrong-type",
    );
    model(
        "performance",
        "ratedCapacity",
        json!({"value": -1, "unit": "A.h"}),
        "/value",
        "out-of-range",
    );
    model("performance", "ratedCapacity", json!(94), "", "wrong-type");
    model(
        "performance",
        "ratedCapacity",
        json!({"value": 94, "unit": "A.h", "measuredAt": "2027-06-01T08:00:00Z"}),
        "/measuredAt",
        "unknown-member",
    );
}

#[test]
fn state_of_charge_is_a_share_and_says_when() {
    let at = "2027-06-01T08:00:00Z";
    for value in [-0.1, 100.1] {
        item(
            "stateOfCharge",
            json!({"value": value, "unit": "%", "measuredAt": at}),
            "/value",
            "out-of-range",
        );
    }
    item(
        "stateOfCharge",
        json!({"value": 54, "unit": "%"}),
        "/measuredAt",
        "missing",
    );
    for bad in [
        "2027-06-01",
        "2027-06-01T08:00:00",
        "2027-06-01 08:00:00Z",
        "2027-13-01T08:00:00Z",
        "2027-06-01T08:00:00Z[UTC]",
        "2027-06-01T08:00:00,5Z",
    ] {
        item(
            "stateOfCharge",
            json!({"value": 54, "unit": "%", "measuredAt": bad}),
            "/measuredAt",
            "bad-date",
        );
    }
    item("cycleCount", json!({"measuredAt": at}), "/value", "missing");
    item("cycleCount", json!(3), "", "wrong-type");
}

#[test]
fn each_type_refuses_what_it_is_not() {
    model(
        "performance",
        "expectedLifetimeCycles",
        json!(2.5),
        "",
        "wrong-type",
    );
    model(
        "performance",
        "expectedLifetimeCycles",
        json!(-1),
        "",
        "out-of-range",
    );
    model("identification", "modelName", json!(7), "", "wrong-type");
    model("identification", "modelName", json!(" "), "", "empty");
    model(
        "identification",
        "modelName",
        json!("x".repeat(201)),
        "",
        "too-long",
    );
    model("materials", "chemistry", json!("NMC"), "", "not-permitted");
    model("materials", "chemistry", Value::Null, "", "not-permitted");
    model(
        "materials",
        "hazardousSubstances",
        json!({}),
        "",
        "wrong-type",
    );
    model(
        "materials",
        "hazardousSubstances",
        json!([{"cas": "7440-02-0"}]),
        "/0/name",
        "missing",
    );
    model(
        "materials",
        "hazardousSubstances",
        json!([{"name": "a", "purity": 1}]),
        "/0/purity",
        "unknown-member",
    );
    model(
        "performance",
        "powerLimits",
        json!(vec![json!({"power": {"value": 1, "unit": "W"}}); 51]),
        "",
        "too-many",
    );
    model(
        "conformity",
        "separateCollectionSymbol",
        json!({"marked": "yes"}),
        "/marked",
        "wrong-type",
    );
    model(
        "conformity",
        "separateCollectionSymbol",
        json!(true),
        "",
        "wrong-type",
    );
    model(
        "identification",
        "manufacturerContact",
        json!({}),
        "",
        "empty",
    );
    model("conformity", "extinguishingAgent", json!({}), "", "empty");
    model(
        "conformity",
        "extinguishingAgent",
        json!({"EN": "Water"}),
        "/EN",
        "not-permitted",
    );
    model(
        "conformity",
        "extinguishingAgent",
        json!("Water"),
        "",
        "wrong-type",
    );
    only_fault(
        Level::Item,
        json!({"identification": {"manufacturingDate": "2027-13"}}),
        "/identification/manufacturingDate",
        "bad-date",
    );
    only_fault(
        Level::Item,
        json!({"identification": {"putIntoServiceDate": "2027-02-30"}}),
        "/identification/putIntoServiceDate",
        "bad-date",
    );
}

#[test]
fn urls_are_https_and_carry_no_secret() {
    for bad in [
        "http://cells.example/",
        "HTTPS://cells.example/",
        "https://",
        "https:///x",
        "https://:443/",
        "https://user:secret@cells.example/",
        "https://cells.example/a b",
        "https://cells.example/ü",
        "https://cells.example/%zz",
        "https://cells.example/%2",
        "javascript:alert(1)",
        "https://cells.example\\@evil.example/",
    ] {
        model(
            "identification",
            "manufacturerContact",
            json!({"website": bad}),
            "/website",
            "bad-url",
        );
    }
    let long = format!("https://cells.example/{}", "a".repeat(2000));
    model(
        "identification",
        "manufacturerContact",
        json!({"website": long}),
        "/website",
        "bad-url",
    );
}

#[test]
fn a_document_is_a_title_and_one_place() {
    let id = "declarationOfConformity";
    let both = json!({"title": "a", "url": "https://a.example/", "evidence": "0190b5a4-1111-7aaa-8bbb-0123456789ab"});
    model("conformity", id, both, "", "wrong-type");
    model("conformity", id, json!({"title": "a"}), "", "wrong-type");
    model(
        "conformity",
        id,
        json!({"url": "https://a.example/"}),
        "/title",
        "missing",
    );
    model(
        "conformity",
        id,
        json!({"title": "a", "url": "ftp://a.example/"}),
        "/url",
        "bad-url",
    );
    model(
        "conformity",
        id,
        json!({"title": "a", "evidence": "1234"}),
        "/evidence",
        "bad-reference",
    );
    let odd = json!({"title": "a", "url": "https://a.example/", "mediaType": "pdf"});
    model("conformity", id, odd, "/mediaType", "bad-media-type");
}

#[test]
fn text_that_cannot_be_seen_is_refused() {
    for hidden in ["a\u{202E}b", "a\u{200B}b", "a\u{0}b", "a\rb", "\u{FEFF}a"] {
        model(
            "identification",
            "modelName",
            json!(hidden),
            "",
            "not-plain-text",
        );
    }
    model(
        "conformity",
        "extinguishingAgent",
        json!({"en": "Wa\u{2066}ter"}),
        "/en",
        "not-plain-text",
    );
}

#[test]
fn voltages_do_not_fall() {
    let volts = |value: f64| json!({"value": value, "unit": "V"});
    let document =
        json!({"performance": {"minimumVoltage": volts(410.0), "nominalVoltage": volts(400.0)}});
    let fault = only_fault(
        Level::Model,
        document,
        "/performance/nominalVoltage",
        "out-of-order",
    );
    assert!(fault.expected.contains("410"));
    let document =
        json!({"performance": {"minimumVoltage": volts(500.0), "maximumVoltage": volts(400.0)}});
    only_fault(
        Level::Model,
        document,
        "/performance/maximumVoltage",
        "out-of-order",
    );
    let document =
        json!({"performance": {"nominalVoltage": volts(400.0), "maximumVoltage": volts(400.0)}});
    assert_eq!(faults_of(Level::Model, Category::Ev, document), []);
}

#[test]
fn a_temperature_range_does_not_fall() {
    let degrees = |value: f64| json!({"value": value, "unit": "Cel"});
    let range = json!({"lower": degrees(60.0), "upper": degrees(-30.0)});
    model(
        "performance",
        "idleTemperatureRange",
        range,
        "/upper",
        "out-of-order",
    );
}

#[test]
fn shares_of_a_part_make_at_most_a_whole() {
    let share = |part: &str, value: f64| json!({"part": part, "material": "x", "share": {"value": value, "unit": "%"}});
    let list = json!([
        share("cathode", 60.0),
        share("anode", 60.0),
        share("cathode", 40.5)
    ]);
    let fault = model(
        "materials",
        "detailedComposition",
        list,
        "",
        "sum-too-large",
    );
    assert!(
        fault.expected.contains("cathode") && fault.found == "100.5",
        "{fault:?}"
    );
    // In binary these add up to a little more than 100.
    let whole = [0.2, 83.9, 15.9].map(|value| share("anode", value));
    let document = json!({"materials": {"detailedComposition": whole}});
    assert_eq!(faults_of(Level::Model, Category::Ev, document), []);
}

#[test]
fn the_named_category_is_the_records() {
    let fault = model(
        "identification",
        "batteryCategory",
        json!("lmt"),
        "",
        "other-category",
    );
    assert!(fault.expected.contains("`ev`"));
}

#[test]
fn every_fault_comes_at_once() {
    let document = json!({
        "performance": {"ratedCapacity": {"value": -1, "unit": "kW.h", "colour": 1}, "nominalVoltage": 4},
        "elsewhere": {},
    });
    let pointers: Vec<String> = faults_of(Level::Model, Category::Ev, document)
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(
        pointers,
        [
            "/performance/ratedCapacity/colour",
            "/performance/ratedCapacity/unit",
            "/performance/ratedCapacity/value",
            "/performance/nominalVoltage",
            "/elsewhere",
        ]
    );
}

#[test]
fn numbers_that_check_themselves_are_checked() {
    let cas = |number: &str| json!([{"name": "a", "cas": number}]);
    for id in ["hazardousSubstances", "criticalRawMaterials"] {
        model(
            "materials",
            id,
            cas("7440-48-5"),
            "/0/cas",
            "bad-check-digit",
        );
    }
    model(
        "materials",
        "detailedComposition",
        json!([{"part": "anode", "material": "a", "cas": "774048-4"}]),
        "/0/cas",
        "bad-check-digit",
    );
    let fault = model(
        "identification",
        "manufacturerIdentifier",
        json!("https://id.gs1.org/417/9521234000007"),
        "",
        "bad-check-digit",
    );
    assert!(
        fault.expected.contains("global location number"),
        "{fault:?}"
    );
    model(
        "identification",
        "responsibleOperator",
        json!({"name": "a", "identifier": "lei:529900T8BM49AURSDO56"}),
        "/identifier",
        "bad-check-digit",
    );
    model(
        "identification",
        "modelIdentifier",
        json!("gtin:1"),
        "",
        "bad-check-digit",
    );
}

#[test]
fn countries_languages_and_addresses_are_ones_that_exist() {
    for bad in ["UK", "de", "XX", "D"] {
        model(
            "identification",
            "manufacturingPlace",
            json!({"country": bad}),
            "/country",
            "not-permitted",
        );
    }
    for bad in ["xx", "eng", "en-GB", ""] {
        model(
            "conformity",
            "extinguishingAgent",
            json!({bad: "Water"}),
            &format!("/{bad}"),
            "not-permitted",
        );
    }
    let contact = |email: &str| json!({"email": email});
    for bad in [
        "a",
        "a@b",
        "@b.eu",
        "a@",
        "a b@c.eu",
        "a@b..eu",
        ".a@b.eu",
        "a@-b.eu",
        "a@b.eu,c@d.eu",
        "\"a\"@b.eu",
        "a@[10.0.0.1]",
    ] {
        model(
            "identification",
            "manufacturerContact",
            contact(bad),
            "/email",
            "bad-email",
        );
    }
    for good in ["a.b+c@d-e.example", "o'neill@köln.example"] {
        let document = json!({"identification": {"manufacturerContact": contact(good)}});
        assert_eq!(
            faults_of(Level::Model, Category::Ev, document),
            [],
            "{good}"
        );
    }
}

/// The warnings of a battery's data beside its model's, for a reader of these classes.
fn warned(model: &Value, item: &Value, classes: Classes) -> Vec<(String, String)> {
    let (model, item) = (model.as_object().unwrap(), item.as_object().unwrap());
    let changes = delta(&Map::new(), item);
    assert!(asks_other_levels(Level::Item, item, &changes));
    let composed = crate::compose(model, &Map::new(), item);
    assert_eq!(validate_together(&composed, &changes), []);
    warnings(&composed, &changes, classes)
        .into_iter()
        .map(|warning| (warning.pointer, warning.rule))
        .collect()
}

#[test]
fn more_than_was_rated_is_odd_and_yet_may_be() {
    let quantity = |value: u32, unit: &str| json!({"value": value, "unit": unit});
    let measured = |value: u32, unit: &str| json!({"value": value, "unit": unit, "measuredAt": "2027-06-01T08:00:00Z"});
    for (rated, limit, current, unit) in [
        ("ratedCapacity", 100, "remainingCapacity", "A.h"),
        ("ratedCapacity", 100, "ratedCapacity", "A.h"),
        ("originalPower", 100, "remainingPower", "W"),
        ("originalPower", 100, "power", "W"),
        ("initialRoundTripEfficiency", 90, "roundTripEfficiency", "%"),
        ("ratedCapacity", 100, "stateOfCertifiedEnergy", "%"),
    ] {
        let model = json!({"performance": {rated: quantity(limit, unit)}});
        let item = |value: u32| json!({"condition": {current: measured(value, unit)}});
        let odd = vec![(format!("/condition/{current}"), "above-limit".to_owned())];
        if current != "roundTripEfficiency" {
            assert_eq!(
                faults_of(
                    Level::Item,
                    if current == "stateOfCertifiedEnergy" {
                        Category::Ev
                    } else {
                        Category::Lmt
                    },
                    item(limit + 1)
                ),
                []
            );
        }
        if current == "stateOfCertifiedEnergy" {
            let item = item(101).as_object().unwrap().clone();
            let changes = delta(&Map::new(), &item);
            assert_eq!(warnings(&item, &changes, Classes::ALL).len(), 1);
            assert_eq!(warnings(&item, &changes, Classes::PUBLIC), []);
            continue;
        }
        assert_eq!(warned(&model, &item(limit + 1), Classes::ALL), odd);
        assert_eq!(warned(&model, &item(limit), Classes::ALL), []);
        assert_eq!(warned(&model, &item(limit + 1), Classes::PUBLIC), []);
        assert_eq!(warned(&json!({}), &item(limit + 1), Classes::ALL), []);
    }
}

#[test]
fn other_levels_are_asked_only_where_a_rule_reaches_them() {
    let asks = |level: Level, document: Value| {
        let document = document.as_object().unwrap().clone();
        asks_other_levels(level, &document, &delta(&Map::new(), &document))
    };
    let at = "2027-06-01T08:00:00Z";
    let made = json!({"manufacturingDate": "2027-02"});
    let charge = json!({"stateOfCharge": {"value": 54, "unit": "%", "measuredAt": at}});
    let capacity = json!({"remainingCapacity": {"value": 54, "unit": "A.h", "measuredAt": at}});
    assert!(!asks(
        Level::Item,
        json!({"identification": made, "condition": charge})
    ));
    assert!(
        asks(Level::Item, json!({"condition": charge})),
        "the date may be the batch's"
    );
    assert!(asks(
        Level::Item,
        json!({"identification": made, "condition": capacity})
    ));
    assert!(!asks(
        Level::Item,
        json!({"identification": {"serialNumber": "1"}})
    ));
    assert!(!asks(
        Level::Model,
        json!({"performance": {"ratedCapacity": {"value": 1, "unit": "A.h"}}})
    ));
}

#[test]
fn temperatures_of_operation_do_not_fall() {
    let degrees = |value: f64| json!({"value": value, "unit": "Cel"});
    let value = json!({"value": {"lowestTemperature": degrees(12.0), "temperature": degrees(10.0)}, "measuredAt": "2027-06-01T08:00:00Z"});
    item(
        "operatingConditions",
        value,
        "/value/temperature",
        "out-of-order",
    );
}
