//! A scanned label to the public passport: one query, no keys, no token, no cookie, no script.
//!
//! A scan, in order: (1) the path is read as unit and label; (2) one query brings the unit's head, its labels and the
//! public part of its passport; (3) the public parts of model and batch come from memory, at most a second old, or from one
//! batch read; (4) the view of the active guidance is composed and written as HTML or JSON.

mod answer;
mod described;
mod description;
mod find;
mod linkset;
mod names;
mod notation;
mod page;
mod products;
mod request;
mod scan;
mod summary;
mod text;
mod value;

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
const DESCRIBED: [&str; 4] = [
    "/{unit}",
    "/{unit}/{label}",
    "/01/{gtin}/21/{serial}",
    "/8004/{giai}",
];
/// The same with a slash at the end, and every other GS1 Digital Link.
const OTHERWISE: [&str; 5] = [
    "/{unit}/",
    "/{unit}/{label}/",
    "/01/{gtin}/21/{serial}/",
    "/01/{gtin}/{*rest}",
    "/8004/{giai}/{*rest}",
];

/// The routes over what they need.
pub fn router(resolver: Resolver) -> Router {
    let (router, _) = routes().split_for_parts();
    router.with_state(resolver)
}
