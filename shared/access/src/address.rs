//! Addresses: which may be asked, and when two are the same.

use std::net::IpAddr;

use url::Url;

/// Whether an address may be asked, or people be led to it: TLS, or a developer's own machine.
#[must_use]
pub fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let is_loopback = || {
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        ip.is_ok_and(|ip| ip.is_loopback())
    };
    url.scheme() == "https" || url.scheme() == "http" && is_loopback()
}

/// A request's target in its one spelling (RFC 3986 §6.2.2 and §6.2.3), without query and fragment; `None` where it is none.
pub(crate) fn target(text: &str) -> Option<String> {
    // RFC 3986 knows no other characters; the URL standard would read some of them as something else.
    if !text.bytes().all(|it| it.is_ascii_graphic() && it != b'\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let origin = url.origin();
    (is_plain && origin.is_tuple())
        .then(|| format!("{}{}", origin.ascii_serialization(), unescaped(url.path())))
}

/// Percent-encoded octets in upper case, and none of what needs no encoding (§6.2.2.1 and §6.2.2.2).
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = part.split_at_checked(2);
        let escape = escape.filter(|(hex, _)| hex.bytes().all(|it| it.is_ascii_hexdigit()));
        let octet = escape.and_then(|(hex, rest)| Some((u8::from_str_radix(hex, 16).ok()?, rest)));
        match octet {
            Some((octet, rest)) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                plain.push(char::from(octet));
                plain.push_str(rest);
            }
            Some((octet, rest)) => plain.push_str(&format!("%{octet:02X}{rest}")),
            None => plain.push_str(&format!("%{part}")),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tls_but_on_the_own_machine() {
        for address in [
            "https://login.example/a",
            "http://127.0.0.1:9001/a",
            "http://[::1]/a",
        ] {
            assert!(is_safe(address), "{address}");
        }
        for address in [
            "http://login.example/a",
            "http://127.0.0.1.evil.example/",
            "http://localhost/",
            "ftp://127.0.0.1/",
            "/a",
            "",
        ] {
            assert!(!is_safe(address), "{address}");
        }
    }

    #[test]
    fn a_target_has_one_spelling() {
        let plain = "https://id.example.eu/v1/dpps/a%2Fb";
        for same in [
            plain,
            "HTTPS://ID.Example.eu:443/v1/dpps/a%2fb",
            "https://id.example.eu/v1/x/../dpps/%61%2Fb",
            "https://id.example.eu/v1/dpps/a%2Fb?level=model#top",
        ] {
            assert_eq!(target(same).as_deref(), Some(plain), "{same}");
        }
        for other in [
            "http://id.example.eu/v1/dpps/a%2Fb",
            "https://id.example.eu:8443/v1/dpps/a%2Fb",
            "https://id.example.eu/v1/dpps/a/b",
            "https://id.example.eu/v1/dpps/a%252Fb",
            "https://id.example.eu/v1/dpps/a%2Fb/",
            "https://id.example.eu/V1/dpps/a%2Fb",
        ] {
            assert_ne!(target(other).as_deref(), Some(plain), "{other}");
        }
        for none in [
            "",
            "/v1/dpps/a%2Fb",
            "https://user@id.example.eu/v1",
            "https:\\\\id.example.eu\\v1",
            "https://id.example.eu/v1 ",
            "https://id.example.eu/v\n1",
            "https://id.exämple.eu/v1",
            "urn:passport:1",
        ] {
            assert_eq!(target(none), None, "{none}");
        }
        let empty = target("https://id.example.eu");
        assert_eq!(empty.as_deref(), Some("https://id.example.eu/"));
        let cut = target("https://id.example.eu/a%2").unwrap();
        assert_eq!(cut, "https://id.example.eu/a%2");
    }
}
