//! Every function behind one listener.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use resolver::Resolver;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use web::{Platform, Problem};

/// The listener's routes: partners under `/v1`, people everywhere else.
pub fn router(platform: Platform) -> Router {
    let public = resolver::router(Resolver::new(platform.store.clone(), platform.site.clone()));
    let (partners, _) = partner_routes().split_for_parts();
    let partners = partners
        .with_state(platform)
        .route("/v1/{*rest}", axum::routing::any(no_such_route));
    web::finished(partners.merge(public))
        .layer(DefaultBodyLimit::max(web::BODY_LIMIT))
        .layer(CompressionLayer::new().gzip(true))
}

async fn no_such_route() -> Problem {
    Problem::not_found("no such route: see /docs")
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Battery passport platform",
    description = "Digital battery passports under Regulation (EU) 2023/1542, Articles 77 and 78. EN 18222:2026, and what it leaves open."
))]
struct Document;

fn partner_routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(allocator::routes())
        .merge(updater::routes())
        .merge(reader::routes())
}

/// The OpenAPI document of every function, as the code has it.
#[must_use]
pub fn documentation() -> utoipa::openapi::OpenApi {
    let (_, mut document) = partner_routes().split_for_parts();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    document
}
