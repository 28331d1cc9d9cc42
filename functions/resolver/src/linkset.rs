//! The links of a battery: all of them (RFC 9264), or the one that was asked for.

use std::sync::LazyLock;

use ::page::{headline, sections, texts};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use passport::{Attribute, Composed, catalogue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use web::{Language, Problem, Site};

use crate::answer::{self, Document};
use crate::page;
use crate::request::{Named, Request, View};
use crate::scan::Found;

/// Where GS1 keeps its link types (GS1-Conformant Resolver 1.2.1 §3.3).
pub(crate) const VOCABULARY: &str = "https://ref.gs1.org/voc/";
const COMPACT: &str = "gs1:";
/// Where the JSON-LD context of linksets is.
pub(crate) const CONTEXT: &str = "/linkset.jsonld";
/// What no header may hold as it is.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One link of a battery.
#[derive(Debug, Clone)]
struct Link {
    /// Compact: `gs1:dpp`.
    link_type: String,
    href: String,
    title: String,
    media_type: Option<String>,
    /// Every language the target comes in; empty where that is not known.
    languages: Vec<&'static str>,
    /// The attribute that says it, where it is a document.
    attribute: Option<&'static Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    link: Vec<Entry>,
}

/// Where a type of link leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "type")]
    link_type: String,
    /// Attributes that are documents or addresses.
    #[serde(default)]
    documents: Vec<String>,
    /// A section of the page's summary.
    section: Option<String>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(load);

#[allow(
    clippy::panic,
    reason = "the file is part of the program, and a test loads it"
)]
fn load() -> Vec<Entry> {
    let file: File = toml::from_str(include_str!("../links.toml"))
        .unwrap_or_else(|error| panic!("the links of a battery: {error}"));
    file.link
}

/// Every type of link a battery can have, compact.
pub(crate) fn link_types() -> impl Iterator<Item = &'static str> {
    ["gs1:defaultLink", "gs1:dpp"]
        .into_iter()
        .chain(ENTRIES.iter().map(|entry| entry.link_type.as_str()))
}

/// The linkset: a context object for each level that the request names and that is known, from the item up to the model. A link
/// that a level above says by itself stands there (GS1-Conformant Resolver 1.2.1, walking up the tree).
pub(crate) fn document(site: &Site, found: &Found, request: &Request) -> Value {
    let description = description(found, request.language);
    let host = found.carrier_host.as_ref();
    let own = request.subject_address(site, host);
    let mut links = links(site, found, request);
    let mut above = Vec::new();
    if let Named::Gs1(key) = &request.subject {
        for level in key.levels().iter().skip(1).rev() {
            if let Some(document) = found.document_of(level) {
                let theirs = |link: &mut Link| link.is_of(document);
                let theirs: Vec<Link> = links.extract_if(.., theirs).collect();
                let anchor = format!("{}/{level}", site.carrier_origin(host));
                above.push(context_object(&anchor, &description, &theirs));
            }
        }
    }
    let mut described = vec![context_object(&own, &description, &links)];
    described.extend(above.into_iter().rev());
    json!({"linkset": described})
}

/// What the anchor is, for a person.
fn description(found: &Found, language: Language) -> String {
    let document = found.document();
    let name = headline(&document).unwrap_or(&texts(language).title);
    match found.unit {
        Some(unit) => format!("{name}, {unit}"),
        None => name.to_owned(),
    }
}

fn context_object(anchor: &str, description: &str, links: &[Link]) -> Value {
    let mut object = Map::new();
    object.insert("anchor".to_owned(), anchor.into());
    object.insert("itemDescription".to_owned(), description.into());
    // Exactly one, with nothing but target and title.
    let default = json!([{"href": anchor, "title": description}]);
    object.insert(format!("{VOCABULARY}defaultLink"), default);
    for link in links {
        let relation = link.link_type.replacen(COMPACT, VOCABULARY, 1);
        let targets = object.entry(relation).or_insert_with(|| json!([]));
        if let Some(targets) = targets.as_array_mut() {
            targets.push(link.target());
        }
    }
    object.into()
}

impl Link {
    /// Whether its document is one of these values.
    fn is_of(&self, document: &Document) -> bool {
        let attribute = self
            .attribute
            .and_then(|attribute| attribute.value_in(document));
        attribute.is_some_and(|value| value.to_string().contains(&self.href))
    }

    fn target(&self) -> Value {
        let mut target = json!({"href": self.href, "title": self.title});
        if let Some(target) = target.as_object_mut() {
            if let Some(media_type) = &self.media_type {
                target.insert("type".to_owned(), media_type.as_str().into());
            }
            if !self.languages.is_empty() {
                target.insert("hreflang".to_owned(), json!(self.languages));
            }
        }
        target
    }
}

/// Every link but the default one. Where there is no passport to show there is nothing else to lead to.
fn links(site: &Site, found: &Found, request: &Request) -> Vec<Link> {
    let document = &found.document();
    if document.is_empty() {
        return Vec::new();
    }
    let own = request.subject_address(site, found.carrier_host.as_ref());
    let texts = texts(request.language);
    let views = [View::Html, View::Json, View::JsonLd].map(|view| Link {
        link_type: "gs1:dpp".to_owned(),
        href: own.clone(),
        title: texts.title.clone(),
        media_type: Some(view.media_type().to_owned()),
        languages: match view {
            View::Html => Language::ALL
                .iter()
                .map(|language| language.code())
                .collect(),
            _ => Vec::new(),
        },
        attribute: None,
    });
    let further = ENTRIES.iter().flat_map(|entry| {
        let mut links: Vec<Link> = entry
            .documents
            .iter()
            .filter_map(|pointer| catalogue().by_pointer(pointer))
            .flat_map(|attribute| {
                let documents = documents(attribute, document, request.language);
                documents.into_iter().map(|(href, title, media_type)| Link {
                    link_type: entry.link_type.clone(),
                    href,
                    title,
                    media_type,
                    languages: Vec::new(),
                    attribute: Some(attribute),
                })
            })
            .collect();
        links.extend(
            entry
                .section(&own, document, request.language)
                .filter(|_| links.is_empty()),
        );
        links
    });
    views.into_iter().chain(further).collect()
}

impl Entry {
    /// The section of the page that says it, where the document has anything for it.
    fn section(&self, own: &str, document: &Composed<'_>, language: Language) -> Option<Link> {
        let title = self.section.as_deref()?;
        let mut sections = sections().iter();
        sections.find(|section| section.title == title && !section.present(document).is_empty())?;
        Some(Link {
            link_type: self.link_type.clone(),
            href: format!("{own}#{title}"),
            title: texts(language).summary.get(title)?.clone(),
            media_type: Some(View::Html.media_type().to_owned()),
            languages: Language::ALL
                .iter()
                .map(|language| language.code())
                .collect(),
            attribute: None,
        })
    }
}

/// Addresses in the value of an attribute: with title and media type.
fn documents(
    attribute: &Attribute,
    document: &Composed<'_>,
    language: Language,
) -> Vec<(String, String, Option<String>)> {
    let Some(value) = document.get(&attribute.group, &attribute.id) else {
        return Vec::new();
    };
    let values = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    values
        .iter()
        .filter_map(|value| match value {
            Value::String(href) => {
                let title = attribute.label.get(language.code());
                Some((href.clone(), title.to_owned(), None))
            }
            value => Some((
                text(value, "url")?,
                text(value, "title")?,
                text(value, "mediaType"),
            )),
        })
        .collect()
}

/// Leads to the one link of a type, lists several, or says that there is none (GS1-Conformant Resolver 1.2.1 §4.6).
pub(crate) fn follow(site: &Site, found: &Found, name: &str, request: &Request) -> Response {
    let links: Vec<Link> = links(site, found, request)
        .into_iter()
        .filter(|link| link.link_type == name)
        .collect();
    match links.as_slice() {
        [] => {
            let known: Vec<&str> = link_types().collect();
            let problem = Problem::not_found(format!(
                "this battery has no link of the type `{name}`; a battery can have {}",
                known.join(", ")
            ));
            answer::problem(&problem, &request.into(), name)
        }
        [link] => {
            let place = passed_on(&link.href, &request.query);
            let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(header::LOCATION, place);
            }
            response
        }
        several => {
            let listed: Vec<(String, &str)> = several
                .iter()
                .map(|link| (passed_on(&link.href, &request.query), link.title.as_str()))
                .collect();
            let page = page::choice(&listed, request.language);
            let content_type = [(header::CONTENT_TYPE, View::Html.content_type())];
            (
                StatusCode::MULTIPLE_CHOICES,
                content_type,
                page.into_string(),
            )
                .into_response()
        }
    }
}

/// The target with the request's own parameters, all of them.
pub(crate) fn passed_on(href: &str, query: &str) -> String {
    let (address, fragment) = match href.split_once('#') {
        Some((address, fragment)) => (address, format!("#{fragment}")),
        None => (href, String::new()),
    };
    let place = match query {
        "" => format!("{address}{fragment}"),
        query => {
            let sign = if address.contains('?') { '&' } else { '?' };
            format!("{address}{sign}{query}{fragment}")
        }
    };
    utf8_percent_encode(&place, ENCODED).to_string()
}

/// The linkset, or what turns it into JSON-LD, and what operators signed of the passport, in `Link` (RFC 8288).
pub(crate) fn announce(
    site: &Site,
    address: &str,
    passport: Option<Uuid>,
    request: &Request,
    headers: &mut HeaderMap,
) {
    let origin = site.origin();
    let link = match request.view {
        View::Linkset => format!(
            "<{origin}{CONTEXT}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\""
        ),
        _ => format!(
            "<{address}?linkType=linkset>; rel=\"linkset\"; type=\"application/linkset+json\""
        ),
    };
    let signed = passport.map(|passport| site.signatures_link(passport));
    let links: Vec<String> = [link].into_iter().chain(signed).collect();
    if let Ok(links) = links.join(", ").parse() {
        headers.insert(header::LINK, links);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_public_attributes_or_a_section_of_the_page() {
        for entry in &*ENTRIES {
            assert!(entry.link_type.starts_with(COMPACT), "{}", entry.link_type);
            for pointer in &entry.documents {
                let attribute = catalogue().by_pointer(pointer);
                let public =
                    attribute.is_some_and(|attribute| attribute.class == passport::Class::Public);
                assert!(public, "{pointer}");
            }
            if let Some(section) = &entry.section {
                assert!(
                    sections().iter().any(|known| known.title == *section),
                    "{section}"
                );
            }
        }
    }

    #[test]
    fn the_query_is_passed_on_before_the_fragment() {
        for (href, query, place) in [
            ("https://a.example/b", "", "https://a.example/b"),
            (
                "https://a.example/b",
                "x=1&y=2",
                "https://a.example/b?x=1&y=2",
            ),
            (
                "https://a.example/b?c=d#e",
                "x=1",
                "https://a.example/b?c=d&x=1#e",
            ),
            ("https://a.example/ü", "", "https://a.example/%C3%BC"),
        ] {
            assert_eq!(passed_on(href, query), place);
        }
    }
}
