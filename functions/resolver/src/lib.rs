//! A scanned label to the public passport: one query, no keys, no token, no cookie, no script.
//!
//! A scan, in order: (1) the path is read as unit and label; (2) one query brings the unit's head, its labels and the
//! public part of its passport; (3) the public parts of model and batch come from memory, at most a second old, or from one
//! batch read; (4) the view of the active guidance is composed and written as HTML or JSON.

//!
//! The same addresses are those of a GS1-Conformant Resolver (1.2.1). What that has to do, and where it is done (tests:
//! `tests/tests/links.rs`, `aliases.rs`, `custody.rs`):
//!
//! 1. GET, HEAD and OPTIONS over HTTP 1.1 or later: [`routes`]; over HTTPS: the distribution in front.
//! 2. CORS: `answer::open`.
//! 3. The syntax of every Digital Link is checked, 400 where it does not hold: [`identity::DigitalLink`], `request`.
//! 4. No 200 with an error in it: `answer::problem`.
//! 5. All links as a linkset (RFC 9264) by `linkType=linkset` (`all`, as it was) and by `Accept`, without redirecting, with
//!    those of each level from item up to model: `linkset::document`.
//! 6. Each link with target, type and title; one default link, with nothing else: `linkset`.
//! 7. Without a better match the default link, which is the passport: it is answered here, not redirected to.
//! 8. The link of the type that was asked for, 404 where there is none, 300 where several fit: `linkset::follow`.
//! 9. The query is passed on: `linkset::passed_on`.
//! 10. `Link` to the linkset on every answer, to its JSON-LD context on a linkset: `linkset::announce`.
//! 11. `/.well-known/gs1resolver`: `description`.
//! 12. Where custody moved and nothing is worked out here, `gs1:handledBy` in `Link`: `answer::moved`.
//! 13. A slash at the end is tolerated: `request`.
//!
//! Compressed Digital Links are not taken apart: no battery carries one.

mod answer;
mod data;
mod described;
mod description;
mod find;
mod linkset;
mod lookup;
mod page;
mod products;
mod request;
mod scan;
mod snapshot;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use storage::Store;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Site;

use crate::described::Described;
use crate::products::Products;
pub use crate::snapshot::{Name, Rendering, Snapshot};

/// What a scan needs: the tables, the address, and the model parts in memory.
#[derive(Clone)]
pub struct Resolver {
    store: Store,
    site: Arc<Site>,
    products: Arc<Products>,
}

impl Resolver {
    /// A resolver over a store.
    #[must_use]
    pub fn new(store: Store, site: Arc<Site>) -> Self {
        Self {
            store,
            site,
            products: Arc::default(),
        }
    }

    /// From the environment of a Lambda function: the store's variables and `CARRIER_ORIGIN`.
    ///
    /// # Errors
    /// A sentence naming what is missing or wrong.
    pub async fn from_env() -> Result<Self, String> {
        let site = Site::from_env()?;
        let store = Store::from_env().await.map_err(|error| error.to_string())?;
        store.warm_up().await.map_err(|error| error.to_string())?;
        Ok(Self::new(store, Arc::new(site)))
    }
}

/// The routes of this function, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Resolver> {
    let described = OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(scan::unit))
        .routes(routes!(scan::label))
        .routes(routes!(scan::serial))
        .routes(routes!(scan::lot))
        .routes(routes!(scan::model))
        .routes(routes!(scan::asset))
        .routes(routes!(scan::passport))
        .routes(routes!(description::resolver))
        .routes(routes!(description::context))
        .route("/", get(find::start))
        .route("/find", get(find::find));
    let others = OTHERWISE.map(str::to_owned);
    let views = request::View::NAMES.map(|view| format!("/{view}/{{language}}/{{*subject}}"));
    let tolerated = others.iter().chain(&views).fold(described, |router, path| {
        router.route(path, get(scan::unit))
    });
    DESCRIBED
        .into_iter()
        .chain(OTHERWISE)
        .fold(tolerated, |router, path| {
            router.route(path, axum::routing::options(answer::options))
        })
}

/// The carriers' paths.
const DESCRIBED: [&str; 6] = [
    "/{unit}",
    "/{unit}/{label}",
    "/01/{gtin}/21/{serial}",
    "/01/{gtin}/10/{lot}",
    "/01/{gtin}",
    "/8004/{giai}",
];
/// The same with a slash at the end, and every other GS1 Digital Link.
const OTHERWISE: [&str; 7] = [
    "/{unit}/",
    "/{unit}/{label}/",
    "/01/{gtin}/21/{serial}/",
    "/01/{gtin}/10/{lot}/",
    "/01/{gtin}/",
    "/01/{gtin}/{*rest}",
    "/8004/{giai}/{*rest}",
];

/// The routes over what they need.
pub fn router(resolver: Resolver) -> Router {
    let (router, _) = routes().split_for_parts();
    router.with_state(resolver)
}
