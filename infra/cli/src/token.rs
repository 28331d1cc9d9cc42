//! The token that a command sends, and the key that it is bound to, where it is.

use std::path::PathBuf;

use local::Holder;
use reqwest::{Client, Method, RequestBuilder};

/// `--token` and `--dpop-key`.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArguments {
    /// A token; `PASSPORT_TOKEN` where it is not given.
    #[arg(long)]
    token: Option<String>,
    /// The file of the key that the token is bound to (RFC 9449), where it is.
    #[arg(long)]
    dpop_key: Option<PathBuf>,
}

/// A token, and who holds it.
#[derive(Debug)]
pub(crate) struct Token {
    text: String,
    holder: Option<Holder>,
}

impl TokenArguments {
    /// The token, where there is one.
    pub(crate) fn read(self) -> Result<Option<Token>, String> {
        let text = self.token.or_else(|| std::env::var("PASSPORT_TOKEN").ok());
        let holder = self.dpop_key.map(|file| match file.exists() {
            true => Holder::open(&file).map_err(|failure| failure.to_string()),
            false => Err(format!("`{}`: there is no such key", file.display())),
        });
        let holder = holder.transpose()?;
        Ok(text.map(|text| Token { text, holder }))
    }
}

impl Token {
    /// A request with a token, where there is one.
    pub(crate) fn request(
        token: Option<&Self>,
        client: &Client,
        method: Method,
        url: &str,
    ) -> RequestBuilder {
        let request = client.request(method.clone(), url);
        match token {
            None => request,
            Some(Self { text, holder: None }) => request.bearer_auth(text),
            Some(Self {
                text,
                holder: Some(holder),
            }) => request
                .header("Authorization", format!("DPoP {text}"))
                .header("DPoP", holder.proof(method.as_str(), url, text)),
        }
    }
}
