//! What a program is answered: the compressed form of EN 18223, as JSON or JSON-LD, with `notices`.

use exchange::Linked;
use identity::LabelId;
use ledger::Timestamp;
use passport::{Composed, Compressed, Header, Level};
use serde::Serialize;
use serde_json::{Value, json};
use storage::PublicPart;

use crate::Resolver;
use crate::request::{Request, View};
use crate::scan::{Found, RecordNotice};

/// Bytes that most answers fit into.
const USUAL: usize = 16 << 10;

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'f> {
    /// A battery's passport.
    Passport {
        #[serde(flatten)]
        linked: Option<Linked>,
        #[serde(flatten)]
        passport: Box<Compressed<'f>>,
        notices: Notices<'f>,
    },
    /// A battery without a passport to show.
    #[serde(rename_all = "camelCase")]
    Unit {
        unique_product_identifier: String,
        notices: Notices<'f>,
    },
    /// A model or lot: no passport, so without a passport's header.
    #[serde(rename_all = "camelCase")]
    Product {
        unique_product_identifier: String,
        granularity: Level,
        #[serde(flatten)]
        document: Composed<'f>,
    },
}

/// What there is to know of label and record; in a copy also of every label, and when it was so.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notices<'f> {
    label: Option<&'static str>,
    label_changed: Option<&'f str>,
    record: &'static str,
    final_on: Option<String>,
    recalled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<LabelState>>,
}

#[derive(Serialize)]
struct LabelState {
    label: LabelId,
    state: Option<&'static str>,
    since: String,
}

/// The body.
pub(crate) fn of(resolver: &Resolver, found: &Found, request: &Request) -> String {
    let data = data(resolver, found, request);
    let mut body = Vec::with_capacity(USUAL);
    // A map of strings and JSON values has no way to fail.
    let _ = serde_json::to_writer(&mut body, &data);
    String::from_utf8(body).unwrap_or_default()
}

fn data<'f>(resolver: &Resolver, found: &'f Found, request: &Request) -> Data<'f> {
    let own = found.carrier_host.as_ref();
    let Some(unit) = found.unit else {
        return Data::Product {
            unique_product_identifier: request.subject_address(&resolver.site, own),
            granularity: match found.products {
                [_, Some(_)] => Level::Batch,
                _ => Level::Model,
            },
            document: found.document(),
        };
    };
    let product = resolver.site.product_identifier(own, unit);
    let notices = Notices::of(found);
    match found.shown_passport() {
        Some(passport) => Data::Passport {
            linked: match request.view {
                View::JsonLd => Some(Linked::passport(&resolver.site.origin())),
                _ => None,
            },
            passport: Box::new(Compressed::of(
                header(resolver, found, passport, product),
                found.document(),
            )),
            notices,
        },
        None => Data::Unit {
            unique_product_identifier: product,
            notices,
        },
    }
}

fn header(resolver: &Resolver, found: &Found, passport: &PublicPart, product: String) -> Header {
    let status = match found.record {
        RecordNotice::InForce => "active",
        _ => "archived",
    };
    let updated = passport.updated_at.map(|at| at.to_string());
    // What is scanned is shown in the newest form.
    let catalogue = &passport::catalogue().newest().id;
    Header::item(
        resolver.site.passport_identifier(passport.passport),
        product,
        status,
        updated.unwrap_or_default(),
        passport.organisation.clone(),
        resolver.site.catalogue_identifier(catalogue),
    )
}

impl<'f> Notices<'f> {
    fn of(found: &'f Found) -> Self {
        let copied = found.copied.as_ref();
        Self {
            label: found.label.code(),
            label_changed: found.label.day(),
            record: match found.record {
                RecordNotice::InForce => "in-force",
                RecordNotice::NotYetOnMarket => "not-yet-on-the-market",
                RecordNotice::Archived => "archived",
                RecordNotice::RecyclingRecorded => "recycling-recorded",
                RecordNotice::Recycled => "recycled",
            },
            final_on: found.final_on(),
            recalled: found.recalled(),
            as_of: copied.map(|copied| copied.as_of),
            labels: copied.map(|_| labels(found)),
        }
    }
}

/// What became of each label, and since when.
fn labels(found: &Found) -> Vec<LabelState> {
    let labels = found
        .every_label()
        .map(|(label, notice, since)| LabelState {
            label,
            state: notice.code(),
            since,
        });
    labels.collect()
}

/// What a reader has to be told at once when it changes.
pub(crate) fn state(found: &Found) -> Value {
    json!([
        found.record as u8,
        found.final_on(),
        found.recalled(),
        labels(found)
    ])
}
