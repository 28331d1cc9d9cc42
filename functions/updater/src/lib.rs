//! Models, batches, passports, lifecycle events and evidence: everything that changes a record.

mod change;
mod elements;
mod erasing;
mod evidence;
mod handover;
mod interchange;
mod life;
mod passports;
mod products;
mod readings;
mod rules;
mod signatures;
mod succession;
mod successors;
mod transfers;
mod validation;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Platform;

/// The routes of this function.
#[must_use]
pub fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(products::create_model))
        .routes(routes!(products::change_model))
        .routes(routes!(products::create_batch))
        .routes(routes!(products::change_batch))
        .routes(routes!(passports::create))
        .routes(routes!(passports::change, passports::archive))
        .routes(routes!(elements::change))
        .routes(routes!(passports::raise_event))
        .routes(routes!(readings::record))
        .routes(routes!(successors::start))
        .routes(routes!(transfers::offer))
        .routes(routes!(transfers::accept))
        .routes(routes!(transfers::reject))
        .routes(routes!(transfers::withdraw))
        .routes(routes!(signatures::of_passport))
        .routes(routes!(signatures::of_model))
        .routes(routes!(signatures::of_batch))
        .routes(routes!(evidence::announce))
        .routes(routes!(evidence::confirm))
}
