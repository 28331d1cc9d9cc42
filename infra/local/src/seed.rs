//! The example batteries, brought in through the public API, as any partner would.

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::platform::{Failure, Running};

/// What was seeded.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct Seeded {
    /// The batteries.
    pub batteries: Vec<Battery>,
}

/// One example battery.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct Battery {
    /// What it is, in a few words.
    pub name: String,
    /// Its unit id.
    pub unit: String,
    /// The label it was allocated with.
    pub first_label: String,
    /// The label in force.
    pub label: String,
    /// Its passport.
    pub passport: String,
    /// The organisation that is responsible for it.
    pub organisation: String,
}

/// An example: a model, a unit of it and its life.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Example {
    name: String,
    organisation: String,
    category: String,
    model: Value,
    #[serde(default)]
    batch: Option<Value>,
    item: Map<String, Value>,
    life: Vec<Happening>,
}

/// One thing that happens to a battery.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Happening {
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    event: Option<Value>,
    #[serde(default)]
    replace_label: Option<Value>,
    #[serde(default)]
    photo: Option<String>,
}

const EXAMPLES: [&str; 3] = [
    include_str!("../examples/ev.json"),
    include_str!("../examples/lmt.json"),
    include_str!("../examples/home-store.json"),
];
const PHOTO: &[u8] = include_bytes!("../examples/photo.png");
pub(crate) const REMEMBERED: &str = "seeded.json";

/// Brings in the examples where the store is new, or where `again` asks for them; otherwise tells of the earlier ones.
///
/// # Errors
/// [`Failure`] with the answer that was not expected.
pub async fn seed(running: &Running, data: &Path, again: bool) -> Result<Seeded, Failure> {
    let remembered = data.join(REMEMBERED);
    if !again && let Ok(bytes) = std::fs::read(&remembered) {
        return Ok(serde_json::from_slice(&bytes)?);
    }
    let mut batteries = Vec::new();
    for example in EXAMPLES {
        let example: Example = serde_json::from_str(example)?;
        batteries.push(bring_in(running, &example).await?);
    }
    let seeded = Seeded { batteries };
    std::fs::write(&remembered, serde_json::to_vec_pretty(&seeded)?)?;
    Ok(seeded)
}

async fn bring_in(running: &Running, example: &Example) -> Result<Battery, Failure> {
    let partner = Partner::new(running, "economic-operator", &example.organisation)?;
    let mut model = example.model.clone();
    put(&mut model, "category", json!(example.category));
    let model = partner.create("/v1/models", &model).await?;
    let mut order = json!({"model": id(&model)?, "count": 1, "reason": "production order"});
    if let Some(batch) = &example.batch {
        let mut batch = batch.clone();
        put(&mut batch, "model", json!(id(&model)?));
        let batch = partner.create("/v1/batches", &batch).await?;
        order = json!({"batch": id(&batch)?, "count": 1, "reason": "production order"});
    }
    let order = partner.create("/v1/units", &order).await?;
    let text = |pointer: &str| -> Result<String, Failure> {
        order
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(format!("an order without `{pointer}`: {order}")))
    };
    let (unit, first_label) = (text("/units/0/unit")?, text("/units/0/label")?);
    let mut payload = example.item.clone();
    payload.insert("uniqueProductIdentifier".to_owned(), json!(unit));
    let passport = partner
        .send(
            partner
                .request(Method::POST, "/v1/dpps")
                .header("DPP-Reason", "end-of-line test passed")
                .json(&payload),
        )
        .await?;
    let passport = id(&passport)?.to_owned();
    let mut battery = Battery {
        name: example.name.clone(),
        label: first_label.clone(),
        first_label,
        unit,
        passport,
        organisation: example.organisation.clone(),
    };
    for happening in &example.life {
        happen(running, &mut battery, example, happening).await?;
    }
    Ok(battery)
}

async fn happen(
    running: &Running,
    battery: &mut Battery,
    example: &Example,
    happening: &Happening,
) -> Result<(), Failure> {
    let organisation = happening
        .organisation
        .as_deref()
        .unwrap_or(&battery.organisation);
    let role = happening.role.as_deref().unwrap_or("economic-operator");
    let partner = Partner::new(running, role, organisation)?;
    if let Some(event) = &happening.event {
        let mut event = event.clone();
        if let Some(title) = &happening.photo {
            put(
                &mut event,
                "evidence",
                json!([partner.upload(title).await?]),
            );
        }
        let path = format!("/v1/dpps/{}/events", battery.passport);
        partner.create(&path, &event).await?;
    }
    if let Some(replacement) = &happening.replace_label {
        let mut replacement = replacement.clone();
        put(&mut replacement, "replaces", json!(battery.label));
        let path = format!("/v1/units/{}/labels", battery.unit);
        let label = partner.create(&path, &replacement).await?;
        let text = |name: &str| {
            let text = label.get(name).and_then(Value::as_str);
            text.ok_or_else(|| Failure::new(format!("a label without `{name}`: {label}")))
        };
        text("label")?.clone_into(&mut battery.label);
        let applied = json!({
            "carrier": text("carrier")?,
            "serialNumber": example.item.get("identification").and_then(|group| group.get("serialNumber")),
            "reason": replacement.get("reason"),
        });
        let path = format!("{path}/{}/application", battery.label);
        partner.create(&path, &applied).await?;
    }
    Ok(())
}

/// Somebody with a token.
struct Partner {
    client: Client,
    origin: String,
    token: String,
}

impl Partner {
    fn new(running: &Running, role: &str, organisation: &str) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(),
            origin: format!("http://127.0.0.1:{}", running.address.port()),
            token: running.token(role, organisation)?,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.origin))
            .bearer_auth(&self.token)
            .header("Idempotency-Key", uuid::Uuid::new_v4().to_string())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = request.send().await?;
        let status = answer.status();
        let url = answer.url().path().to_owned();
        let body = answer.text().await?;
        if !status.is_success() {
            return Err(Failure::new(format!("{url} answered {status}: {body}")));
        }
        Ok(serde_json::from_str(&body)?)
    }

    async fn create(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Announces, uploads and confirms a photo; answers its id.
    async fn upload(&self, title: &str) -> Result<String, Failure> {
        let announced = self
            .create(
                "/v1/evidence",
                &json!({
                    "title": title,
                    "mediaType": "image/png",
                    "size": PHOTO.len(),
                    "sha256": ledger::Sha256::of(PHOTO),
                    "class": 4,
                }),
            )
            .await?;
        let upload = announced.get("upload").cloned().unwrap_or_default();
        let url = upload
            .get("url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mut request = self.client.put(url).body(PHOTO);
        for (name, value) in upload
            .get("headers")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        let answer = request.send().await?;
        if !answer.status().is_success() {
            let status = answer.status();
            return Err(Failure::new(format!(
                "the upload answered {status}: {}",
                answer.text().await?
            )));
        }
        let id = id(&announced)?.to_owned();
        self.send(self.request(Method::POST, &format!("/v1/evidence/{id}/confirmation")))
            .await?;
        Ok(id)
    }
}

fn id(answer: &Value) -> Result<&str, Failure> {
    answer
        .get("id")
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::new(format!("an answer without `id`: {answer}")))
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
