//! Models, batches, passports, lifecycle events and evidence: everything that changes a record.

mod acceptance;
mod access_requests;
mod change;
mod claims;
mod contributions;
mod elements;
mod erasing;
mod evidence;
mod grants;
mod handover;
mod interchange;
mod life;
mod passports;
mod products;
mod readings;
mod rights_change;
mod rules;
mod signatures;
mod succession;
mod successors;
mod suspensions;
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
        .routes(routes!(access_requests::request))
        .routes(routes!(access_requests::decide))
        .routes(routes!(access_requests::revoke))
        .routes(routes!(grants::give))
        .routes(routes!(grants::withdraw))
        .routes(routes!(contributions::submit))
        .routes(routes!(acceptance::accept))
        .routes(routes!(contributions::reject))
        .routes(routes!(contributions::withdraw))
        .routes(routes!(claims::issue_code))
        .routes(routes!(claims::claim))
        .routes(routes!(claims::end))
        .routes(routes!(suspensions::suspend))
        .routes(routes!(suspensions::restore))
}
