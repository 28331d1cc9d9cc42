//! What is published of a battery for the time when nothing else answers: every view as a scan without a label sees it, with
//! what became of each label, since a copy cannot know which one is scanned, and the time when it was so.

use std::sync::Arc;

use identity::{Alias, DigitalLink, UnitId};
use ledger::{Sha256, Timestamp};
use maud::{DOCTYPE, html};
use serde_json::json;
use storage::{Custody, Facts, Subject};
use web::{Language, Problem};

use crate::Resolver;
use crate::answer;
use crate::data;
use crate::lookup::{self, Answered};
use crate::request::{Named, Request, Scanned, View};
use crate::scan::Found;

/// What something is published as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Named);

/// That an answer is a copy.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    /// When it was so.
    pub(crate) as_of: Timestamp,
    /// The languages there are copies in.
    pub(crate) languages: Arc<[Language]>,
}

/// What is public under a name now.
pub struct Snapshot {
    resolver: Resolver,
    name: Name,
    languages: Arc<[Language]>,
    answered: Answered,
}

/// One view of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Its canonical path without the first slash.
    pub key: String,
    /// The status that the resolver answers with.
    pub status: u16,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Content-Language`.
    pub language: &'static str,
    /// `Location`, where custody moved.
    pub location: Option<String>,
    /// `Link` to what operators signed of it.
    pub link: Option<String>,
    /// The body.
    pub body: String,
}

impl Name {
    /// Where its copies are, in the order they are made in: what stands last there tells that the others stand too.
    #[must_use]
    pub fn keys(&self, languages: &[Language]) -> Vec<String> {
        self.requests(languages).iter().map(key).collect()
    }

    fn requests(&self, languages: &[Language]) -> Vec<Request> {
        let pages = languages.iter().map(|language| (View::Html, *language));
        let data = [View::JsonLd, View::Linkset, View::Json].map(|view| (view, Language::EN));
        pages
            .chain(data)
            .map(|(view, language)| self.request(view, language))
            .collect()
    }

    fn request(&self, view: View, language: Language) -> Request {
        Request {
            view,
            language,
            subject: self.0.clone(),
            label: Scanned::No,
            query: String::new(),
        }
    }
}

fn key(request: &Request) -> String {
    request.to_string().trim_start_matches('/').to_owned()
}

impl Resolver {
    /// What a battery is published as: its id, the GTINs of its model with it, and the GS1 keys that were linked with it. None
    /// where there is no such battery.
    ///
    /// # Errors
    /// 503 where the store does not answer.
    pub async fn names(&self, unit: UnitId) -> Result<Vec<Name>, Problem> {
        let Some(scan) = self.store.scan(unit).await? else {
            return Ok(Vec::new());
        };
        let mut names = vec![Name(Named::Unit(unit))];
        if let Facts::Unit { model, .. } = scan.head.facts {
            let shared = self.store.shared(&[Subject::Model(model)]).await?;
            let gtins = shared.iter().filter_map(|(_, model)| match &model.facts {
                Facts::Model { gtins, .. } => Some(gtins),
                _ => None,
            });
            let keys = gtins.flatten().map(|gtin| format!("01/{gtin}/21/{unit}"));
            let keys = keys.filter_map(|key| DigitalLink::parse(&key).ok());
            names.extend(keys.map(|link| Name(Named::Gs1(link))));
        }
        for linked in self.store.aliases(&Subject::Unit(unit)).await? {
            if let Ok(Alias::Gs1(link)) = Alias::parse(&linked.alias) {
                names.push(Name(Named::Gs1(link)));
            }
        }
        Ok(names)
    }

    /// What is public under a name now; `None` where nothing is.
    ///
    /// # Errors
    /// 503 where the store does not answer.
    pub async fn snapshot(
        &self,
        name: &Name,
        languages: &Arc<[Language]>,
    ) -> Result<Option<Snapshot>, Problem> {
        let request = name.request(View::Json, Language::EN);
        match lookup::find(self, &request).await {
            Ok(answered) => Ok(Some(Snapshot {
                resolver: self.clone(),
                name: name.clone(),
                languages: Arc::clone(languages),
                answered,
            })),
            Err(problem) if problem.status() == axum::http::StatusCode::NOT_FOUND => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

impl Snapshot {
    /// The same as long as the notices say the same: what a reader has to be told at once when it changes.
    #[must_use]
    pub fn state(&self) -> Sha256 {
        let state = match &self.answered {
            Answered::Here(found) => data::state(found),
            Answered::Elsewhere(custody) => json!({"custody": custody.resolver}),
        };
        Sha256::of(state.to_string().as_bytes())
    }

    /// What an invalidation names it by; under its other names a battery carries the same tag.
    #[must_use]
    pub fn tag(&self) -> Option<String> {
        match &self.name.0 {
            Named::Unit(unit) => Some(format!("unit:{unit}")),
            Named::Gs1(_) => None,
        }
    }

    /// Every view, in the order of [`Name::keys`].
    pub fn renderings(&mut self, as_of: Timestamp) -> Vec<Rendering> {
        let requests = self.name.requests(&self.languages);
        match &mut self.answered {
            Answered::Here(found) => {
                found.copied = Some(Copied {
                    as_of,
                    languages: Arc::clone(&self.languages),
                });
                let found = &**found;
                requests
                    .iter()
                    .map(|request| here(&self.resolver, found, request))
                    .collect()
            }
            Answered::Elsewhere(custody) => requests
                .iter()
                .map(|request| elsewhere(custody, request))
                .collect(),
        }
    }
}

fn here(resolver: &Resolver, found: &Found, request: &Request) -> Rendering {
    let (status, body) = answer::view(resolver, found, request);
    Rendering {
        key: key(request),
        status: status.as_u16(),
        media_type: request.view.content_type(),
        language: request.language.code(),
        location: None,
        link: found
            .shown_passport()
            .map(|passport| resolver.site.signatures_link(passport.passport)),
        body,
    }
}

/// The way to whoever has custody, also for those who are not led there by status and header.
fn elsewhere(custody: &Custody, request: &Request) -> Rendering {
    let place = format!("{}{}", custody.resolver, request.carrier_path());
    let body = match request.view {
        View::Html => html! {
            (DOCTYPE)
            html lang=(request.language.code()) {
                head {
                    meta charset="utf-8";
                    meta http-equiv="refresh" content={ "0; url=" (place) };
                    title { (custody.resolver) }
                }
                body { a href=(place) rel="noreferrer" { (place) } }
            }
        }
        .into_string(),
        _ => json!({"location": place}).to_string(),
    };
    Rendering {
        key: key(request),
        status: 307,
        media_type: request.view.content_type(),
        language: request.language.code(),
        location: Some(place),
        link: None,
        body,
    }
}
