//! Printing: one label as SVG, PNG and PDF.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::{ErrorCorrection, UnitId};
use serde::Deserialize;
use storage::Label;
use web::{Caller, Path, Platform, Problem, Query};

use crate::labels::{label_id, printable};
use crate::units::unit_id;

/// How a label is to be printed.
#[derive(Debug, Deserialize)]
pub(crate) struct Print {
    format: Option<String>,
    #[serde(rename = "moduleMm")]
    module_mm: Option<f64>,
    #[serde(rename = "errorCorrection")]
    error_correction: Option<String>,
    #[serde(rename = "pixelsPerModule")]
    pixels_per_module: Option<u32>,
}

const FORMATS: [&str; 3] = ["image/svg+xml", "image/png", "application/pdf"];

/// Print a label.
///
/// SVG, PNG or PDF by `Accept` or `?format=svg|png|pdf`: the symbol with its quiet zone and the id a person can type
/// beneath. A stage that is not for production prints `TEST` across it. For the responsible
/// organisation and for whoever asked for the label. One that is no longer in force, or waits for an approval, is not printed (409).
#[utoipa::path(
    get, path = "/v1/units/{unitId}/labels/{labelId}", operation_id = "printLabel", tag = "allocator", security(("bearer" = [])),
    params(
        ("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"),
        ("format" = Option<String>, Query, description = "svg, png or pdf"),
        ("moduleMm" = Option<f64>, Query, description = "Width of a module in mm; 0.4 by default, 0.25 at least"),
        ("errorCorrection" = Option<String>, Query, description = "M, Q (default) or H"),
        ("pixelsPerModule" = Option<u32>, Query, description = "PNG only; 8 by default"),
    ),
    responses(
        (status = 200, description = "The label, ready to print", content((String = "image/svg+xml"), (Vec<u8> = "image/png"), (Vec<u8> = "application/pdf"))),
        (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path((unit, label)): Path<(String, String)>,
    Query(print): Query<Print>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unit = unit_id(&unit)?;
    let label = label_id(&label)?;
    let known = printable(&platform, &caller, unit, label).await?;
    let media_type = match print.format.as_deref() {
        None => web::best(&headers, &FORMATS),
        Some("svg") => Some("image/svg+xml"),
        Some("png") => Some("image/png"),
        Some("pdf") => Some("application/pdf"),
        Some(_) => None,
    }
    .ok_or_else(|| Problem::not_acceptable("a label comes as svg, png or pdf"))?;
    let drawing = print.drawing(&platform, unit, &known)?;
    let fault = |error: identity::LabelError| Problem::malformed(error.to_string());
    let bytes = match media_type {
        "image/png" => drawing
            .png(print.pixels_per_module.unwrap_or(8))
            .map_err(fault)?,
        "application/pdf" => drawing.pdf().map_err(fault)?,
        _ => drawing.svg().map_err(fault)?.into_bytes(),
    };
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

impl Print {
    fn drawing(
        &self,
        platform: &Platform,
        unit: UnitId,
        label: &Label,
    ) -> Result<identity::Label, Problem> {
        let error_correction = match self.error_correction.as_deref() {
            None | Some("Q") => ErrorCorrection::Q,
            Some("M") => ErrorCorrection::M,
            Some("H") => ErrorCorrection::H,
            Some(other) => {
                return Err(Problem::malformed(format!(
                    "expected M, Q or H in `errorCorrection`, found `{other}`"
                )));
            }
        };
        Ok(identity::Label {
            carrier: platform.site.carrier(unit, Some(label.label)),
            market: label.market,
            module_mm: self.module_mm.unwrap_or(0.4),
            error_correction,
        })
    }
}
