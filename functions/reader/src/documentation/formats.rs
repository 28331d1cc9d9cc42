//! The formats of others: what each of their members is here.

use exchange::{Format, JSON_LD, Place, formats};
use maud::{Markup, html};

pub(super) fn introduction() -> Markup {
    html! {
        p { a href="/docs" { "Operations, problems, roles, event types" } " · " a href="/docs/attributes" { "Attributes" } " · " a href="/openapi.json" { "OpenAPI 3.1" } }
        p {
            "Formats that passports are exchanged in. A format is asked for, or declared, by its profile (RFC 6906), which is the "
            "address of its section on this page: " code { "Accept: application/json; profile=\"https://HOST/docs/formats#<format>\"" }
            " at " code { "GET /v1/dpps/{dppId}" } ", the same in " code { "Content-Type" } " at " code { "POST /v1/models" }
            " (what the document says of the model) and at " code { "POST /v1/dpps" } " (what it says of the battery)."
        }
        p {
            "Nothing is dropped silently: " code { "GET /v1/dpps/{dppId}/exports/<format>" } " names what the format could not carry and "
            "what it asks for that nothing fills, an import answers with what was taken over and what was not. Numbers are "
            "converted exactly or not at all."
        }
        nav aria-label="Contents" {
            ul {
                @for format in formats() { li { a href={ "#" (format.id) } { (format.name) } } }
                li { a href={ "#" (JSON_LD) } { "JSON-LD" } }
            }
        }
    }
}

pub(super) fn sections() -> Markup {
    html! {
        @for format in formats() { (section(format)) }
        (json_ld())
    }
}

fn json_ld() -> Markup {
    html! {
        section id=(JSON_LD) {
            h2 { "JSON-LD" }
            p {
                "The platform's own form as linked data: asked for with " code { "Accept: application/ld+json" }
                ", brought in with " code { "Content-Type: application/ld+json" } " at the same routes. Its id: " code { (JSON_LD) } "."
            }
            p {
                "Its context is at " a href="/v1/context.jsonld" { code { "/v1/context.jsonld" } } "; each of its terms is an address on "
                a href="/docs/attributes" { "the page of attributes" } ". An export loses nothing. An import takes a document with "
                code { "\"@type\": \"DigitalProductPassport\"" } " and, as " code { "@context" } ", that address on any site of "
                "this product, member by member as it was written. No context is ever fetched: a document with another one, or "
                "with one of its own, is refused. The header is derived anew and told as such, values of earlier versions of the "
                "catalogue become those of the newest."
            }
        }
    }
}

fn section(format: &Format) -> Markup {
    html! {
        section id=(format.id) {
            h2 { (format.name) }
            p { (format.about) }
            p { "Its id: " code { (format.id) } "." }
            @if !format.variants.is_empty() {
                p { "The battery's category decides which form is written. A form can be asked for by its own id:" }
                ul {
                    @for variant in &format.variants {
                        @let id = format!("{}-{}", format.id, variant.id);
                        li id=(id) {
                            code { (id) } " for " code { (variant.category) }
                            @if variant.on_request { ", only where it is asked for" }
                        }
                    }
                }
            }
            table.attributes {
                thead { tr {
                    th scope="col" { "Member" }
                    th scope="col" { "Here" }
                } }
                tbody { @for place in format.places() { (row(&place)) } }
            }
        }
    }
}

fn row(place: &Place<'_>) -> Markup {
    html! {
        tr {
            th scope="row" {
                code { (place.at) }
                @if !place.only.is_empty() { p.note { "In the forms " (place.only.join(", ")) } }
            }
            td data-label="Here" {
                @match (place.attribute, &place.to) {
                    (Some(attribute), Some(to)) => {
                        a href={ "/docs/attributes#" (attribute.pointer()) } { code { (to) } }
                    }
                    (_, Some(to)) => code { (to) },
                    _ => "—",
                }
                @if let Some(chosen) = &place.chosen_by {
                    p.note { "Of the elements of the list, the one with " code { (chosen) } ": it goes out from no other, and comes in as that" }
                }
                @if let Some(why) = place.why { p.note { (why) } }
            }
        }
    }
}
