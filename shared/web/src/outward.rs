//! What is asked of servers of others: providers of people's sign-in, issuers of tokens.

use std::sync::OnceLock;
use std::time::Duration;

use access::is_safe;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

/// The longest answer, in bytes.
const LONGEST: usize = 64 << 10;

/// A server did not answer, or not with what was asked for; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

impl Unreachable {
    /// The same with its cause as text.
    pub fn because(cause: impl std::fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// Asks servers of others: over TLS (but on a developer's own machine), follows no redirect, and neither waits nor reads for long.
#[derive(Debug, Default)]
pub struct Outward {
    /// Made at the first question: most functions never ask one.
    client: OnceLock<Client>,
}

impl Outward {
    /// How long one answer may take, where its caller is not more hurried.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// The client of every question.
    ///
    /// # Errors
    /// [`Unreachable`] where none can be made.
    pub fn client(&self) -> Result<&Client, Unreachable> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Self::PATIENCE)
            .build()
            .map_err(Unreachable::because)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// What is served at an address, where it is served with success and the whole of it within this time.
    ///
    /// # Errors
    /// [`Unreachable`].
    pub async fn get(&self, address: &str, patience: Duration) -> Result<Response, Unreachable> {
        if !is_safe(address) {
            return Err(Unreachable(format!("`{address}` is not `https`")));
        }
        let asked = self.client()?.get(address).timeout(patience).send().await;
        let response = asked.map_err(Unreachable::because)?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(Unreachable(format!("it answers {}", response.status()))),
        }
    }
}

/// A body, up to 64 KiB.
///
/// # Errors
/// [`Unreachable`] where it is longer, or ends early.
pub async fn limited_body(mut response: Response) -> Result<Vec<u8>, Unreachable> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unreachable::because)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(Unreachable("its answer is too long".to_owned()));
        }
    }
    Ok(body)
}
