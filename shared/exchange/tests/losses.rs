//! A loss says why, truly, and once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use exchange::{What, export, import};
use passport::{Category, catalogue};
use serde_json::{Value, json};

#[allow(dead_code, reason = "others use the rest of it")]
mod generated;
use generated::header;

/// Why a value of a view does not go out in a format, by its pointer.
fn lost(format: &str, view: &Value, pointer: &str) -> Option<String> {
    let (format, variant) = exchange::format(format).unwrap();
    let variant = variant.or_else(|| format.variant(Category::Ev));
    let exported = export(format, variant, &header(), view.as_object().unwrap());
    let losses = exported.losses.into_iter();
    let mut losses = losses.filter(|loss| loss.what == What::NotCarried && loss.pointer == pointer);
    let reason = losses.next().map(|loss| loss.reason);
    assert_eq!(losses.next(), None, "{pointer} is told twice");
    reason
}

const READY: &str = "batterypass-ready-1.0";
const IDTA_02035: &str = "idta-02035-1.0";

#[test]
fn a_loss_gives_the_true_reason_and_names_the_member() {
    let document = |title: &str| json!({"title": title, "url": "https://maker.example/x"});
    for (format, view, pointer, parts) in [
        // A text, where the member takes documents.
        (
            IDTA_02035,
            json!({"circularity": {"safetyMeasures": {"text": {"en": "Wear gloves."}}}}),
            "/circularity/safetyMeasures",
            vec!["/SafetyInstructions/*`", "`/documents/*`"],
        ),
        // A title that none is chosen by; its neighbour goes out.
        (
            READY,
            json!({"circularity": {"wasteInformation": [document("Our leaflet"), document("Waste prevention")]}}),
            "/circularity/wasteInformation/0",
            vec!["WastePrevention`", "[title=Waste prevention]"],
        ),
        // No picture, where the member takes one.
        (
            READY,
            json!({"conformity": {"separateCollectionSymbol": {"marked": true}}}),
            "/conformity/separateCollectionSymbol",
            vec!["/SeparateCollectionSymbol` takes the address at `/image`"],
        ),
        // What the format has apart.
        (
            READY,
            json!({"circularity": {"recoveredNickel": {"value": 12, "unit": "%"}}}),
            "/circularity/recoveredNickel",
            vec![
                "Pre-consumerRecycledNickelShare",
                "Post-consumerRecycledNickelShare",
            ],
        ),
        // What another form of it has.
        (
            READY,
            json!({"condition": {"energyThroughput": {"value": 12, "unit": "kW.h"}}}),
            "/condition/energyThroughput",
            vec!["but in its forms lmt, stationary"],
        ),
        // A number that the member does not take.
        (
            READY,
            json!({"condition": {"stateOfCharge": {"value": 0.1, "unit": "%"}, "remainingPower": {"value": 0.1, "unit": "W"}}}),
            "/condition/remainingPower",
            vec!["whole numbers", "/RemainingPowerCapability"],
        ),
        (
            READY,
            json!({"internal": {"note": "x"}}),
            "/internal/note",
            vec!["the format has no member for it"],
        ),
    ] {
        let why = lost(format, &view, pointer).unwrap_or_else(|| panic!("{pointer} is not lost"));
        for part in parts {
            assert!(why.contains(part), "{pointer}: {part}: {why}");
        }
    }
    let both = json!({"circularity": {"wasteInformation": [document("Our leaflet"), document("Waste prevention")]}});
    assert_eq!(lost(READY, &both, "/circularity/wasteInformation/1"), None);
}

/// A record's field that the format has no place for is told where it is lost and where it is missed, and is no bad value.
#[test]
fn what_cannot_come_in_for_a_field_that_a_format_has_no_place_for_is_told_on_both_ways() {
    for (format, view, needed) in [
        (
            READY,
            json!({"circularity": {"sparePartSources": [{"name": "Teile AG", "website": "https://teile.example/"}]}}),
            "/circularity/sparePartSources/0/name",
        ),
        (
            IDTA_02035,
            json!({"identification": {"manufacturingPlace": {"country": "DE", "facility": "4012345000016"}}}),
            "/identification/manufacturingPlace/country",
        ),
        (
            IDTA_02035,
            json!({"identification": {"responsibleOperator": {"name": "Voltwerk", "identifier": "4012345000009"}}}),
            "/identification/responsibleOperator/name",
        ),
    ] {
        let why = lost(format, &view, needed).unwrap();
        assert!(
            why.ends_with("no import takes the rest without it"),
            "{needed}: {why}"
        );
        let (format, _) = exchange::format(format).unwrap();
        let exported = export(
            format,
            format.variant(Category::Ev),
            &header(),
            view.as_object().unwrap(),
        );
        let guidance = catalogue().active_guidance();
        let back = import(format, &exported.document, Some(Category::Ev), guidance).unwrap();
        assert!(back.model.is_empty() && back.item.is_empty(), "{back:?}");
        assert!(
            back.losses.iter().all(|loss| loss.what != What::NotValid),
            "{:?}",
            back.losses
        );
        let missed = back
            .losses
            .iter()
            .find(|loss| loss.what == What::NotTaken)
            .unwrap();
        assert!(
            missed.reason.contains(&format!("does not tell `{needed}`")),
            "{missed:?}"
        );
    }
}
