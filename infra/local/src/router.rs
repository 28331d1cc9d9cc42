//! Every function behind one listener.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use resolver::Resolver;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use web::{Platform, Problem};

use crate::documentation::Document;
use crate::log_files;

/// The listener's routes: partners under `/v1`, people everywhere else.
pub fn router(platform: Platform) -> Router {
    let desk = signin::Desk::of(&platform);
    let public = resolver::router(Resolver::new(platform.store.clone(), platform.site.clone()));
    let files = log_files::router(platform.store.clone());
    let (partners, _) = partner_routes().split_for_parts();
    let partners = partners.route("/v1/{*rest}", axum::routing::any(no_such_route));
    let partners = web::partners(partners, platform, Some(page::too_many));
    web::finished(
        partners
            .merge(public)
            .merge(files)
            .merge(signin::router(desk)),
    )
    .layer(DefaultBodyLimit::max(web::BODY_LIMIT))
    .layer(CompressionLayer::new().gzip(true))
}

async fn no_such_route() -> Problem {
    Problem::not_found("no such route: see /docs")
}

pub(crate) fn partner_routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(allocator::routes())
        .merge(updater::routes())
        .merge(reader::routes())
}
