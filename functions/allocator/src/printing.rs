//! Printing: a label in every format, and how labels look.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::{Collection, ErrorCorrection, Host, LabelError, Module, Style, Surface, UnitId};
use serde::{Deserialize, Serialize};
use storage::{Facts, Label, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Caller, Path, Platform, Problem, Query};

use crate::labels::{label_id, printable};
use crate::units::unit_id;

/// Width of a module in mm where nothing else is asked.
const MODULE_MM: f64 = 0.4;

/// How a label is to be printed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Print {
    format: Option<String>,
    module_mm: Option<f64>,
    error_correction: Option<String>,
    pixels_per_module: Option<u32>,
    dpi: Option<u32>,
    separate_collection: Option<String>,
    cadmium: Option<bool>,
    lead: Option<bool>,
}

/// A format by the name in `format` and by its media type.
pub(crate) type Format = (&'static str, &'static str);

pub(crate) const PDF: Format = ("pdf", "application/pdf");
pub(crate) const ZPL: Format = ("zpl", "application/zpl");
pub(crate) const JSON: Format = ("json", "application/json");
const SVG: Format = ("svg", "image/svg+xml");
const PNG: Format = ("png", "image/png");
const DXF: Format = ("dxf", "image/vnd.dxf");
const FORMATS: [Format; 6] = [SVG, PNG, PDF, ZPL, JSON, DXF];

/// A label as bare modules: for lasers and whatever else draws by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelMatrix {
    /// The unit.
    #[schema(value_type = String)]
    unit: UnitId,
    /// The label.
    #[schema(value_type = Option<String>, required = true)]
    label: Option<identity::LabelId>,
    /// What the symbol holds.
    carrier: String,
    /// Whether it may go on a battery for sale; if not, mark it as a test.
    market: bool,
    /// Version of the QR code, 1 to 40.
    version: i16,
    /// M, Q or H.
    error_correction: &'static str,
    /// Modules along a side, without the quiet zone.
    width: usize,
    /// Light modules that stay free on every side.
    quiet_zone: usize,
    /// Width of a module in mm.
    module_mm: f64,
    /// Width of a module in dots of the printer, where its resolution was given.
    #[schema(required = true)]
    dots_per_module: Option<u32>,
    /// From top to bottom; `1` is dark.
    rows: Vec<String>,
}

impl LabelMatrix {
    pub(crate) fn of(label: &identity::Label) -> Result<Self, LabelError> {
        let symbol = label.symbol()?;
        Ok(Self {
            unit: label.carrier.unit,
            label: label.carrier.label,
            carrier: label.carrier.url(),
            market: label.market,
            version: symbol.version(),
            error_correction: symbol.error_correction().letter(),
            width: symbol.width(),
            quiet_zone: identity::QUIET_ZONE,
            module_mm: label.style.module.mm(),
            dots_per_module: label.style.module.dots(),
            rows: symbol.rows(),
        })
    }
}

/// Print a label.
///
/// The symbol with its quiet zone, the ids a person can type beneath it and, where asked, the symbol for separate collection
/// beside it. SVG, PNG, PDF; ZPL, a graphic for label printers; JSON, the bare modules, and DXF, closed polylines in mm, for
/// lasers: by `Accept` or `?format=`. A stage that is not for production prints `TEST` across it. What readers could not read is
/// refused with the next size that works (400); a label that was replaced or revoked is not printed again (409).
#[utoipa::path(
    get, path = "/v1/units/{unitId}/labels/{labelId}", operation_id = "printLabel", tag = "allocator", security(("bearer" = [])),
    params(
        ("unitId" = String, Path, description = "The unit"), ("labelId" = String, Path, description = "The label"),
        ("format" = Option<String>, Query, description = "svg, png, pdf, zpl, json or dxf"),
        ("moduleMm" = Option<f64>, Query, description = "Width of a module in mm; 0.4 by default, 0.25 at least"),
        ("dpi" = Option<u32>, Query, description = "The printer's resolution, such as 203, 300 or 600: modules are then the next whole number of its dots, 3 at least. ZPL needs it"),
        ("errorCorrection" = Option<String>, Query, description = "M, Q (default) or H"),
        ("pixelsPerModule" = Option<u32>, Query, description = "PNG only, instead of `dpi`; 3 to 40, 8 by default"),
        ("separateCollection" = Option<String>, Query, description = "Adds the crossed-out wheeled bin as large as Article 13(4) asks: `side:300x200` for a battery whose largest side has 300 × 200 mm, `cylinder:18x65` for a cylindrical one of 18 mm diameter and 65 mm length, `packaging`"),
        ("cadmium" = Option<bool>, Query, description = "Whether the battery contains more than 0.002 % cadmium (Cd is printed beneath the bin), where its model does not say"),
        ("lead" = Option<bool>, Query, description = "Whether the battery contains more than 0.004 % lead (Pb is printed beneath the bin), where its model does not say"),
    ),
    responses(
        (status = 200, description = "The label, ready to print", content((String = "image/svg+xml"), (Vec<u8> = "image/png"), (Vec<u8> = "application/pdf"), (String = "application/zpl"), (LabelMatrix = "application/json"), (String = "image/vnd.dxf"))),
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
    let (name, media_type) = print.format(&headers, &FORMATS)?;
    let (model, own) = of_unit(&platform, unit).await?;
    let style = print.style(&platform, model).await?;
    let drawing = drawing(&platform, own.as_ref(), unit, &known, style);
    let bytes = match name {
        "png" => drawing.png().map_err(refused)?,
        "pdf" => drawing.pdf().map_err(refused)?,
        "zpl" => drawing.zpl().map_err(refused)?.into_bytes(),
        "dxf" => drawing.dxf().map_err(refused)?.into_bytes(),
        "json" => {
            let matrix = LabelMatrix::of(&drawing).map_err(refused)?;
            serde_json::to_vec(&matrix).map_err(Problem::internal)?
        }
        _ => drawing.svg().map_err(refused)?.into_bytes(),
    };
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

/// A unit's model, and the operator's own host in its carriers.
async fn of_unit(platform: &Platform, unit: UnitId) -> Result<(Uuid, Option<Host>), Problem> {
    let record = platform.store.record(&Subject::Unit(unit)).await?;
    match record.map(|record| record.head.facts) {
        Some(Facts::Unit {
            model,
            carrier_host,
            ..
        }) => Ok((model, carrier_host)),
        _ => Err(Problem::internal("a unit without a unit's facts")),
    }
}

pub(crate) fn drawing(
    platform: &Platform,
    own: Option<&Host>,
    unit: UnitId,
    label: &Label,
    style: Style,
) -> identity::Label {
    identity::Label {
        carrier: platform.site.carrier(own, unit, Some(label.label)),
        market: label.market,
        style,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
pub(crate) fn refused(error: LabelError) -> Problem {
    match error {
        LabelError::Drawing(cause) => Problem::internal(cause),
        error => Problem::malformed(error.to_string()),
    }
}

impl Print {
    /// What was asked for, of the formats there are.
    pub(crate) fn format(
        &self,
        headers: &HeaderMap,
        formats: &[Format],
    ) -> Result<Format, Problem> {
        let media_types: Vec<&str> = formats.iter().map(|(_, media_type)| *media_type).collect();
        let found = match self.format.as_deref() {
            None => web::best(headers, &media_types)
                .and_then(|best| formats.iter().find(|(_, media_type)| *media_type == best)),
            Some(wanted) => formats.iter().find(|(name, _)| *name == wanted),
        };
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = formats.iter().map(|(name, _)| *name).collect();
            Problem::not_acceptable(format!("labels come here as {}", names.join(", ")))
        })
    }

    /// How labels of a model's batteries look; the model is asked for only where that depends on it.
    pub(crate) async fn style(&self, platform: &Platform, model: Uuid) -> Result<Style, Problem> {
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
        Ok(Style {
            module: self.module()?,
            error_correction,
            collection: self.collection(platform, model).await?,
        })
    }

    fn module(&self) -> Result<Module, Problem> {
        let mm = self.module_mm.unwrap_or(MODULE_MM);
        match (self.dpi, self.pixels_per_module) {
            (Some(_), Some(_)) => {
                return Err(Problem::malformed(
                    "give `dpi` or `pixelsPerModule`, not both: with a printer's resolution a module has its dots",
                ));
            }
            (Some(dpi), None) => Module::on_printer(mm, dpi),
            (None, Some(pixels)) => Module::in_pixels(mm, pixels),
            (None, None) => Module::new(mm),
        }
        .map_err(|error| Problem::malformed(error.to_string()))
    }

    async fn collection(
        &self,
        platform: &Platform,
        model: Uuid,
    ) -> Result<Option<Collection>, Problem> {
        let Some(surface) = &self.separate_collection else {
            return match self.cadmium.or(self.lead) {
                Some(_) => Err(Problem::malformed(
                    "Cd and Pb stand beneath the symbol for separate collection: ask for `separateCollection` too",
                )),
                None => Ok(None),
            };
        };
        let surface = surface_of(surface)?;
        let subject = Subject::Model(model);
        let models = platform.store.shared(&[subject]).await?;
        let symbols = models.first().and_then(|(_, model)| {
            let conformity = model.part.as_ref()?.document.get("conformity")?;
            conformity.get("cadmiumLeadSymbols")
        });
        let bears = |metal: &str, asked: Option<bool>| {
            let declared = symbols.and_then(|symbols| symbols.get(metal)?.as_bool());
            match (declared, asked) {
                (Some(declared), Some(asked)) if declared != asked => {
                    Err(Problem::conflict(format!(
                        "the model says `{metal}`: {declared} in `/conformity/cadmiumLeadSymbols`, and the request {asked}: correct one of them"
                    )))
                }
                (Some(bears), _) | (None, Some(bears)) => Ok(bears),
                (None, None) => Err(Problem::malformed(format!(
                    "the model does not say in `/conformity/cadmiumLeadSymbols` whether the battery bears the symbol of {metal}: \
                     give `{metal}=true` or `{metal}=false` (Article 13(5))"
                ))),
            }
        };
        Collection::new(
            surface,
            bears("cadmium", self.cadmium)?,
            bears("lead", self.lead)?,
        )
        .map(Some)
        .map_err(|error| Problem::malformed(error.to_string()))
    }
}

/// `side:300x200`, `cylinder:18x65` or `packaging`.
fn surface_of(text: &str) -> Result<Surface, Problem> {
    let surface = match text.split_once(':') {
        Some(("side", size)) => {
            size_of(size).map(|(width, height)| Surface::LargestSide(width, height))
        }
        Some(("cylinder", size)) => {
            size_of(size).map(|(diameter, length)| Surface::Cylinder(diameter, length))
        }
        None if text == "packaging" => Some(Surface::Packaging),
        _ => None,
    };
    surface.ok_or_else(|| {
        Problem::malformed(format!(
            "expected `side:WIDTHxHEIGHT`, `cylinder:DIAMETERxLENGTH` (in mm) or `packaging` in `separateCollection`, found `{text}`"
        ))
    })
}

/// `300x200`.
pub(crate) fn size_of(text: &str) -> Option<(f64, f64)> {
    let (one, other) = text.split_once('x')?;
    Some((one.parse().ok()?, other.parse().ok()?))
}
