//! The life of a battery and of its record: every way a status moves.

use maud::{Markup, html};
use passport::{Move, battery_moves, catalogue, record_moves};

pub(super) const PLACE: &str = "life";

pub(super) fn section() -> Markup {
    html! {
        section id=(PLACE) {
            h2 { "The life of a battery" }
            p {
                "A status moves by these event types and in no other way. The status of a record is public; that of the battery is "
                (super::roles::class(passport::Class::Individual)) "."
            }
            (table("Record", &record_moves(catalogue())))
            (table("Battery", &battery_moves(catalogue())))
        }
    }
}

fn table(what: &str, moves: &[Move<'_>]) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { (what) " from" } th scope="col" { "to" } th scope="col" { "by" } } }
            tbody {
                @for one in moves {
                    tr {
                        td data-label="From" { code { (one.from) } }
                        td data-label="To" { code { (one.to) } @if one.next { ", in the passport that follows" }
                            @if let Some(record) = one.only_in { ", while the passport is a " code { (record) } } }
                        td data-label="By" { a href={ "#event-" (one.by) } { code { (one.by) } } }
                    }
                }
            }
        }
    }
}
