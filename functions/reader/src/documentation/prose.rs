//! Sentences of the OpenAPI document and the catalogue as HTML: of Markdown what they use, and no more.

use maud::{Markup, html};
use serde_json::Value;

/// Paragraphs, `## ` headings and `- ` lists, apart by empty lines.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
            @if let Some(heading) = block.strip_prefix("## ") {
                h3 { (words(heading)) }
            } @else if let Some(list) = block.strip_prefix("- ") {
                ul { @for item in list.split("\n- ") { li { (words(item)) } } }
            } @else {
                p { (words(block)) }
            }
        }
    }
}

/// A sentence; what stands between backticks is code.
pub(super) fn words(text: &str) -> Markup {
    html! {
        @for (index, piece) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

/// The text at a pointer; nothing where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `a`, `b` and `c`, each as code.
pub(super) fn listed<'a>(items: impl IntoIterator<Item = &'a str>) -> Markup {
    html! {
        @for (index, item) in items.into_iter().enumerate() {
            @if index > 0 { ", " }
            code { (item) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code_and_all_is_escaped() {
        assert_eq!(
            words("send `<a>` & go").into_string(),
            "send <code>&lt;a&gt;</code> &amp; go"
        );
    }

    #[test]
    fn headings_lists_and_paragraphs_are_told_apart() {
        assert_eq!(
            prose("One\nline.\n\n## Next\n\n- a\n- `b`\n").into_string(),
            "<p>One\nline.</p><h3>Next</h3><ul><li>a</li><li><code>b</code></li></ul>"
        );
    }
}
