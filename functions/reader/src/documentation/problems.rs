//! Every kind of problem, at the place its `type` leads to.

use maud::{Markup, html};
use web::ProblemKind;

use super::prose::words;

pub(super) const PLACE: &str = "problems";

pub(super) fn section() -> Markup {
    html! {
        section id=(PLACE) {
            h2 { "Problems" }
            table.problems {
                thead { tr { th scope="col" { "Kind" } th scope="col" { "Status" } th scope="col" { "What it means, what to do" } } }
                tbody {
                    @for kind in ProblemKind::ALL {
                        tr id=(kind.name()) {
                            th scope="row" { (words(kind.title())) br; code { (kind.uri()) } }
                            td data-label="Status" { (kind.status().as_u16()) br; small { (kind.status_code()) } }
                            td data-label="What to do" { (words(kind.remedy())) }
                        }
                    }
                }
            }
        }
    }
}
