//! Where somebody goes on after signing in or out: a place of this platform, written anew, never what was sent.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::Language;

/// A page that shows more to whoever has rights to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    /// A passport's.
    Passport(Uuid, Option<Language>),
    /// A piece of evidence.
    Evidence(Uuid),
    /// Where a battery is looked for.
    Start,
}

/// The parameter that names it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Return {
    #[serde(rename = "return")]
    pub(crate) to: Option<String>,
}

impl Back {
    /// What a `return` names; `None` for everything else. The start where there is none.
    pub(crate) fn of(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else {
            return Some(Self::Start);
        };
        if text == "/" {
            return Some(Self::Start);
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let language = match query {
            Some(query) => Some(Language::of(query.strip_prefix("lang=")?)?),
            None => None,
        };
        let id = |text: &str| {
            let is_plain = text.len() == 36;
            Uuid::try_parse(text).ok().filter(|_| is_plain)
        };
        if let Some(evidence) = path.strip_prefix("/v1/evidence/") {
            return id(evidence).map(Self::Evidence);
        }
        Some(Self::Passport(
            id(path.strip_prefix("/v1/dpps/")?)?,
            language,
        ))
    }

    /// Its path on this platform.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Passport(id, None) => format!("/v1/dpps/{id}"),
            Self::Passport(id, Some(language)) => format!("/v1/dpps/{id}?lang={}", language.code()),
            Self::Evidence(id) => format!("/v1/evidence/{id}"),
            Self::Start => "/".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPORT: &str = "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427";

    #[test]
    fn a_page_of_this_platform_is_gone_back_to() {
        let german = format!("{PASSPORT}?lang=de");
        for path in [
            PASSPORT,
            &german,
            "/",
            "/v1/evidence/1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        ] {
            assert_eq!(Back::of(Some(path)).map(Back::path).as_deref(), Some(path));
        }
        assert_eq!(Back::of(None), Some(Back::Start));
    }

    #[test]
    fn nobody_is_led_elsewhere() {
        for path in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/v1/dpps/",
            "/v1/dpps/../../evil",
            "/v1/dpps//evil.example",
            "v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427",
            "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427/events",
            "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427?lang=xx",
            "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427?lang=de&x=//evil.example",
            "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427#//evil.example",
            "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427\r\nset-cookie: a=b",
            "/v1/dpps/{1b4e28ba-2fa1-41d2-883f-0016d3cca427}",
            "/v1/sign-in",
            "",
        ] {
            assert_eq!(Back::of(Some(path)), None, "{path}");
        }
    }
}
