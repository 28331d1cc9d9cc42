//! Roles and access classes: who reads what, and by which rule.

use access::{Case, Reading, Role};
use maud::{Markup, html};
use passport::Class;

pub(super) const PLACE: &str = "roles";
pub(super) const CLASSES_PLACE: &str = "classes";

pub(super) fn sections() -> Markup {
    html! {
        section id=(PLACE) {
            h2 { "Roles" }
            p {
                "A token asserts roles, and what they read adds up: that is what the " a href="#policies" { "policies" } " say. "
                "What an organisation may change follows from the "
                a href={ "#" (super::event_types::PLACE) } { "event types" } "."
            }
            table {
                thead { tr {
                    th scope="col" { "Role" }
                    th scope="col" { "Reads of others' records" }
                    th scope="col" { "Of what it is offered responsibility for" }
                    th scope="col" { "Of what it is responsible for" }
                    th scope="col" { "Sees an event's place in its chain" }
                } }
                tbody { @for role in Role::all() { (row(role)) } }
            }
        }
        section id="policies" {
            h2 { "Policies" }
            p { "Access is denied where none of these permits it, whatever a role is called (they are written in Cedar). What is forbidden no other policy permits." }
            (policies())
        }
        section id=(CLASSES_PLACE) {
            h2 { "Access classes" }
            p { "Every attribute is in one class, and so are evidence and events. They are the points of Annex XIII, which are not nested, and class 0." }
            table.classes {
                thead { tr { th scope="col" { "Class" } th scope="col" { "For" } th scope="col" { "Read by the roles" } } }
                tbody {
                    @for class in Class::ALL {
                        tr id={ "class-" (class.number()) } {
                            th scope="row" { (class.number()) }
                            td data-label="For" { (class.readers()) }
                            td data-label="Roles" { (readers(class)) }
                        }
                    }
                }
            }
        }
    }
}

/// A role, by what it may in each standing to a published record.
fn row(role: Role) -> Markup {
    let of = |standing| Case {
        role: Some(role),
        standing,
        state: "published",
    };
    let (others, own, offered) = (of("none"), of("responsible"), of("offered"));
    html! {
        tr id={ "role-" (role) } {
            th scope="row" { code { (role) } br; span.note { (role.note()) } }
            td data-label="Others' records" { (classes(others.reads())) }
            td data-label="Offered" { (classes(offered.reads())) }
            td data-label="Its own" { (classes(own.reads())) }
            td data-label="Chain" {
                @match (others.reads().chain, own.reads().chain) {
                    (true, _) => "yes",
                    (false, true) => "of its own records",
                    _ => "no",
                }
            }
        }
    }
}

fn classes(reading: Reading) -> Markup {
    html! {
        @for (index, class) in reading.classes.iter().enumerate() { @if index > 0 { ", " } (self::class(class)) }
    }
}

/// Every policy: its name, the rule it comes from, and its text.
fn policies() -> Markup {
    html! {
        @for policy in access::policies() {
            details id={ "policy-" (policy.id) } {
                summary { code { (policy.id) } " " span.note { (policy.basis) } }
                pre { (policy.text) }
            }
        }
    }
}

fn readers(class: Class) -> Markup {
    let reads = |role: &Role| {
        let case = Case {
            role: Some(*role),
            standing: "none",
            state: "published",
        };
        case.reads().classes.contains(class)
    };
    let roles: Vec<Role> = Role::all().filter(reads).collect();
    html! {
        @if class == Class::Public { "everybody, without a token" }
        @else if roles.is_empty() { "none; only by being responsible for the record" }
        @else { @for (index, role) in roles.into_iter().enumerate() { @if index > 0 { ", " } (link(role.as_str())) } }
    }
}

/// A role, leading to its row.
pub(super) fn link(role: &str) -> Markup {
    html! { a href={ "/docs#role-" (role) } { code { (role) } } }
}

/// A class, leading to its row.
pub(super) fn class(class: Class) -> Markup {
    html! { a href={ "/docs#class-" (class.number()) } { "class " (class.number()) } }
}
