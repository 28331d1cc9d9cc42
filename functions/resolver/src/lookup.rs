//! What an address names: a battery, a lot or a model, and who resolves it.

use std::sync::Arc;

use identity::{Alias, DigitalLink, UnitId};
use passport::Composed;
use storage::{Custody, Facts, PublicPart, Shared, Subject};
use web::Problem;

use crate::Resolver;
use crate::answer::Document;
use crate::products::public_view;
use crate::request::{Named, Request, Scanned};
use crate::scan::{Found, LabelNotice, RecordNotice, notice, record_notice};

/// Where a request is answered.
pub(crate) enum Answered {
    /// Here.
    Here(Box<Found>),
    /// By another resolver, which has custody.
    Elsewhere(Custody),
}

/// Finds what a request names.
///
/// # Errors
/// 404 where it names nothing, or nothing that the public may know of.
pub(crate) async fn find(resolver: &Resolver, request: &Request) -> Result<Answered, Problem> {
    let found = match &request.subject {
        Named::Unit(unit) => battery(resolver, *unit, By::Id, request).await?,
        Named::Gs1(link) => by_key(resolver, link, request).await?,
    };
    found.ok_or_else(|| {
        Problem::not_found(match request.subject {
            Named::Unit(_) => "this unit was never allocated",
            Named::Gs1(_) => "no battery is known by this GS1 key",
        })
    })
}

/// By a unit id in the key, else by what was linked with it.
async fn by_key(
    resolver: &Resolver,
    link: &DigitalLink,
    request: &Request,
) -> Result<Option<Answered>, Problem> {
    if let Some(unit) = link.unit() {
        let answered = battery(resolver, unit, By::Key(link), request).await?;
        if answered.is_some() {
            return Ok(answered);
        }
    }
    let alias = Alias::Gs1(link.identifying());
    match resolver.store.named_by(&alias).await? {
        Some(Subject::Unit(unit)) => battery(resolver, unit, By::Alias, request).await,
        Some(product @ (Subject::Model(_) | Subject::Batch(_))) => {
            product_of(resolver, &product).await
        }
        _ => Ok(None),
    }
}

/// What names a battery.
#[derive(Clone, Copy)]
enum By<'a> {
    /// Its unit id.
    Id,
    /// Its unit id in a GS1 key.
    Key(&'a DigitalLink),
    /// An identifier that was linked with it.
    Alias,
}

/// A battery; `None` where there is none, where it is not of the model that the GTIN belongs to, and by an alias before it is on
/// the market: whoever counts serial numbers up learns nothing, not even who has custody.
async fn battery(
    resolver: &Resolver,
    unit: UnitId,
    by: By<'_>,
    request: &Request,
) -> Result<Option<Answered>, Problem> {
    let Some(scan) = resolver.store.scan(unit).await? else {
        return Ok(None);
    };
    let now = web::now();
    let mut record = record_notice(&scan, now);
    let Facts::Unit { model, batch, .. } = scan.head.facts else {
        return Err(Problem::internal("a unit without a unit's facts"));
    };
    // Everybody is told of one operator, and its custody counts.
    let operator = match &scan.passport {
        Some(passport) => passport.organisation.clone(),
        None => scan.head.organisation.clone(),
    };
    let mut subjects = vec![Subject::Model(model), Subject::Organisation(operator)];
    subjects.extend(batch.map(Subject::Batch));
    let mut shared = resolver.products.get(&resolver.store, &subjects).await?;
    shared.resize(3, None);
    let [model_part, operator, batch_part] =
        <[Option<Arc<Shared>>; 3]>::try_from(shared).unwrap_or_default();
    let is_known = match by {
        By::Id => true,
        By::Key(link) => belongs_to(link, model_part.as_deref()),
        By::Alias => record != RecordNotice::NotYetOnMarket,
    };
    if !is_known {
        return Ok(None);
    }
    // Whose batteries of a model are somebody else's by now decides no more where these lead.
    let own_model = model_part
        .as_ref()
        .filter(|model| model.organisation == scan.head.organisation);
    let shared = [own_model, operator.as_ref()].into_iter().flatten();
    let facts = [&scan.head.facts].into_iter();
    let facts = facts.chain(shared.map(|shared| &shared.facts));
    if let Some(custody) = facts.filter_map(Facts::custody).next() {
        return Ok(Some(Answered::Elsewhere(custody.clone())));
    }
    if record == RecordNotice::Archived
        && let Some(passport) = &scan.passport
        && resolver.store.life_is_over(passport.passport, now).await?
    {
        record = RecordNotice::Recycled;
    }
    let mut found = Found {
        unit: Some(unit),
        carrier_host: scan.head.facts.carrier_host().cloned(),
        label: match request.label {
            Scanned::No => LabelNotice::None,
            Scanned::Label(label) => notice(&scan.labels, label),
            Scanned::Unreadable => LabelNotice::Unreadable,
        },
        labels: scan.labels,
        record,
        category: None,
        passport: scan.passport,
        products: [model_part, batch_part],
        tags: [Subject::Unit(unit)]
            .iter()
            .chain(&subjects)
            .filter_map(Subject::cache_tag)
            .collect(),
        copied: None,
    };
    if found.is_shown() {
        show(&mut found)?;
    }
    Ok(Some(Answered::Here(Box::new(found))))
}

/// Whether a key is one of a model's: an asset's own key needs none.
fn belongs_to(link: &DigitalLink, model: Option<&Shared>) -> bool {
    let DigitalLink::TradeItem { gtin, .. } = link else {
        return true;
    };
    let gtin = gtin.to_string();
    matches!(model.map(|model| &model.facts), Some(Facts::Model { gtins, .. }) if gtins.contains(&gtin))
}

/// What the passport is shown of, and since when it is as it is.
fn show(found: &mut Found) -> Result<(), Problem> {
    let Some(item) = &mut found.passport else {
        return Err(Problem::internal("a passport in force that is not there"));
    };
    let category = item
        .category
        .ok_or_else(|| Problem::internal("a passport without its category"))?;
    item.document = public_view(std::mem::take(&mut item.document), category);
    let updated = part(&found.products).map(|part| part.and_then(|part| part.updated_at));
    item.updated_at = updated.into_iter().flatten().chain(item.updated_at).max();
    found.category = Some(category);
    Ok(())
}

/// The public parts of model and batch.
fn part(products: &[Option<Arc<Shared>>; 2]) -> [Option<&PublicPart>; 2] {
    products
        .each_ref()
        .map(|product| product.as_ref()?.part.as_ref())
}

/// What everybody may see of a model or lot that was linked with a GS1 key.
async fn product_of(resolver: &Resolver, product: &Subject) -> Result<Option<Answered>, Problem> {
    let get = async |subject: &Subject| {
        let shared = resolver
            .products
            .get(&resolver.store, std::slice::from_ref(subject));
        Ok::<_, Problem>(shared.await?.into_iter().next().flatten())
    };
    let Some(own) = get(product).await? else {
        return Ok(None);
    };
    let (products, category, tags) = match own.facts {
        Facts::Model { category, .. } => ([Some(own), None], category, vec![product.clone()]),
        Facts::Batch {
            model, category, ..
        } => {
            let model = Subject::Model(model);
            let of = get(&model).await?;
            ([of, Some(own)], category, vec![model, product.clone()])
        }
        _ => return Ok(None),
    };
    let custody = products[0].as_ref().and_then(|model| model.facts.custody());
    if let Some(custody) = custody {
        return Ok(Some(Answered::Elsewhere(custody.clone())));
    }
    Ok(Some(Answered::Here(Box::new(Found {
        unit: None,
        carrier_host: None,
        label: LabelNotice::None,
        labels: Vec::new(),
        record: RecordNotice::InForce,
        category: Some(category),
        passport: None,
        products,
        tags: tags.iter().filter_map(Subject::cache_tag).collect(),
        copied: None,
    }))))
}

impl Found {
    /// Everything public as one document: model, batch and passport.
    pub(crate) fn document(&self) -> Composed<'_> {
        if self.category.is_none() {
            return Composed::default();
        }
        let own = self.passport.as_ref();
        let [model, batch] = part(&self.products);
        let levels = [model, batch, own].into_iter().flatten();
        Composed::of(levels.map(|part| &part.document))
    }

    /// Revisions of model and batch.
    pub(crate) fn product_revisions(&self) -> (u64, u64) {
        let [model, batch] = part(&self.products).map(|part| part.map_or(0, |part| part.revision));
        (model, batch)
    }

    /// What of the document a level above the battery says by itself.
    pub(crate) fn document_of(&self, level: &DigitalLink) -> Option<&Document> {
        let DigitalLink::TradeItem { gtin, lot, .. } = level else {
            return None;
        };
        let [model, batch] = &self.products;
        let (facts, part) = match lot {
            None => (&model.as_ref()?.facts, model),
            Some(_) => (&batch.as_ref()?.facts, batch),
        };
        let is_its_own = match facts {
            Facts::Model { gtins, .. } => gtins.contains(&gtin.to_string()),
            Facts::Batch { lots, .. } => lots.contains(&level.identifying().to_string()),
            _ => false,
        };
        let part = part.as_ref()?.part.as_ref()?;
        is_its_own.then_some(&part.document)
    }
}
