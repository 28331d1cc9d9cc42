//! Printing the labels of a whole order: sheets and rolls.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::{Label, LabelError, LabelId, Page, Sheet, UnitId};
use serde::{Deserialize, Serialize};
use storage::OrderState;
use utoipa::ToSchema;
use web::{Caller, Counted, Path, Platform, Problem, Query};

use crate::orders::order_of;
use crate::printing::{Format, JSON, LabelMatrix, PDF, Print, ZPL, drawing, refused, size_of};

const FORMATS: [Format; 3] = [PDF, ZPL, JSON];
/// Most labels of one answer.
const MOST_LABELS: usize = 2_000;
/// Most bytes of one answer: Lambda hands over 6 MB, in base64.
const MOST_BYTES: usize = 4_400_000;
/// Labels that a refusal names.
const NAMED: usize = 20;

/// Which labels, on which pages.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    first: Option<usize>,
    count: Option<usize>,
    in_force_only: Option<bool>,
    page: Option<String>,
    margin_mm: Option<f64>,
    gap_mm: Option<f64>,
    columns: Option<usize>,
}

/// Labels as bare modules.
#[derive(Debug, Serialize, ToSchema)]
struct LabelMatrices {
    /// In the order's sequence.
    labels: Vec<LabelMatrix>,
}

/// Print the labels of an order.
///
/// As one PDF (sheets of A4, Letter or any size, or a roll with one label a page), as ZPL for a label printer, or as JSON. One
/// answer holds at most 2,000 labels and 4.4 MB: print a larger order in parts with `first` and `count`. Where a label was
/// replaced or revoked meanwhile it says so (409), unless only those in force are asked for.
#[utoipa::path(
    get, path = "/v1/orders/{id}/labels", operation_id = "printOrder", tag = "allocator", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The order"),
        ("format" = Option<String>, Query, description = "pdf (default), zpl or json; or by `Accept`"),
        ("first" = Option<usize>, Query, description = "Number of the first label, counted from 1 in the order's sequence; 1 by default"),
        ("count" = Option<usize>, Query, description = "How many labels, 1 to 2,000; all the rest by default"),
        ("inForceOnly" = Option<bool>, Query, description = "Leaves out labels that were replaced or revoked, instead of refusing"),
        ("page" = Option<String>, Query, description = "PDF only: `a4` (default), `letter`, a sheet such as `100x150` in mm, or `label`, a roll of one label a page"),
        ("marginMm" = Option<f64>, Query, description = "PDF only: white around the labels of a sheet; 10 by default, 0 on a roll"),
        ("gapMm" = Option<f64>, Query, description = "PDF only: white between labels; 2 by default"),
        ("columns" = Option<usize>, Query, description = "PDF only: labels side by side; as many as fit by default"),
        ("moduleMm" = Option<f64>, Query, description = "Width of a module in mm; 0.4 by default, 0.25 at least"),
        ("dpi" = Option<u32>, Query, description = "The printer's resolution, such as 203, 300 or 600: modules are then the next whole number of its dots, 3 at least, and labels begin at whole dots. ZPL needs it"),
        ("errorCorrection" = Option<String>, Query, description = "M, Q (default) or H"),
        ("separateCollection" = Option<String>, Query, description = "As for one label: `side:300x200`, `cylinder:18x65` or `packaging`"),
        ("cadmium" = Option<bool>, Query, description = "As for one label"),
        ("lead" = Option<bool>, Query, description = "As for one label"),
    ),
    responses(
        (status = 200, description = "The labels, ready to print", content((Vec<u8> = "application/pdf"), (String = "application/zpl"), (LabelMatrices = "application/json"))),
        (status = "default", response = Problem))
)]
pub(crate) async fn show(
    State(platform): State<Platform>,
    caller: Caller,
    Path(id): Path<String>,
    Query(print): Query<Print>,
    Query(run): Query<Run>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.partner()?;
    let order = order_of(&platform, &caller, &id).await?;
    if order.state == OrderState::Pending {
        return Err(Problem::conflict(format!(
            "units of this order are still being written: wait for `complete` at `/v1/orders/{}`",
            order.id
        )));
    }
    let (name, media_type) = print.format(&headers, &FORMATS)?;
    let sheet = run.sheet()?;
    let labels: Vec<(UnitId, LabelId)> = order.labels().collect();
    let wanted = run.part(&labels)?;
    let style = print.style(&platform, order.model).await?;
    let own = order.carrier_host.as_ref();
    let labels: Vec<Label> = run
        .in_force(&platform, wanted)
        .await?
        .iter()
        .map(|(unit, label)| drawing(&platform, own, *unit, label, style))
        .collect();
    let count = labels.len();
    // Drawing thousands takes a while, and others are served meanwhile.
    let bytes = tokio::task::spawn_blocking(move || match name {
        "zpl" => zpl(&labels),
        "json" => json(&labels),
        _ => pdf(&sheet, &labels),
    })
    .await
    .map_err(Problem::internal)??;
    let printed = ([(header::CONTENT_TYPE, media_type)], bytes);
    Ok(Counted::of(count, printed).into_response())
}

impl Run {
    fn sheet(&self) -> Result<Sheet, Problem> {
        let page = match self.page.as_deref() {
            None | Some("a4") => Page::A4,
            Some("letter") => Page::Letter,
            Some("label") => Page::Label,
            Some(other) => {
                let (width, height) = size_of(other).ok_or_else(|| {
                    Problem::malformed(format!(
                        "expected `a4`, `letter`, `label` or `WIDTHxHEIGHT` in mm in `page`, found `{other}`"
                    ))
                })?;
                Page::Sheet(width, height)
            }
        };
        Sheet::on(page)
            .with(self.margin_mm, self.gap_mm, self.columns)
            .map_err(|error| refused(error.into()))
    }

    /// The part of an order's labels that is asked for.
    fn part<'a, T>(&self, labels: &'a [T]) -> Result<&'a [T], Problem> {
        let all = labels.len();
        let first = self.first.unwrap_or(1);
        let rest = first
            .checked_sub(1)
            .and_then(|from| labels.get(from..))
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| {
                Problem::malformed(format!(
                    "this order has the labels 1 to {all}, found {first} in `first`"
                ))
            })?;
        match self.count.unwrap_or(rest.len()) {
            0 => Err(Problem::malformed("expected 1 to 2000 in `count`, found 0")),
            count if count.min(rest.len()) > MOST_LABELS => Err(Problem::malformed(format!(
                "one answer holds at most {MOST_LABELS} labels, found {}: ask for `first={first}&count={MOST_LABELS}`, then for \
                 `first={}` and so on to the last, {all}",
                count.min(rest.len()),
                first + MOST_LABELS,
            ))),
            count => Ok(rest.get(..count).unwrap_or(rest)),
        }
    }

    /// The labels as they are now: none is printed that is no longer in force.
    async fn in_force(
        &self,
        platform: &Platform,
        wanted: &[(UnitId, LabelId)],
    ) -> Result<Vec<(UnitId, storage::Label)>, Problem> {
        let found = platform.store.labels_of(wanted).await?;
        let (mut printed, mut void) = (Vec::with_capacity(wanted.len()), Vec::new());
        for (unit, label) in wanted {
            let known = found.get(&(*unit, *label));
            match known.filter(|known| known.state.is_in_force()) {
                Some(known) => printed.push((*unit, known.clone())),
                None => void.push(format!("{unit}/{label}")),
            }
        }
        if printed.is_empty() {
            return Err(Problem::conflict(
                "none of these labels is in force any more: print those that took their place one by one",
            ));
        }
        match void.is_empty() || self.in_force_only == Some(true) {
            true => Ok(printed),
            false => Err(Problem::conflict(format!(
                "{} of these labels are no longer in force and are not printed again: {}{}. Leave them out with \
                 `inForceOnly=true`",
                void.len(),
                void.get(..NAMED).unwrap_or(&void).join(", "),
                if void.len() > NAMED { ", …" } else { "" },
            ))),
        }
    }
}

fn pdf(sheet: &Sheet, labels: &[Label]) -> Result<Vec<u8>, Problem> {
    let bytes = sheet.pdf(labels).map_err(refused)?;
    match bytes.len() <= MOST_BYTES {
        true => Ok(bytes),
        // They are of nearly the same size each.
        false => Err(too_large(labels.len() * MOST_BYTES / bytes.len() * 9 / 10)),
    }
}

fn zpl(labels: &[Label]) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        bytes.extend(label.zpl().map_err(refused)?.into_bytes());
        if bytes.len() > MOST_BYTES {
            return Err(too_large(index));
        }
    }
    Ok(bytes)
}

fn json(labels: &[Label]) -> Result<Vec<u8>, Problem> {
    let labels = labels
        .iter()
        .map(LabelMatrix::of)
        .collect::<Result<Vec<LabelMatrix>, LabelError>>()
        .map_err(refused)?;
    let count = labels.len();
    let bytes = serde_json::to_vec(&LabelMatrices { labels }).map_err(Problem::internal)?;
    match bytes.len() <= MOST_BYTES {
        true => Ok(bytes),
        false => Err(too_large(count * MOST_BYTES / bytes.len() * 9 / 10)),
    }
}

fn too_large(fit: usize) -> Problem {
    Problem::malformed(format!(
        "one answer holds at most {MOST_BYTES} bytes, and these labels are more: ask for fewer at a time, `count={}`",
        fit.max(1)
    ))
}
