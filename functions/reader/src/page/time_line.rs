//! What happened, newest first.

use ledger::{AttributeChange, EvidenceReference};
use maud::{Markup, html};
use page::{Writing, time};
use passport::{Category, Erases, Type, catalogue};
use web::{Caller, Platform, Problem};

use crate::answer::Event;
use crate::history;
use crate::view::Loaded;

/// More events are not shown.
const MOST: usize = 100;

/// The time line of what this caller may know of.
pub(super) async fn of(
    platform: &Platform,
    caller: &Caller,
    loaded: &Loaded,
    writing: Writing,
) -> Result<Markup, Problem> {
    let events = history::told(platform, caller, &loaded.passport).await?;
    let texts = &writing.texts.rights;
    let telling = Telling {
        writing,
        category: loaded.category,
        is_partner: matches!(caller, Caller::Partner(_)),
    };
    Ok(html! {
        @if !events.is_empty() {
            section #events {
                h2 { (texts.events) }
                ol.events reversed { @for event in events.iter().rev().take(MOST) { (telling.event(event)) } }
                @if events.len() > MOST { p { (texts.older) } }
            }
        }
    })
}

/// How events are told: to whom, of which battery.
#[derive(Clone, Copy)]
struct Telling {
    writing: Writing,
    category: Category,
    is_partner: bool,
}

impl Telling {
    fn event(self, event: &Event) -> Markup {
        let texts = &self.writing.texts.rights;
        let recorded = event.at.to_string();
        if event.withheld {
            return html! {
                li.withheld { h3 { (texts.withheld) } p.when { (self.time(&recorded)) } }
            };
        }
        let happened = event.occurred_at.map(|at| at.to_string());
        let recorded_later = happened
            .as_ref()
            .is_some_and(|happened| *happened != recorded);
        let evidence = event.evidence.as_deref().unwrap_or_default();
        let changes = event.changes.as_deref().unwrap_or_default();
        html! {
            li {
                h3 {
                    @match (&event.label, &event.event_type) {
                        (Some(label), _) => (self.writing.words(label)),
                        (None, Some(id)) => (id),
                        (None, None) => {}
                    }
                }
                p.when { (self.time(happened.as_ref().unwrap_or(&recorded))) }
                dl {
                    @if recorded_later { (row(&texts.recorded, &self.time(&recorded))) }
                    @if let Some(actor) = &event.actor { (row(&texts.by, &html! { (actor.organisation) " (" (actor.role) ")" })) }
                    @match &event.reason {
                        Some(reason) => (row(&texts.reason, &html! { (reason) })),
                        None => (row(&texts.reason, &self.erased())),
                    }
                    @if let Some(notes) = &event.notes { (row(&texts.notes, &html! { (notes) })) }
                    @if !evidence.is_empty() { (row(&texts.evidence, &self.evidence(evidence))) }
                    (self.changes(changes))
                }
            }
        }
    }

    /// In the place of what was erased: what erased it.
    fn erased(self) -> Markup {
        let erasing = catalogue()
            .event_types()
            .find(|it| it.erases == Some(Erases::Values));
        html! { @if let Some(erasing) = erasing { em { (self.writing.words(&erasing.label)) } } }
    }

    fn time(self, text: &str) -> Markup {
        time(text, self.writing.texts.notation.time(text))
    }

    fn evidence(self, pieces: &[EvidenceReference]) -> Markup {
        let name = |piece: &EvidenceReference| match &piece.kind {
            Some(kind) => format!("{kind} ({})", piece.media_type),
            None => piece.media_type.clone(),
        };
        html! {
            ul { @for piece in pieces {
                li {
                    @if self.is_partner { a href={ "/v1/evidence/" (piece.id) } rel="nofollow" { (name(piece)) } }
                    @else { (name(piece)) }
                }
            } }
        }
    }

    /// What changed, as far as the guidance in force shows it; of what is long only that it did.
    fn changes(self, changes: &[AttributeChange]) -> Markup {
        let guidance = catalogue().active_guidance();
        let shown = changes.iter().filter_map(|change| {
            let attribute = catalogue().by_pointer(&change.pointer)?;
            let is_shown = passport::visible(attribute, guidance, self.category);
            is_shown.then_some((attribute, change))
        });
        let shown: Vec<_> = shown.collect();
        if shown.is_empty() {
            return Markup::default();
        }
        let list = html! {
            ul { @for (attribute, change) in shown {
                li {
                    (self.writing.words(&attribute.label))
                    @if is_short(&attribute.ty) {
                        (self.writing.texts.notation.colon)
                        @if let Some(before) = &change.before { del { (self.writing.value(&attribute.ty, before)) } " → " }
                        @match &change.after {
                            Some(after) => ins { (self.writing.value(&attribute.ty, after)) },
                            None => "–",
                        }
                    }
                }
            } }
        };
        row(&self.writing.texts.rights.changed, &list)
    }
}

fn row(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// Whether a value fits on a line.
const fn is_short(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::Record { .. } | Type::List { .. } | Type::LocalizedText { .. } | Type::Document
    )
}
