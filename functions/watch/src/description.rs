//! Whether it is this platform's resolver that answers at a host: by its own description (GS1-Conformant Resolver 1.2.1 §5).
//!
//! Whoever has the name can copy that, or lead it to us: then certificate, name servers and registrar tell, not this.

use http::StatusCode;
use passport::{Limits, parse_json};
use serde_json::Value;

use crate::network::Got;
use crate::seen::Answer;

/// Where it stands.
pub(crate) const PATH: &str = "/.well-known/gs1resolver";
/// What it is called (`functions/resolver/src/description.rs`).
const NAME: &str = "Battery passport resolver";
/// It is some 600 bytes.
pub(crate) const LIMIT: usize = 16 << 10;

/// Who answered at a host, where the platform's own is `own`.
pub(crate) fn recognised(got: &Got, host: &str, own: &str) -> Answer {
    match got.status {
        StatusCode::OK => {}
        status if status.is_redirection() => {
            let place = got.location.as_deref().unwrap_or("nowhere");
            return Answer::Foreign(format!("{status} to {place}"));
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Answer::None(status.to_string());
        }
        status => return Answer::Foreign(status.to_string()),
    }
    let limits = Limits {
        bytes: LIMIT,
        ..Limits::default()
    };
    let Ok(description) = parse_json(&got.body, &limits) else {
        return Answer::Foreign("something that is no resolver description".to_owned());
    };
    let text = |name: &str| {
        description
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if text("name") != NAME {
        return Answer::Foreign(format!("the description of `{}`", text("name")));
    }
    let root = text("resolverRoot");
    match [host, own]
        .iter()
        .any(|host| root == format!("https://{host}"))
    {
        true => Answer::Ours,
        false => Answer::Foreign(format!("a resolver description with the root `{root}`")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: u16, location: Option<&str>, body: &str) -> Answer {
        let got = Got {
            status: StatusCode::from_u16(status).unwrap(),
            location: location.map(str::to_owned),
            body: body.into(),
        };
        recognised(&got, "dpp.maker.example", "id.platform.example")
    }

    #[test]
    fn only_this_platforms_description_counts() {
        let description =
            |name: &str, root: &str| json!({"name": name, "resolverRoot": root}).to_string();
        for root in ["https://dpp.maker.example", "https://id.platform.example"] {
            assert_eq!(told(200, None, &description(NAME, root)), Answer::Ours);
        }
        let foreign = [
            told(
                200,
                None,
                &description(NAME, "https://dpp.maker.example.evil.example"),
            ),
            told(
                200,
                None,
                &description("Another", "https://dpp.maker.example"),
            ),
            told(200, None, "<html>buy this domain</html>"),
            told(200, None, "[]"),
            told(301, Some("https://parking.example/"), ""),
            told(404, None, ""),
        ];
        for answer in foreign {
            assert!(matches!(answer, Answer::Foreign(_)), "{answer:?}");
        }
        for status in [429, 500, 503] {
            assert!(matches!(told(status, None, ""), Answer::None(_)));
        }
    }
}
