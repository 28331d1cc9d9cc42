//! What the function made of requests that come again and again: it does with equal requests what it did before.

use std::sync::Arc;

use axum::http::request::Parts;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The headers the function reads.
pub(crate) const READ: [&str; 3] = ["host", "accept", "accept-language"];
/// In bytes.
const CACHE: u64 = 16 << 20;
/// About how many requests that is.
const REQUESTS: usize = 50_000;

/// Requests and their canonical form.
#[derive(Debug)]
pub(crate) struct Folds(Cache<Arc<str>, Fold, Size>);

/// A canonical request.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    pub(crate) path: Arc<str>,
    pub(crate) snapshots: bool,
    /// The viewer's own query, which is no part of the key.
    pub(crate) query: Option<Arc<str>>,
    /// The state of the switches that it was folded by.
    pub(crate) switched: u64,
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Arc<str>, Fold> for Size {
    fn weight(&self, key: &Arc<str>, fold: &Fold) -> u64 {
        const REST: usize = 100;
        u64::try_from(2 * key.len() + fold.path.len() + REST).unwrap_or(u64::MAX)
    }
}

impl Folds {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(REQUESTS, CACHE, Size))
    }

    /// A request's whole influence on the function; `None` where it has headers that no text is.
    pub(crate) fn key(parts: &Parts) -> Option<String> {
        const USUAL: usize = 256;
        let mut key = String::with_capacity(USUAL);
        key.push_str(parts.method.as_str());
        for part in [parts.uri.path(), parts.uri.query().unwrap_or("\n")] {
            key.push(' ');
            key.push_str(part);
        }
        for name in READ {
            for value in parts.headers.get_all(name) {
                key.push('\n');
                key.push_str(name);
                key.push(' ');
                key.push_str(value.to_str().ok()?);
            }
        }
        Some(key)
    }

    pub(crate) fn get(&self, key: &str, switched: u64) -> Option<Fold> {
        self.0.get(key).filter(|fold| fold.switched == switched)
    }

    pub(crate) fn keep(&self, key: &str, fold: &Fold) {
        self.0.insert(key.into(), fold.clone());
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// Whoever has the function read another header has it stand in the key.
    #[test]
    fn the_function_reads_no_other_header() {
        let mut read: Vec<&str> = crate::FUNCTION
            .split("header('")
            .skip(1)
            .filter_map(|rest| rest.split('\'').next())
            .collect();
        read.sort_unstable();
        read.dedup();
        let mut known = READ;
        known.sort_unstable();
        assert_eq!(read, known);
        assert_eq!(crate::FUNCTION.matches("request.headers").count(), 4);
    }

    #[test]
    fn requests_that_differ_have_keys_that_differ() {
        let key = |uri: &str, headers: &[(&str, &str)]| {
            let request = headers
                .iter()
                .fold(Request::get(uri), |request, (name, value)| {
                    request.header(*name, *value)
                });
            Folds::key(&request.body(()).unwrap().into_parts().0).unwrap()
        };
        let keys = [
            key("/a", &[]),
            key("/a?", &[]),
            key("/a?b", &[]),
            key("/a/b", &[]),
            key("/a", &[("accept", "x")]),
            key("/a", &[("accept", "x"), ("accept", "y")]),
            key("/a", &[("accept-language", "x")]),
            key("/a", &[("host", "x")]),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(one), "{one}");
        }
        assert_eq!(key("/a", &[("cookie", "x")]), key("/a", &[]));
    }
}
