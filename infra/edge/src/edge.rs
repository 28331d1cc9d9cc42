//! The edge: function, limit, cache, origin.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{Either, Full};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use storage::Store;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use web::Problem;

use crate::entry::{Body, Entry, From};
use crate::folds::{Fold, Folds};
use crate::limit::{Asker, Limit, is_alias, is_missed};
use crate::origin::Origin;
use crate::tags::{Moment, Tags};
use crate::{Engine, Folded, Switches, engine, is_scan};

/// What the cache may hold, in bytes.
const CACHE: u64 = 64 << 20;
/// About how many answers that is.
const ANSWERS: usize = 8_000;

/// Everything in front of the platform. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Edge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    platform: Router,
    origin: Origin,
    switches: Switches,
    folds: Folds,
    cache: Cache<Arc<str>, Arc<Entry>, Size>,
    tags: Tags,
    flights: Mutex<HashMap<Arc<str>, Arc<Flight>>>,
    limit: Option<Limit>,
}

/// A request to the origin that is under way, for everybody who wants its answer.
#[derive(Debug)]
struct Flight {
    began: Moment,
    answer: OnceCell<Arc<Entry>>,
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Arc<str>, Arc<Entry>> for Size {
    fn weight(&self, key: &Arc<str>, entry: &Arc<Entry>) -> u64 {
        u64::try_from(key.len() + entry.size()).unwrap_or(u64::MAX)
    }
}

thread_local! {
    /// The function, once per thread that serves.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

impl Edge {
    /// An edge before a platform. `platform` answers everything, canonical requests among it; what is published lies in the
    /// public bucket of `store`. Without a `limit` everybody may scan as often as they like.
    #[must_use]
    pub fn new(platform: Router, store: Store, limit: Option<Limit>) -> Self {
        Self(Arc::new(Inner {
            origin: Origin {
                resolver: platform.clone(),
                store,
                is_down: Arc::default(),
            },
            platform,
            switches: Switches::default(),
            folds: Folds::new(),
            cache: Cache::with_weighter(ANSWERS, CACHE, Size),
            tags: Tags::new(),
            flights: Mutex::default(),
            limit,
        }))
    }

    /// What an operator can switch here.
    #[must_use]
    pub fn switches(&self) -> &Switches {
        &self.0.switches
    }

    /// Takes whatever carries one of these tags (`unit:<id>`, `model:<uuid>`, `batch:<uuid>`) out of the cache, before it
    /// returns. What the resolver is still answering is not kept either.
    pub fn invalidate<'a>(&self, tags: impl IntoIterator<Item = &'a str>) {
        self.0.tags.invalidate(tags);
    }

    /// Whether the resolver answers: `false` is what the edge sees when it is down.
    pub fn reach_resolver(&self, reached: bool) {
        self.0.origin.is_down.store(!reached, Ordering::Relaxed);
    }

    /// Answers a request of a client.
    pub async fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
        client: IpAddr,
    ) -> Response<Body> {
        if !is_scan(request.uri().path()) {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(web::Address(client));
            let Ok(answer) = self.0.platform.clone().oneshot(request).await;
            return answer.map(Either::Right);
        }
        let (parts, _) = request.into_parts();
        self.0.scan(&parts, client).await.unwrap_or_else(|seconds| {
            let asker = Asker::of(parts.uri.query(), &parts.headers);
            asker.refused(seconds).map(Either::Right)
        })
    }
}

impl Inner {
    /// The answer to a scan, or the seconds to wait for one.
    async fn scan(&self, parts: &Parts, client: IpAddr) -> Result<Response<Body>, i64> {
        if let Some(limit) = &self.limit {
            limit.scan(client)?;
        }
        let answer = match self.fold(parts) {
            ControlFlow::Continue(fold) => self.canonical(&fold, &parts.headers, client).await?,
            ControlFlow::Break(answer) => answer,
        };
        if let Some(limit) = &self.limit
            && is_missed(parts.uri.path(), answer.status())
        {
            limit.missed(client)?;
        }
        Ok(answer)
    }

    /// The canonical request, or what the function answers itself.
    fn fold(&self, parts: &Parts) -> ControlFlow<Response<Body>, Fold> {
        let switched = self.switches.changes();
        let key = Folds::key(parts);
        if let Some(fold) = key.as_deref().and_then(|key| self.folds.get(key, switched)) {
            return ControlFlow::Continue(fold);
        }
        match self.call(parts) {
            Ok(Folded::Canonical {
                path,
                snapshots,
                query,
            }) => {
                let fold = Fold {
                    path: path.into(),
                    snapshots,
                    query: query.map(Arc::from),
                    switched,
                };
                if let Some(key) = key {
                    self.folds.keep(&key, &fold);
                }
                ControlFlow::Continue(fold)
            }
            Ok(Folded::Answer {
                status,
                headers,
                body,
            }) => ControlFlow::Break(generated(status, headers, body)),
            Err(error) => {
                ControlFlow::Break(Problem::internal(error).into_response().map(Either::Right))
            }
        }
    }

    /// Runs the function.
    fn call(&self, parts: &Parts) -> Result<Folded, engine::EngineError> {
        let headers: Vec<(&str, &str)> = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let id = uuid::Uuid::new_v4().to_string();
        let request = engine::Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            headers: &headers,
            id: &id,
        };
        ENGINE.with_borrow_mut(|engine| {
            let engine = match engine {
                Some(engine) => engine,
                none => none.insert(Engine::new()?),
            };
            engine.fold(&request, &self.switches)
        })
    }

    /// The answer to a canonical request, or the seconds to wait for it.
    async fn canonical(
        &self,
        fold: &Fold,
        asked: &HeaderMap,
        client: IpAddr,
    ) -> Result<Response<Body>, i64> {
        let path = &*fold.path;
        if let Some(limit) = self.limit.as_ref().filter(|_| is_alias(path)) {
            limit.alias(client)?;
        }
        let kept = self.cache.get(path).filter(|entry| entry.holds());
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh()) {
            return Ok(kept.response(asked, From::Hit));
        }
        if let Some(limit) = &self.limit {
            limit.unknown(client)?;
        }
        Ok(self.asked_anew(fold, asked, kept).await)
    }

    /// The answer of the origin and, where that fails, what there is instead.
    async fn asked_anew(
        &self,
        fold: &Fold,
        asked: &HeaderMap,
        kept: Option<Arc<Entry>>,
    ) -> Response<Body> {
        let path = &*fold.path;
        let answer = match fold.snapshots {
            true => None,
            false => Some(self.fetch(fold, kept.as_ref()).await),
        };
        if let Some(answer) = answer
            .as_ref()
            .filter(|answer| !answer.status.is_server_error())
        {
            return answer.response(
                asked,
                if answer.is_confirmed {
                    From::Refreshed
                } else {
                    From::Miss
                },
            );
        }
        if let Some(kept) = kept.filter(|kept| kept.holds() && kept.is_good_enough_in_need()) {
            return kept.response(asked, From::Stale);
        }
        match (self.origin.snapshot(path, &self.tags).await, answer) {
            (Some(snapshot), _) => snapshot.response(asked, From::Snapshot),
            (None, Some(failed)) => failed.response(asked, From::Error),
            (None, None) => Problem::unavailable("no snapshot of this battery")
                .into_response()
                .map(Either::Right),
        }
    }

    /// Asks the origin, once for everybody who asks at the same time.
    async fn fetch(&self, fold: &Fold, kept: Option<&Arc<Entry>>) -> Arc<Entry> {
        let arrived = self.tags.now();
        loop {
            let flight = self.flight(&fold.path);
            let mut is_own = false;
            let asking = flight.answer.get_or_init(|| {
                is_own = true;
                self.ask(fold, kept)
            });
            let answer = Arc::clone(asking.await);
            self.land(&fold.path, &flight);
            if is_own {
                return answer;
            }
            // Only what may be kept is shared.
            if !answer.is_shared() {
                return self.ask(fold, kept).await;
            }
            // Whoever came after an invalidation does not take an answer from before it.
            if flight.began >= arrived || answer.holds() {
                return answer;
            }
        }
    }

    async fn ask(&self, fold: &Fold, kept: Option<&Arc<Entry>>) -> Arc<Entry> {
        let kept = kept.map(AsRef::as_ref);
        let answer = Arc::new(self.origin.ask(fold, kept, &self.tags).await);
        if answer.is_kept() {
            self.cache
                .insert(Arc::clone(&fold.path), Arc::clone(&answer));
        }
        answer
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flight(&self, path: &Arc<str>) -> Arc<Flight> {
        let mut flights = self.flights();
        let flight = flights.entry(Arc::clone(path)).or_insert_with(|| {
            let (began, answer) = (self.tags.now(), OnceCell::new());
            Arc::new(Flight { began, answer })
        });
        Arc::clone(flight)
    }

    fn land(&self, path: &str, flight: &Arc<Flight>) {
        let mut flights = self.flights();
        if flights
            .get(path)
            .is_some_and(|other| Arc::ptr_eq(other, flight))
        {
            flights.remove(path);
        }
    }
}

/// What the function answered itself.
fn generated(status: u16, headers: Vec<(String, String)>, body: String) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    response
        .headers_mut()
        .extend(headers.collect::<HeaderMap>());
    let from = HeaderValue::from_static("FunctionGeneratedResponse from edge");
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-cache"), from);
    response
}
