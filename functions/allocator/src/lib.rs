//! Unit ids and labels: who is which battery, and what is printed on it.

mod aliases;
mod custody;
mod identifiers;
mod identity_change;
mod label_change;
mod label_read;
mod labels;
mod orders;
mod printing;
mod sheets;
mod units;

pub use orders::{PATIENCE, Swept, sweep};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Platform;

/// The routes of this function.
#[must_use]
pub fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(orders::create))
        .routes(routes!(orders::show))
        .routes(routes!(units::show))
        .routes(routes!(aliases::link_unit, aliases::of_unit))
        .routes(routes!(aliases::link_model, aliases::of_model))
        .routes(routes!(aliases::link_batch, aliases::of_batch))
        .routes(routes!(custody::of_unit))
        .routes(routes!(custody::of_model))
        .routes(routes!(custody::of_organisation))
        .routes(routes!(identifiers::show))
        .routes(routes!(labels::issue))
        .routes(routes!(labels::apply))
        .routes(routes!(labels::revoke))
        .routes(routes!(labels::destroy))
        .routes(routes!(labels::suspect))
        .routes(routes!(labels::clear))
        .routes(routes!(labels::approve))
        .routes(routes!(labels::refuse))
        .routes(routes!(printing::show))
        .routes(routes!(sheets::show))
}
