//! How every scan is described in the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, OpenApi, PartialSchema, ToResponse};
use web::Problem;

use crate::request::View;

/// What the answers below refer to.
#[derive(OpenApi)]
#[openapi(components(schemas(
    web::described::Linkset,
    web::described::ScanNotice,
    web::described::Scanned
)))]
pub(crate) struct Described;

/// How a scan may be asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    reason = "a description; requests are read by `Request::fold`"
)]
pub(crate) struct Asking {
    /// `linkset` for all links (RFC 9264), or the type of one: `gs1:certificationInfo`, `gs1:safetyInfo`,
    /// `gs1:recyclingInfo`; the resolver description has them all.
    #[param(rename = "linkType")]
    link_type: Option<String>,
    /// Language of the page (ISO 639-1).
    lang: Option<String>,
}

/// What a scan is answered with.
pub(crate) struct Passport;

impl IntoResponses for Passport {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let page = (View::Html.media_type(), None);
        let data = |schema| {
            let views = [View::Json, View::JsonLd].map(|view| (view.media_type(), Some(schema)));
            [
                views[0],
                views[1],
                (View::Linkset.media_type(), Some("Linkset")),
                page,
            ]
        };
        let (problem, _) = Problem::response();
        let others = (
            "default".to_owned(),
            Ref::from_response_name(problem).into(),
        );
        [
            (
                "200",
                "The public part, or a notice why there is none; with `linkType=linkset` all links",
                data("Scanned").to_vec(),
            ),
            (
                "300",
                "Several links of the type that was asked for fit equally: they are listed",
                vec![page],
            ),
            (
                "304",
                "Not changed since the `ETag` in `If-None-Match`",
                Vec::new(),
            ),
            (
                "307",
                "`Location` is the link of the type that was asked for",
                Vec::new(),
            ),
            (
                "410",
                "The battery was recycled; a notice, and no data",
                data("ScanNotice").to_vec(),
            ),
        ]
        .into_iter()
        .map(|(status, description, contents)| {
            let response = ResponseBuilder::new().description(description);
            let response = contents
                .into_iter()
                .fold(response, |response, (media_type, schema)| {
                    let content = Content::new(Some(match schema {
                        Some(name) => RefOr::Ref(Ref::from_schema_name(name)),
                        None => String::schema(),
                    }));
                    response.content(media_type, content)
                });
            (status.to_owned(), RefOr::T(response.build()))
        })
        .chain([others])
        .collect()
    }
}
