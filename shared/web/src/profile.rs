//! Profiles (RFC 6906): the format within a media type, as `application/json; profile="https://…"` names it.

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};

use crate::{Body, Problem, Site};

/// What `Accept` asks for: a media type and, within it, a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// `type/subtype`, or a range of them.
    pub media_type: String,
    /// The profile's URI.
    pub profile: Option<String>,
}

impl Site {
    /// The URI of a format of this platform. It leads to the format's description.
    #[must_use]
    pub fn profile(&self, format: &str) -> String {
        format!("{}/docs/formats#{format}", self.origin())
    }

    /// The format that a profile of this platform names.
    #[must_use]
    pub fn format_of<'p>(&self, profile: &'p str) -> Option<&'p str> {
        profile.strip_prefix(self.profile("").as_str())
    }
}

/// Everything that `Accept` would take, best first.
#[must_use]
pub fn wanted(headers: &HeaderMap) -> Vec<Wanted> {
    const MOST: usize = 32;
    let mut wanted: Vec<(Wanted, f32)> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(members)
        .take(MOST)
        .filter_map(|member| {
            let (media_type, parameters) = parsed(member)?;
            let value = |name: &str| {
                let mut parameters = parameters.iter();
                parameters.find_map(|(key, value)| (key == name).then(|| value.clone()))
            };
            let weight = value("q").map_or(Some(1.0), |q| q.parse().ok())?;
            let profile = value("profile");
            Some((
                Wanted {
                    media_type,
                    profile,
                },
                weight,
            ))
        })
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    wanted.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    wanted.into_iter().map(|(wanted, _)| wanted).collect()
}

/// A form of a body that is not the platform's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// JSON in the format that a profile names, by its URI.
    Profile(String),
    /// `application/ld+json`.
    JsonLd,
}

/// A JSON object in the platform's own form or, where `Content-Type` says so, in another.
#[derive(Debug)]
pub struct Profiled {
    /// The object.
    pub body: Body,
    /// The form, where it is not the platform's own.
    pub foreign: Option<Foreign>,
}

impl<S: Send + Sync> FromRequest<S> for Profiled {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        let foreign = foreign_of(request.headers());
        if foreign.is_some() {
            // The rest of the way it is JSON like any other.
            let media_type = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, media_type);
        }
        let body = Body::from_request(request, state).await?;
        Ok(Self { body, foreign })
    }
}

fn foreign_of(headers: &HeaderMap) -> Option<Foreign> {
    let (media_type, _) = parsed(headers.get(CONTENT_TYPE)?.to_str().ok()?)?;
    match media_type.as_str() {
        "application/ld+json" => Some(Foreign::JsonLd),
        _ => profile_of(headers).map(Foreign::Profile),
    }
}

/// The profile that `application/json` is said to have.
pub(crate) fn profile_of(headers: &HeaderMap) -> Option<String> {
    let (media_type, parameters) = parsed(headers.get(CONTENT_TYPE)?.to_str().ok()?)?;
    let mut parameters = parameters.into_iter();
    let profile = parameters.find_map(|(key, value)| (key == "profile").then_some(value));
    profile.filter(|_| media_type == "application/json")
}

/// The members of a list header; a comma in quotes separates nothing.
fn members(list: &str) -> impl Iterator<Item = &str> {
    split(list, ',')
}

fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        if character == '"' {
            quoted = !quoted;
        }
        character == separator && !quoted
    })
    .map(str::trim)
}

/// A media type with its parameters, names in lower case.
fn parsed(member: &str) -> Option<(String, Vec<(String, String)>)> {
    let mut parts = split(member, ';');
    let media_type = parts.next().filter(|text| !text.is_empty())?;
    let parameters = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        Some((name.trim().to_ascii_lowercase(), value.to_owned()))
    });
    Some((media_type.to_ascii_lowercase(), parameters.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Vec<(String, Option<String>)> {
        let headers = HeaderMap::from_iter([(ACCEPT, value.parse().unwrap())]);
        let wanted = wanted(&headers).into_iter();
        wanted.map(|one| (one.media_type, one.profile)).collect()
    }

    fn pair(media_type: &str, profile: Option<&str>) -> (String, Option<String>) {
        (media_type.to_owned(), profile.map(str::to_owned))
    }

    #[test]
    fn a_profile_is_read_with_its_media_type() {
        assert_eq!(
            accept(r#"text/html;q=0.2, application/json; profile="https://a.example/x,y;z""#),
            [
                pair("application/json", Some("https://a.example/x,y;z")),
                pair("text/html", None)
            ]
        );
        assert_eq!(accept("application/json;q=0"), []);
    }

    #[test]
    fn only_json_has_a_profile_here() {
        let foreign = |value: &str| {
            foreign_of(&HeaderMap::from_iter([(
                CONTENT_TYPE,
                value.parse().unwrap(),
            )]))
        };
        assert_eq!(
            foreign("Application/JSON; Profile=\"https://a.example/x\""),
            Some(Foreign::Profile("https://a.example/x".to_owned()))
        );
        assert_eq!(foreign("application/json"), None);
        assert_eq!(foreign("text/plain; profile=x"), None);
        assert_eq!(
            foreign("application/ld+json; profile=\"http://www.w3.org/ns/json-ld#compacted\""),
            Some(Foreign::JsonLd)
        );
    }
}
