//! Unit ids cannot be walked: whatever is asked about an id that was never given out, the answer is the same, wherever it lies.

use identity::UnitId;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tests::{Answer, Stage};

const LETTERS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Every valid id that differs from this one in one of its random characters.
fn neighbours(unit: &str) -> Vec<String> {
    let mut found = Vec::new();
    for place in 0..18 {
        for letter in LETTERS {
            let mut text = unit.as_bytes()[..18].to_vec();
            text[place] = *letter;
            let stem = String::from_utf8(text).unwrap();
            // The check characters that belong to it: two that cannot be read are put right.
            let reading = identity::Reading::of(&format!("{stem}??"));
            found.extend(reading.suggestions.into_iter().filter(|one| one != unit));
        }
    }
    found
}

/// What of an answer could tell one unknown id from another.
fn told(answer: &Answer, asked: &str) -> (u16, Vec<(String, String)>, String) {
    let same = ["date"];
    let headers = |headers: &HeaderMap| {
        let mut all: Vec<(String, String)> = headers
            .iter()
            .filter(|(name, _)| !same.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().replace(asked, "")))
            .collect();
        all.sort();
        all
    };
    let body = match serde_json::from_str::<Value>(&answer.text) {
        Ok(mut body) => {
            // The correlation id of a problem is random.
            if body.get("message").is_some() {
                body["message"] = json!(null);
            }
            body.to_string()
        }
        Err(_) => answer.text.clone(),
    };
    let grouped = UnitId::parse(asked).unwrap().grouped();
    let body = body.replace(asked, "").replace(&grouped, "");
    (answer.status, headers(&answer.headers), body)
}

#[tokio::test]
async fn an_unknown_id_tells_nothing_of_its_neighbourhood() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let far = [
        "32XZAJ4P21M1MZ0N3RQA".to_owned(),
        UnitId::from_random([0; 18]).to_string(),
        UnitId::from_random([255; 18]).to_string(),
    ];
    let near = neighbours(&battery.unit);
    assert_eq!(near.len(), 18 * 31);
    // One of each place is asked about; all of them would ask the same question.
    let near = near.into_iter().step_by(31);
    let partner = stage.partner("service-provider", "garage-nord");
    let ids: Vec<String> = far.into_iter().chain(near).collect();
    type Ask = (&'static str, &'static str);
    let questions: [Ask; 6] = [
        ("/{id}", "application/json"),
        ("/{id}/8V4K2M0XQ7", "application/json"),
        ("/{id}?lang=en", "text/html"),
        ("/v1/identifiers/{id}", "application/json"),
        ("/v1/units/{id}", "application/json"),
        ("/v1/units/{id}/events", "application/json"),
    ];
    for (path, accept) in questions {
        let mut first = None;
        for id in &ids {
            let path = path.replace("{id}", id);
            let headers = [("accept", accept)];
            let answer = match path.starts_with("/v1/units") {
                true => partner.call("GET", &path, &headers, None).await,
                false => stage.public().call("GET", &path, &headers, None).await,
            };
            let told = told(&answer, id);
            match &first {
                None => first = Some(told),
                Some(first) => assert_eq!(&told, first, "{path}"),
            }
        }
    }
}

/// A correction is one id and no list: an unreadable character is put right, or nothing is offered.
#[tokio::test]
async fn a_mistyped_id_is_answered_with_one_suggestion_at_most() {
    let stage = Stage::start().await;
    let battery = stage.seeded().await.batteries[0].clone();
    let unit = battery.unit.as_str();
    for (typed, offered) in [
        (format!("{}?", &unit[..19]), 1),
        (format!("?{}?", &unit[1..19]), 1),
        (format!("???{}", &unit[3..]), 0),
        (format!("{}???", &unit[..17]), 0),
        (unit[..12].to_owned(), 0),
    ] {
        let path = format!("/v1/identifiers/{}", typed.replace('?', "%3F"));
        let reading = stage.public().get(&path).await.expect(200).json();
        let suggestions = reading["suggestions"].as_array().unwrap();
        assert_eq!(suggestions.len(), offered, "{typed}: {reading}");
        assert_eq!(reading["exists"], json!(null), "{typed}");
        for suggestion in suggestions {
            assert_eq!(suggestion, &json!({"canonical": unit, "exists": true}));
        }
    }
}
