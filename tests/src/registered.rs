//! What an organisation is registered for beside the examples: further roles, and a key of its own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ledger::{ViewKey, ViewStatement};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};
use storage::Registrar;

use crate::{Partner, Stage};

/// A key of an operator's own, on P-256.
pub struct OwnKey {
    secret: EncodingKey,
    public: ViewKey,
}

impl Default for OwnKey {
    fn default() -> Self {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let point = pair.der_bytes();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
        Self {
            secret: EncodingKey::from_ec_der(&pair.serialize_der()),
            public: serde_json::from_value(jwk).unwrap(),
        }
    }
}

impl OwnKey {
    /// As the operator's own program would, from what it is answered.
    #[must_use]
    pub fn sign(&self, view: &Value) -> String {
        let mut statement = view["statement"].clone();
        statement.as_object_mut().unwrap().shift_remove("format");
        let statement: ViewStatement = serde_json::from_value(statement).unwrap();
        let to_sign = statement.to_sign(&self.public).unwrap();
        let signature =
            jsonwebtoken::crypto::sign(to_sign.message(), &self.secret, Algorithm::ES256);
        to_sign.signed(&URL_SAFE_NO_PAD.decode(signature.unwrap()).unwrap())
    }
}

impl Stage {
    /// Registers an organisation anew, as its record is after `change`.
    pub async fn registered(
        &self,
        organisation: &str,
        change: impl FnOnce(&mut access::Organisation),
    ) {
        let store = &self.running.store;
        let mut record = store.organisation(organisation).await.unwrap().unwrap();
        change(&mut record);
        let registrar = Registrar {
            organisation: "operations".to_owned(),
            person: "registrar-1".to_owned(),
            reason: "registered anew".to_owned(),
        };
        let log = format!("{}/log", self.running.log_host);
        let registered = store.register_organisation(&log, record, &registrar, web::now());
        let _ = registered.await.unwrap().unwrap();
    }

    /// From now on it signs its public views itself.
    pub async fn signs_itself(&self, organisation: &str, key: &OwnKey) {
        let public = key.public.clone();
        self.registered(organisation, |record| record.signing_key = Some(public))
            .await;
    }

    /// Somebody of an organisation in a role that the examples do not have it in.
    #[must_use]
    pub fn partner_as(&self, role: &str, organisation: &str) -> Partner<'_> {
        let key = std::fs::read(self.data().join("issuer-key")).unwrap();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("local-1".to_owned());
        let now = web::now().as_millisecond() / 1_000;
        let claims = json!({
            "iss": "https://issuer.local.invalid", "aud": "battery-passport", "sub": format!("{role}@{organisation}"),
            "client_id": "test", "org": organisation, "roles": [role], "jti": uuid::Uuid::new_v4(),
            "iat": now, "nbf": now, "exp": now + 3_600,
        });
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&key));
        let mut partner = self.public();
        partner.token = Some(token.unwrap());
        partner
    }
}
