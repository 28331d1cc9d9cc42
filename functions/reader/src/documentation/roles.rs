//! Roles and access classes: who reads what, and by which rule.

use access::Role;
use maud::{Markup, html};
use passport::Class;

pub(super) const PLACE: &str = "roles";
pub(super) const CLASSES_PLACE: &str = "classes";

pub(super) fn sections() -> Markup {
    html! {
        section id=(PLACE) {
            h2 { "Roles" }
            p {
                "A token asserts roles, and what they read adds up. What an organisation may change follows from the "
                a href={ "#" (super::event_types::PLACE) } { "event types" } "."
            }
            table {
                thead { tr {
                    th scope="col" { "Role" }
                    th scope="col" { "Reads of others' records" }
                    th scope="col" { "Reads wholly what it is responsible for" }
                    th scope="col" { "Sees an event's place in its chain" }
                } }
                tbody { @for role in Role::all() { (row(role)) } }
            }
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

fn row(role: Role) -> Markup {
    html! {
        tr id={ "role-" (role) } {
            th scope="row" { code { (role) } br; span.note { (role.note()) } }
            td data-label="Others' records" {
                @for class in role.classes().iter() {
                    p { (self::class(class)) ": " (role.source(class).unwrap_or_default()) }
                }
            }
            td data-label="Its own" { (role.own_source().unwrap_or("no")) }
            td data-label="Chain" { (role.chain_source().or(role.own_source().map(|_| "of its own records")).unwrap_or("no")) }
        }
    }
}

fn readers(class: Class) -> Markup {
    let roles: Vec<Role> = Role::all()
        .filter(|role| role.source(class).is_some())
        .collect();
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
