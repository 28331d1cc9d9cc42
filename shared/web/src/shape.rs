//! What a request may look like before anything of it is read: its address and its headers. Bodies: [`crate::Body`].

use axum::http::request::Parts;

use crate::Problem;

/// The longest path and query, in bytes.
const ADDRESS: usize = 8_192;
/// The longest query, in bytes.
const QUERY: usize = 4_096;
/// The most parameters of a query.
const PARAMETERS: usize = 32;
/// The most headers.
const HEADERS: usize = 64;
/// The most bytes of all headers together: a token of 8 KiB, and what else there is.
const HEADER_BYTES: usize = 16_384;

/// Refuses what is larger than any request there is a use for.
///
/// # Errors
/// 414 for the address, 431 for the headers (RFC 6585 §5), 400 for the number of parameters.
pub(crate) fn check(parts: &Parts) -> Result<(), Problem> {
    let path = parts.uri.path().len();
    let query = parts.uri.query().unwrap_or_default();
    if path + query.len() > ADDRESS || query.len() > QUERY {
        return Err(Problem::address_too_long(format!(
            "an address has at most {ADDRESS} bytes, {QUERY} of them in its query; send less at a time"
        )));
    }
    if query.split('&').count() > PARAMETERS {
        return Err(Problem::malformed(format!(
            "a query has at most {PARAMETERS} parameters; leave out what is not described at /docs"
        )));
    }
    let bytes = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        name.as_str().len() + value.len()
    };
    let all: usize = parts.headers.iter().map(bytes).sum();
    if parts.headers.len() > HEADERS || all > HEADER_BYTES {
        return Err(Problem::headers_too_large(format!(
            "a request has at most {HEADERS} headers with {HEADER_BYTES} bytes together; leave out what is not described at /docs"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn status(address: &str, headers: usize, longest: usize) -> Option<u16> {
        let mut request = Request::get(address);
        for number in 0..headers {
            request = request.header(format!("x-{number}"), "a".repeat(longest));
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts).err().map(|problem| problem.status().as_u16())
    }

    #[test]
    fn what_is_larger_than_any_request_is_refused() {
        let parameters = |count: usize| format!("/v1/dpps?{}", vec!["a=1"; count].join("&"));
        for (address, headers, longest, expected) in [
            ("/v1/dpps".to_owned(), 64, 100, None),
            (parameters(32), 1, 8_192, None),
            (parameters(33), 0, 0, Some(400)),
            (format!("/v1/{}", "a".repeat(8_200)), 0, 0, Some(414)),
            (format!("/v1/dpps?{}", "a".repeat(4_097)), 0, 0, Some(414)),
            ("/v1/dpps".to_owned(), 65, 1, Some(431)),
            ("/v1/dpps".to_owned(), 3, 6_000, Some(431)),
        ] {
            assert_eq!(status(&address, headers, longest), expected, "{address}");
        }
    }
}
