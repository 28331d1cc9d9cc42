//! Event types: what can happen, who may say so, and what it does.

use maud::{Markup, html};
use passport::{Audience, Erases, EventType, EvidenceRule, Permit, Relation, catalogue};

use super::prose::listed;
use super::roles;

pub(super) const PLACE: &str = "event-types";

pub(super) fn section() -> Markup {
    html! {
        section id=(PLACE) {
            h2 { "Event types" }
            p {
                code { "POST /v1/dpps/{dppId}/events" }
                " takes the types that happen to a passport from a status it has. The others belong to the operation that does "
                "what they say."
            }
            table.events {
                thead { tr {
                    th scope="col" { "Event type" }
                    th scope="col" { "Raised by" }
                    th scope="col" { "Happens to" }
                    th scope="col" { "Evidence" }
                    th scope="col" { "Seen by" }
                    th scope="col" { "Does" }
                } }
                tbody { @for event_type in catalogue().event_types() { (row(event_type)) } }
            }
        }
    }
}

fn row(event_type: &EventType) -> Markup {
    html! {
        tr id={ "event-" (event_type.id) } {
            th scope="row" { (event_type.label.en) br; code { (event_type.id) } }
            td data-label="Raised by" {
                (permitted(event_type, Relation::Responsible, "responsible for the record as "))
                (permitted(event_type, Relation::Any, "anybody who is "))
                (permitted(event_type, Relation::Offered, "to whom responsibility is offered, as "))
                (permitted(event_type, Relation::AcceptedWaste, "who accepted the battery as waste, as "))
                (permitted(event_type, Relation::Ordered, "who asked for the label, as "))
            }
            td data-label="Happens to" { (target(event_type)) }
            td data-label="Evidence" {
                (match event_type.evidence {
                    EvidenceRule::Required => "required",
                    EvidenceRule::Optional => "optional",
                    EvidenceRule::None => "none",
                })
            }
            td data-label="Seen by" { (audience(event_type.audience)) }
            td data-label="Does" { (effect(event_type)) }
        }
    }
}

/// The roles that may raise it where they stand in this relation to the record.
fn permitted(event_type: &EventType, relation: Relation, standing: &str) -> Markup {
    let permits = event_type.permits().iter();
    let permits: Vec<&Permit> = permits
        .filter(|permit| permit.relation == relation)
        .collect();
    html! {
        @if !permits.is_empty() {
            p { (standing) @for (index, permit) in permits.into_iter().enumerate() { @if index > 0 { ", " } (role(permit)) } }
        }
    }
}

/// The role of a row, on what proof, and whether it only asks.
fn role(permit: &Permit) -> Markup {
    let kinds = permit.proof.iter();
    let kinds: Vec<&str> = kinds
        .filter_map(|kind| Some(catalogue().evidence_kind(kind)?.label.en.as_str()))
        .collect();
    html! {
        (roles::link(&permit.role))
        @if !kinds.is_empty() { " with " (kinds.join(" and ").to_lowercase()) }
        @if permit.approval { " (waits for the responsible organisation)" }
    }
}

fn target(event_type: &EventType) -> Markup {
    html! {
        p { (event_type.subjects.join(", ")) }
        @if !event_type.starts_record() {
            p { "a passport that is " (listed(event_type.from.iter().map(String::as_str))) }
        }
        @if let Some(operation) = &event_type.operation { p { "only by " code { (operation) } } }
        @if !event_type.from_battery.is_empty() {
            p { "a battery that is " (listed(event_type.from_battery.iter().map(String::as_str))) }
        }
    }
}

fn audience(audience: Audience) -> Markup {
    html! {
        @match audience {
            Audience::Fixed(class) => { (roles::class(class)) }
            Audience::OfChanges { at_least } => {
                "the most restrictive class it changes, at least " (roles::class(at_least))
            }
        }
    }
}

fn effect(event_type: &EventType) -> Markup {
    html! {
        @if let Some(status) = event_type.sets_record_status() { p { "the passport becomes " code { (status) } } }
        @if let Some(status) = event_type.sets_battery_status() { p { "the battery becomes " code { (status) } } }
        @if let Some(status) = event_type.starts_successor() { p { "a new passport follows, of a battery that is " code { (status) } } }
        @if let Some(before) = &event_type.out_of_waste_after { p { "out of waste only after " code { (before) } } }
        @if !event_type.states.to.is_empty() {
            p {
                "its changes may say that a battery is " (listed(event_type.states.to.iter().map(String::as_str)))
                @if let Some(record) = event_type.states_only_in() { ", while the passport is a " code { (record) } }
            }
        }
        @match event_type.sets_recall() {
            Some(true) => p { "the battery is recalled" },
            Some(false) => p { "the recall ends" },
            None => {},
        }
        @if event_type.takes_responsibility() { p { "whoever raises it becomes responsible" } }
        @if event_type.corrects { p { "counters may fall, a value may be older than the present one" } }
        @if event_type.restarts_counters { p { "counters that it brings no value of begin anew" } }
        @if event_type.migrates { p { "the record follows the newest version of the catalogue; the platform moves its values" } }
        @match event_type.erases {
            Some(Erases::Values) => p { "former values, and what was said of events, are erased: those that it names in " code { "erases" } },
            Some(Erases::Everything) => p { "whatever not everybody may read is erased, once the passport has ceased to exist" },
            None => {},
        }
        @if event_type.only_data() { p { "changes data, and is written only where it does" } }
        @else if event_type.may_change { p { "may change data" } }
        @else { p { "changes no data" } }
    }
}
