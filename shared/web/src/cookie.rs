//! Cookies (RFC 6265): sealed, for one purpose, out of reach for scripts and for other sites' requests.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::CookieSeal;

use crate::{Problem, Site, now};

/// A cookie by its purpose.
#[derive(Debug, Clone, Copy)]
pub struct Cookie {
    /// Its name.
    pub name: &'static str,
    /// Where it is sent.
    pub path: &'static str,
}

impl Cookie {
    /// Sets it to a sealed value, until `expires` (in seconds since 1970).
    ///
    /// # Errors
    /// 503 where it cannot be sealed.
    pub async fn set<T: Serialize>(
        self,
        value: &T,
        expires: i64,
        seal: &CookieSeal,
        site: &Site,
    ) -> Result<HeaderValue, Problem> {
        let clear = serde_json::to_vec(value).map_err(Problem::internal)?;
        let now = now().as_second();
        let sealed = seal.seal(self.name, &clear, expires, now).await?;
        let lifetime = expires.saturating_sub(now);
        HeaderValue::from_str(&self.written(&sealed, lifetime, site)).map_err(Problem::internal)
    }

    /// Takes it away.
    #[must_use]
    pub fn forget(self, site: &Site) -> HeaderValue {
        HeaderValue::from_str(&self.written("", 0, site)).unwrap_or(HeaderValue::from_static(""))
    }

    /// Its value, and whether one came at all: a browser may hold several by one name, the first that opens counts.
    ///
    /// # Errors
    /// 503 where the seal cannot be opened just now.
    pub async fn read<T: DeserializeOwned>(
        self,
        headers: &HeaderMap,
        seal: &CookieSeal,
        site: &Site,
    ) -> Result<(bool, Option<T>), Problem> {
        /// More are not looked at.
        const MOST: usize = 4;
        let name = self.full_name(site);
        let pairs = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name);
        let mut came = false;
        for (_, text) in pairs.take(MOST) {
            came = true;
            let clear = seal.open(self.name, text, now().as_second()).await?;
            if let Some(value) = clear.and_then(|clear| serde_json::from_slice(&clear).ok()) {
                return Ok((came, Some(value)));
            }
        }
        Ok((came, None))
    }

    /// Over TLS a name that only a secure origin can set (RFC 6265bis §4.1.3.1).
    fn full_name(self, site: &Site) -> String {
        let prefix = if site.https { "__Secure-" } else { "" };
        format!("{prefix}{}", self.name)
    }

    fn written(self, value: &str, lifetime: i64, site: &Site) -> String {
        let secure = if site.https { "; Secure" } else { "" };
        format!(
            "{}={value}; Path={}; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}",
            self.full_name(site),
            self.path
        )
    }
}

#[cfg(test)]
mod tests {
    use identity::Host;

    use super::*;

    #[test]
    fn over_tls_it_is_secure_and_nobody_elses() {
        let cookie = Cookie {
            name: "session",
            path: "/v1",
        };
        let site = |https| Site {
            host: Host::parse("id.example.eu").unwrap(),
            log_host: Host::parse("id.example.eu").unwrap(),
            https,
            market: false,
            recycling_reversal_days: 0,
        };
        assert_eq!(
            cookie.written("x", 60, &site(true)),
            "__Secure-session=x; Path=/v1; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie.forget(&site(false)),
            "session=; Path=/v1; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }
}
