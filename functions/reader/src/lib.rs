//! Passports, products, versions, history and evidence, for whoever may see them.

mod answer;
mod as_of;
mod catalogue;
mod chain;
mod completeness;
mod contributions;
mod documentation;
mod elements;
mod evidence;
mod history;
mod interchange;
mod lineage;
mod page;
mod passports;
mod product_ids;
mod products;
mod proof;
mod readings;
mod rights;
mod schemas;
mod signals;
mod transfers;
mod value_sets;
mod version_parts;
mod versions;
mod view;
mod views;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Platform;

/// The routes of this function.
#[must_use]
pub fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(passports::show))
        .routes(routes!(passports::by_product))
        .routes(routes!(product_ids::find))
        .routes(routes!(as_of::show))
        .routes(routes!(elements::show))
        .routes(routes!(interchange::show))
        .routes(routes!(interchange::context))
        .routes(routes!(products::show_model))
        .routes(routes!(products::show_batch))
        .routes(routes!(versions::of_passport))
        .routes(routes!(versions::one_of_passport))
        .routes(routes!(history::events))
        .routes(routes!(proof::of_passport))
        .routes(routes!(proof::of_unit))
        .routes(routes!(proof::of_model))
        .routes(routes!(proof::of_batch))
        .routes(routes!(views::of_passport))
        .routes(routes!(views::version_of_passport))
        .routes(routes!(views::version_of_model))
        .routes(routes!(views::version_of_batch))
        .routes(routes!(views::keys))
        .routes(routes!(chain::of_passport))
        .routes(routes!(chain::of_unit))
        .routes(routes!(chain::of_model))
        .routes(routes!(chain::of_batch))
        .routes(routes!(version_parts::of_passport))
        .routes(routes!(version_parts::of_model))
        .routes(routes!(version_parts::of_batch))
        .routes(routes!(signals::of_unit))
        .routes(routes!(signals::alarms))
        .routes(routes!(history::unit_events))
        .routes(routes!(versions::of_model))
        .routes(routes!(versions::one_of_model))
        .routes(routes!(history::model_events))
        .routes(routes!(versions::of_batch))
        .routes(routes!(versions::one_of_batch))
        .routes(routes!(history::batch_events))
        .routes(routes!(completeness::show))
        .routes(routes!(readings::list))
        .routes(routes!(lineage::show))
        .routes(routes!(transfers::list))
        .routes(routes!(transfers::show))
        .routes(routes!(value_sets::list))
        .routes(routes!(evidence::show))
        .routes(routes!(rights::access_requests))
        .routes(routes!(rights::access_request))
        .routes(routes!(rights::grants))
        .routes(routes!(rights::accesses))
        .routes(routes!(rights::suspensions))
        .routes(routes!(contributions::list))
        .routes(routes!(contributions::show))
        .routes(routes!(catalogue::list))
        .routes(routes!(catalogue::show))
        .routes(routes!(schemas::list))
        .routes(routes!(schemas::show))
        .routes(routes!(documentation::openapi))
        .routes(routes!(documentation::page))
        .routes(routes!(documentation::attributes))
        .routes(routes!(documentation::formats))
}
