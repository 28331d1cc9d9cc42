//! What a scan asks for, folded into one canonical request: the key of the edge's cache and of the static snapshot.
//!
//! `/<view>/<language>/<subject>[?label=<label>]`. The edge function folds in the same way (`vectors/requests.json` tests
//! both), so what reaches this function through it is canonical already; without an edge the carrier's own path is folded
//! here.

use std::fmt;

use axum::http::HeaderMap;
use identity::{DigitalLink, DigitalLinkError, Host, IdError, LabelId, UnitId};
use web::{Language, Problem, Site, best, language};

/// Longest path and query that are looked at.
const LONGEST: usize = 2_048;
/// Longest name of a link type.
const LONGEST_LINK_TYPE: usize = 64;
/// Where GS1 keeps its link types, with and without the host it moved to.
const VOCABULARIES: [&str; 4] = [
    "https://ref.gs1.org/voc/",
    "https://gs1.org/voc/",
    "http://ref.gs1.org/voc/",
    "http://gs1.org/voc/",
];
/// Link types that lead to where the carrier itself leads: the passport.
const THE_PASSPORT: [&str; 4] = [
    "gs1:dpp",
    "gs1:pip",
    "gs1:defaultLink",
    "gs1:defaultLinkMulti",
];
/// Link types that ask for the list of all links; `all` is that of resolvers before 1.0.
const EVERY_LINK: [&str; 2] = ["linkset", "all"];

/// A canonical request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) view: View,
    pub(crate) language: Language,
    pub(crate) subject: Named,
    pub(crate) label: Scanned,
    /// What is passed on where the answer leads elsewhere; only for [`View::Link`].
    pub(crate) query: String,
}

/// Which representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum View {
    /// A page.
    Html,
    /// The compressed form of EN 18223.
    Json,
    /// The same as JSON-LD.
    JsonLd,
    /// All links (RFC 9264).
    Linkset,
    /// The link of another type, by its compact name: `gs1:certificationInfo`.
    Link(String),
}

/// What the path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// A battery by its own id.
    Unit(UnitId),
    /// Whatever a GS1 key stands for.
    Gs1(DigitalLink),
}

/// What stands in the place of the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// Nothing.
    No,
    /// A label id.
    Label(LabelId),
    /// Something that no label id is. The unit is right all the same: it has check characters of its own.
    Unreadable,
}

/// A request that is not answered with a passport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The path names nothing that could be a battery.
    #[error("this is not a unit id: {0}")]
    Unit(#[from] IdError),
    /// The path begins as a GS1 Digital Link and is none.
    #[error("this is not a GS1 Digital Link: {0}")]
    Gs1(#[from] DigitalLinkError),
    /// The name of a link type has signs that none has.
    #[error("a `linkType` is a name such as `gs1:certificationInfo`, at most 64 characters long")]
    LinkType,
    /// Too long.
    #[error("the address is longer than any carrier's")]
    Length,
    /// Percent signs that encode nothing.
    #[error("the address is not percent-encoded as RFC 3986 §2.1 asks")]
    Encoding,
    /// No representation that is acceptable.
    #[error(
        "a scan is answered as text/html, application/json, application/ld+json or application/linkset+json"
    )]
    NotAcceptable,
    /// A canonical path with a part that no canonical path has.
    #[error("no such route: see /docs")]
    NoRoute,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            Refusal::NotAcceptable => Self::not_acceptable(sentence),
            Refusal::NoRoute => Self::not_found(sentence),
            _ => Self::malformed(sentence),
        }
    }
}

impl View {
    /// The views that a path can begin with.
    pub(crate) const NAMES: [&str; 5] = ["html", "json", "jsonld", "linkset", "link"];

    /// What `Accept` can choose; the first where it does not say.
    const OFFERED: [Self; 4] = [Self::Json, Self::Html, Self::JsonLd, Self::Linkset];

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::JsonLd => "jsonld",
            Self::Linkset => "linkset",
            Self::Link(_) => "link",
        }
    }

    pub(crate) const fn content_type(&self) -> &'static str {
        match self {
            Self::Html | Self::Link(_) => "text/html; charset=utf-8",
            view => view.media_type(),
        }
    }

    pub(crate) const fn media_type(&self) -> &'static str {
        match self {
            Self::Html | Self::Link(_) => "text/html",
            Self::Json => "application/json",
            Self::JsonLd => "application/ld+json",
            Self::Linkset => "application/linkset+json",
        }
    }

    /// Whether it depends on the reader's language.
    pub(crate) const fn is_spoken(&self) -> bool {
        matches!(self, Self::Html | Self::Link(_))
    }

    /// By `linkType`, else by `Accept`.
    fn asked(link_type: Option<&str>, headers: &HeaderMap) -> Result<Self, Refusal> {
        match link_type.map(compact).transpose()? {
            Some(name) if EVERY_LINK.contains(&name.as_str()) => Ok(Self::Linkset),
            Some(name) if !THE_PASSPORT.contains(&name.as_str()) => Ok(Self::Link(name)),
            _ => Self::accepted(headers).ok_or(Refusal::NotAcceptable),
        }
    }

    pub(crate) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let offered = Self::OFFERED.map(|view| view.media_type());
        let best = best(headers, &offered)?;
        let mut views = Self::OFFERED.into_iter();
        views.find(|view| view.media_type() == best)
    }
}

/// The compact name of a link type: `gs1:dpp` for `https://ref.gs1.org/voc/dpp`.
fn compact(link_type: &str) -> Result<String, Refusal> {
    let name = VOCABULARIES
        .iter()
        .find_map(|vocabulary| link_type.strip_prefix(vocabulary))
        .map_or_else(|| link_type.to_owned(), |name| format!("gs1:{name}"));
    let fits = |sign: char| sign.is_ascii_alphanumeric() || "-._:/".contains(sign);
    match (1..=LONGEST_LINK_TYPE).contains(&name.len()) && name.chars().all(fits) {
        true => Ok(name),
        false => Err(Refusal::LinkType),
    }
}

impl Request {
    /// Folds a request: a carrier's path or a canonical one, with its query and headers.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn fold(
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let query = query.unwrap_or_default();
        if path.len() + query.len() > LONGEST {
            return Err(Refusal::Length);
        }
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        match path.split_once('/') {
            Some((view, rest)) if View::NAMES.contains(&view) => Self::canonical(view, rest, query),
            _ => Self::carrier(path, query, headers),
        }
    }

    fn carrier(path: &str, query: &str, headers: &HeaderMap) -> Result<Self, Refusal> {
        let (subject, label) = named(path, query)?;
        let link_type = value(query, "linkType").transpose()?;
        let view = View::asked(link_type.as_deref(), headers)?;
        let language = match view.is_spoken() {
            true => language(Some(query), headers),
            false => Language::EN,
        };
        let (label, query) = match &view {
            View::Link(_) => (Scanned::No, without(query, "linkType")),
            _ => (label, String::new()),
        };
        Ok(Self {
            view,
            language,
            subject,
            label,
            query,
        })
    }

    fn canonical(view: &str, rest: &str, query: &str) -> Result<Self, Refusal> {
        let (code, path) = rest.split_once('/').ok_or(Refusal::NoRoute)?;
        let language = Language::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or(Refusal::NoRoute)?;
        let (subject, _) = named(path, "")?;
        if view == "link" {
            let link_type = value(query, "linkType").transpose()?;
            let name = compact(link_type.as_deref().ok_or(Refusal::LinkType)?)?;
            return Ok(Self {
                view: View::Link(name),
                language,
                subject,
                label: Scanned::No,
                query: without(query, "linkType"),
            });
        }
        let mut views = View::OFFERED.into_iter();
        Ok(Self {
            view: views
                .find(|offered| offered.name() == view)
                .ok_or(Refusal::NoRoute)?,
            language,
            subject,
            label: scanned(value(query, "label").transpose()?.as_deref()),
            query: String::new(),
        })
    }

    /// The path of the carrier; the label of a GS1 Digital Link is in its query.
    pub(crate) fn carrier_path(&self) -> String {
        match (&self.subject, self.label) {
            (Named::Unit(unit), Scanned::Label(label)) => format!("/{unit}/{label}"),
            (Named::Unit(unit), _) => format!("/{unit}"),
            (Named::Gs1(link), _) => format!("/{link}"),
        }
    }

    /// The address of what is asked for, without the label: its unique product identifier, or the GS1 Digital Link; at the
    /// operator's own host where it has one.
    pub(crate) fn subject_address(&self, site: &Site, own: Option<&Host>) -> String {
        format!("{}/{}", site.carrier_origin(own), self.subject)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => unit.fmt(f),
            Self::Gs1(link) => link.fmt(f),
        }
    }
}

impl fmt::Display for Request {
    /// The canonical path and query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}/", self.view.name(), self.language.code())?;
        write!(f, "{}", self.subject)?;
        match (&self.view, self.label) {
            (View::Link(name), _) if self.query.is_empty() => write!(f, "?linkType={name}"),
            (View::Link(name), _) => write!(f, "?linkType={name}&{}", self.query),
            (_, Scanned::No) => Ok(()),
            (_, Scanned::Label(label)) => write!(f, "?label={label}"),
            (_, Scanned::Unreadable) => f.write_str("?label=-"),
        }
    }
}

/// Whether a path is a canonical request's: it begins with a view.
pub(crate) fn is_canonical(path: &str) -> bool {
    let first = path.trim_start_matches('/').split_once('/');
    first.is_some_and(|(view, _)| View::NAMES.contains(&view))
}

/// Whether a query has data elements in it (IEC 61406-2 clause 5: parameters named `.` and a data identifier).
pub(crate) fn has_data_elements(query: &str) -> bool {
    query.starts_with('.')
}

/// The data identifiers (ANSI MH10.8.2) of a serial number: the supplier's own, and the globally unique one that ends in it.
const SERIAL_NUMBERS: [&str; 2] = [".S", ".25S"];

/// What a path without its first and last slash names.
fn named(path: &str, query: &str) -> Result<(Named, Scanned), Refusal> {
    let mut segments = path.split('/');
    match (segments.next(), segments.next(), segments.next()) {
        (Some("01" | "8004"), ..) => {
            let label = value(query, "91").transpose()?;
            let link = match path.ends_with('/') {
                // One slash is tolerated, and gone already.
                true => return Err(DigitalLinkError::Missing("the last segment").into()),
                false => DigitalLink::parse(path)?,
            };
            Ok((Named::Gs1(link), scanned(label.as_deref())))
        }
        (Some(""), None, None) => {
            let mut serials = SERIAL_NUMBERS.iter().filter_map(|name| value(query, name));
            let serial = serials.next().ok_or(Refusal::NoRoute)??;
            let start = serial.len().saturating_sub(UnitId::LENGTH);
            let end = serial.get(start..).unwrap_or(&serial);
            Ok((Named::Unit(UnitId::parse(end)?), Scanned::No))
        }
        (Some(unit), label, None) => {
            let unit = UnitId::parse(&decoded(unit)?)?;
            let label = label.map(decoded).transpose()?;
            Ok((Named::Unit(unit), scanned(label.as_deref())))
        }
        _ => Err(Refusal::NoRoute),
    }
}

fn scanned(text: Option<&str>) -> Scanned {
    match text {
        None | Some("") => Scanned::No,
        Some(text) => LabelId::parse(text).map_or(Scanned::Unreadable, Scanned::Label),
    }
}

/// The first value of a parameter, decoded.
fn value(query: &str, name: &str) -> Option<Result<String, Refusal>> {
    let mut pairs = query.split('&');
    pairs.find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| decoded(value))
    })
}

/// The query without a parameter, in its order.
fn without(query: &str, name: &str) -> String {
    let pairs = query.split('&').filter(|pair| {
        let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
        !pair.is_empty() && key != name
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn decoded(text: &str) -> Result<String, Refusal> {
    identity::percent_decoded(text).ok_or(Refusal::Encoding)
}

#[cfg(test)]
mod tests {
    use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        name: String,
        path: String,
        #[serde(default)]
        query: String,
        accept: Option<String>,
        accept_language: Option<String>,
        expect: Expected,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "camelCase")]
    enum Expected {
        Canonical(String),
        Status(u16),
    }

    fn headers(vector: &Vector) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (ACCEPT, &vector.accept),
            (ACCEPT_LANGUAGE, &vector.accept_language),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        headers
    }

    #[test]
    fn requests_are_folded_as_the_vectors_say() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../vectors/requests.json")).unwrap();
        for vector in &vectors {
            let query = Some(vector.query.as_str()).filter(|query| !query.is_empty());
            let found = match Request::fold(&vector.path, query, &headers(vector)) {
                Ok(request) => Expected::Canonical(request.to_string()),
                Err(refusal) => Expected::Status(Problem::from(refusal).status().as_u16()),
            };
            assert_eq!(found, vector.expect, "{}", vector.name);
        }
    }

    proptest! {
        #[test]
        fn what_is_canonical_is_folded_to_itself(path in "/[0-9A-Za-z/%.-]{0,60}", query in "[a-zA-Z0-9:=&%.]{0,40}") {
            let first = Request::fold(&path, Some(&query), &HeaderMap::new());
            if let Ok(request) = first {
                let text = request.to_string();
                let (path, query) = text.split_once('?').map_or((text.as_str(), None), |(path, query)| (path, Some(query)));
                prop_assert_eq!(Request::fold(path, query, &HeaderMap::new()).unwrap(), request);
            }
        }

        #[test]
        fn no_request_panics(path: String, query: String) {
            let _ = Request::fold(&path, Some(&query), &HeaderMap::new());
        }
    }
}
