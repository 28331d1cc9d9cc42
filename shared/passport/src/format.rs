//! The forms of dates, addresses and references.

use jiff::Timestamp;
use jiff::civil::Date;

/// Longest URL (the EU registry's limit for product identifiers).
pub(crate) const URL: usize = 2000;
/// Longest media type (RFC 6838 §4.2).
pub(crate) const MEDIA_TYPE: usize = 127;

/// Digits where the pattern has `0`, else the same character.
fn like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == wanted,
            })
}

/// A day since 1900: no battery, and nothing about one, is older.
pub(crate) fn is_date(text: &str) -> bool {
    like(text, "0000-00-00") && text >= "1900" && text.parse::<Date>().is_ok()
}

pub(crate) fn is_year_month(text: &str) -> bool {
    like(text, "0000-00") && is_date(&format!("{text}-01"))
}

/// RFC 3339 with upper-case `T` and `Z`, and without leap seconds; the parser alone would take more forms of ISO 8601.
#[must_use]
pub fn is_time(text: &str) -> bool {
    let offset = ["Z", "+00:00", "-00:00"].iter().any(|form| {
        let start = text.len().saturating_sub(form.len());
        let end = text.get(start..).filter(|end| like(end, form));
        end.is_some_and(|end| end.get(1..3).is_none_or(|hour| hour < "24"))
    });
    text.get(..19)
        .is_some_and(|start| like(start, "0000-00-00T00:00:00"))
        && text.get(17..19).is_some_and(|second| second < "60")
        && offset
        && !text.contains(',')
        && text.parse::<Timestamp>().is_ok()
}

pub(crate) fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    text.len() <= URL
        && !authority.is_empty()
        && !authority.starts_with(':')
        && authority
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte))
        && text.split('%').skip(1).all(|after| {
            after
                .get(..2)
                .is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
}

pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// `type/subtype` (RFC 6838 §4.2), without parameters.
pub(crate) fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= MEDIA_TYPE
        && text
            .split_once('/')
            .is_some_and(|(family, kind)| name(family) && name(kind))
}

/// A dot-atom and a host of at least two labels (RFC 5321 §4.1.2, RFC 6531 for letters beyond ASCII in the host). Forms that
/// nobody is reached by, as quoted names and addresses in brackets, are not taken.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .chars()
                .all(|character| character.is_alphanumeric() || character == '-')
    };
    local.len() <= 64
        && local.split('.').all(atom)
        && host.contains('.')
        && host.split('.').all(label)
}
