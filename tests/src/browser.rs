//! A person's browser: it asks for pages, keeps cookies, and follows a link when it is told to.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::{Answer, Stage, read};

/// A browser with its cookies.
pub struct Browser<'a> {
    stage: &'a Stage,
    /// The cookies, by their names.
    pub cookies: BTreeMap<String, String>,
}

impl Stage {
    /// A browser that was never here.
    #[must_use]
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            stage: self,
            cookies: BTreeMap::new(),
        }
    }
}

impl Browser<'_> {
    /// Opens an address, of this platform where it is only a path.
    pub async fn open(&mut self, address: &str) -> Answer {
        self.send("GET", address, &[("accept", "text/html")]).await
    }

    /// Sends a request with every cookie that was kept for this host: cookies know no ports.
    pub async fn send(&mut self, method: &str, address: &str, headers: &[(&str, &str)]) -> Answer {
        let address = match address.starts_with('/') {
            true => format!("{}{address}", self.stage.origin),
            false => address.to_owned(),
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.stage.client.request(method, address);
        let cookies = self.cookies.iter();
        let cookies: Vec<String> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = read(request.send().await.unwrap()).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Begins to sign in: the address at the provider.
    pub async fn begin(&mut self, back: &str) -> String {
        let path = format!("/v1/sign-in?return={back}");
        let begun = self.open(&path).await.expect(303);
        begun.header("location").to_owned()
    }

    /// Goes to the provider: where it leads back to.
    pub async fn at_the_provider(&mut self, way: &str) -> String {
        let answered = self.open(way).await.expect(303);
        answered.header("location").to_owned()
    }

    /// Signs in, from the first click to the page.
    pub async fn sign_in(&mut self, back: &str) -> Answer {
        let way = self.begin(back).await;
        let answer = self.at_the_provider(&way).await;
        let signed_in = self.open(&answer).await.expect(303);
        assert_eq!(signed_in.header("location"), back);
        self.open(back).await
    }
}
