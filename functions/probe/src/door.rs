//! Where the platform is asked: over HTTP as any partner does, or the functions themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storage::StoreError;
use uuid::Uuid;

/// How long one answer may take: as long as a function has.
const PATIENCE: Duration = Duration::from_secs(29);

/// It could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No token could be signed.
    #[error(transparent)]
    Key(#[from] StoreError),
    /// There was no answer.
    #[error("{path}: {why}")]
    NoAnswer {
        /// What was asked for.
        path: String,
        /// Why there was none.
        why: String,
    },
    /// What is needed could not be made.
    #[error("{path} answers {status}: {body}")]
    Refused {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
        /// The answer.
        body: Value,
    },
}

/// A way to the platform.
#[derive(Debug)]
pub enum Door {
    /// Over HTTP, at an address without a slash at its end.
    Http {
        /// The client.
        client: Client,
        /// `https://<host>`, and the stage where there is one.
        address: String,
    },
    /// The functions themselves, each by its ARN, with a version.
    Functions {
        /// The client.
        client: aws_sdk_lambda::Client,
        /// Who answers reads.
        reader: String,
        /// Who takes changes.
        updater: String,
    },
}

/// A request.
#[derive(Debug, Default)]
pub(crate) struct Asked<'a> {
    /// Without a query.
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// What is posted; a request without one reads.
    pub(crate) body: Option<&'a Value>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `null` where it is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// Whether it was refused for want of a right; `None` where the answer does not tell.
    pub(crate) const fn is_refused(&self) -> Option<bool> {
        match self.status {
            403 | 404 => Some(true),
            400 | 409 | 412 | 422 => Some(false),
            _ => None,
        }
    }

    /// The same, where it is a success.
    pub(crate) fn expected(self, path: &str) -> Result<Value, Failure> {
        match (200..300).contains(&self.status) {
            true => Ok(self.body),
            false => Err(Failure::Refused {
                path: path.to_owned(),
                status: self.status,
                body: self.body,
            }),
        }
    }
}

impl Door {
    /// Over HTTP.
    ///
    /// # Errors
    /// [`Failure`] where no client can be made.
    pub fn http(address: &str) -> Result<Self, Failure> {
        let client = Client::builder().timeout(PATIENCE).build();
        Ok(Self::Http {
            client: client.map_err(no_answer(address))?,
            address: address.trim_end_matches('/').to_owned(),
        })
    }

    pub(crate) async fn ask(&self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let key = Uuid::new_v4().to_string();
        let mut headers = vec![("accept", "application/json")];
        headers.extend(asked.headers);
        if asked.body.is_some() {
            headers.extend([
                ("content-type", "application/json"),
                ("idempotency-key", &key),
            ]);
        }
        let bearer = asked.token.map(|token| format!("Bearer {token}"));
        headers.extend(bearer.iter().map(|it| ("authorization", it.as_str())));
        match self {
            Self::Http { client, address } => {
                let method = asked.body.map_or(Method::GET, |_| Method::POST);
                let mut request = client.request(method, format!("{address}{}", asked.path));
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                if let Some(body) = asked.body {
                    request = request.body(body.to_string());
                }
                let answer = request.send().await.map_err(no_answer(asked.path))?;
                let status = answer.status().as_u16();
                let bytes = answer.bytes().await.map_err(no_answer(asked.path))?;
                let body = serde_json::from_slice(&bytes).unwrap_or_default();
                Ok(Answer { status, body })
            }
            Self::Functions {
                client,
                reader,
                updater,
            } => {
                let function = asked.body.map_or(reader, |_| updater);
                let event = event(asked, &headers).to_string();
                let call = client.invoke().function_name(function);
                let answer = call.payload(Blob::new(event)).send().await;
                let answer = answer.map_err(|error| Failure::NoAnswer {
                    path: asked.path.to_owned(),
                    why: aws_sdk_lambda::error::DisplayErrorContext(error).to_string(),
                })?;
                let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
                if let Some(error) = answer.function_error {
                    let why = format!("{error}: {}", String::from_utf8_lossy(&payload));
                    return Err(no_answer(asked.path)(why));
                }
                answered(&payload).ok_or_else(|| no_answer(asked.path)("no answer of a function"))
            }
        }
    }

    /// Brings bytes to the address of an announcement.
    pub(crate) async fn upload(&self, upload: Upload, bytes: Vec<u8>) -> Result<(), Failure> {
        let Self::Http { client, .. } = self else {
            return Err(no_answer("upload")("functions take no evidence"));
        };
        let mut request = client.put(upload.url).body(bytes);
        for (name, value) in upload.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.map_err(no_answer("upload"))?;
        answer.error_for_status().map_err(no_answer("upload"))?;
        Ok(())
    }
}

/// Where evidence is brought to, as its announcement is answered.
#[derive(Deserialize)]
pub(crate) struct Upload {
    url: String,
    headers: BTreeMap<String, String>,
}

fn no_answer<E: ToString>(path: &str) -> impl Fn(E) -> Failure {
    move |why| Failure::NoAnswer {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

/// The event that the partner API hands to a function for a request (REST API, proxy integration).
fn event(asked: &Asked<'_>, headers: &[(&str, &str)]) -> Value {
    let headers = headers.iter();
    let single = headers
        .clone()
        .map(|(name, value)| ((*name).to_owned(), json!(value)));
    let multiple = headers.map(|(name, value)| ((*name).to_owned(), json!([value])));
    let path = asked.path;
    let method = asked.body.map_or("GET", |_| "POST");
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": single.collect::<Map<_, _>>(),
        "multiValueHeaders": multiple.collect::<Map<_, _>>(),
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "requestContext": {
            "stage": "live", "path": path, "httpMethod": method, "resourcePath": "/{proxy+}",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": asked.body.map(ToString::to_string), "isBase64Encoded": false,
    })
}

/// What a function answers to such an event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    status_code: u16,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

fn answered(payload: &[u8]) -> Option<Answer> {
    let answer: Answered = serde_json::from_slice(payload).ok()?;
    let body = match answer.is_base64_encoded {
        true => STANDARD.decode(answer.body).ok()?,
        false => answer.body.into_bytes(),
    };
    Some(Answer {
        status: answer.status_code,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
