//! A time-stamp authority's word for when something was there (RFC 3161), which whoever distrusts every clock and key of the platform
//! checks with `openssl ts -verify`.

use std::time::Duration;

use cmpv2::status::PkiStatus;
use cms::cert::x509::spki::AlgorithmIdentifier;
use cms::signed_data::SignedData;
use der::asn1::{Any, Int, OctetString};
use der::oid::db::rfc5912::ID_SHA_256;
use der::{Decode, Encode};
use ledger::Sha256;
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

/// How long an authority may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of an answer; with a chain of certificates it has some thousands.
const LARGEST: usize = 64 << 10;
const NONCE: usize = 8;

/// An authority that stamps.
#[derive(Debug, Clone)]
pub struct Authority {
    url: String,
    client: reqwest::Client,
}

/// Why there is no stamp.
#[derive(Debug, thiserror::Error)]
pub enum Unstamped {
    /// It did not answer.
    #[error("the authority did not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// It answered something else than a stamp of what it was asked for.
    #[error("{0}")]
    NotAStamp(String),
    /// The random source failed.
    #[error(transparent)]
    Store(#[from] storage::StoreError),
}

impl Authority {
    /// The authority at this address.
    ///
    /// # Errors
    /// [`Unstamped::Unreachable`] where there can be no client.
    pub fn at(url: &str) -> Result<Self, Unstamped> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            url: url.to_owned(),
            client: client.build()?,
        })
    }

    /// A stamp of this text: `TimeStampResp` in DER. It is of this text and answers this very request; whether the authority is one to
    /// trust is for whoever verifies it.
    ///
    /// # Errors
    /// [`Unstamped`].
    pub async fn stamp(&self, text: &[u8]) -> Result<Vec<u8>, Unstamped> {
        let mut nonce = [0; NONCE];
        storage::fill_random(&mut nonce)?;
        // Positive, and with no byte before it that says nothing.
        nonce[0] = nonce[0] & 0x7f | 0x40;
        let request = request(text, nonce).map_err(not_a_stamp)?;
        let asked = self
            .client
            .post(&self.url)
            .header("content-type", "application/timestamp-query")
            .body(request.to_der().map_err(not_a_stamp)?);
        let mut answer = asked.send().await?.error_for_status()?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                let what = format!("the answer has more than {LARGEST} bytes");
                return Err(Unstamped::NotAStamp(what));
            }
        }
        is_of(&request, &bytes)?;
        Ok(bytes)
    }
}

fn not_a_stamp(error: impl std::fmt::Display) -> Unstamped {
    Unstamped::NotAStamp(format!("the answer is no time-stamp: {error}"))
}

fn request(text: &[u8], nonce: [u8; NONCE]) -> Result<TimeStampReq, der::Error> {
    let hash = Sha256::of(text);
    Ok(TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifier {
                oid: ID_SHA_256,
                // Absent would do (RFC 5754 §2); OpenSSL writes NULL, so every authority knows it.
                parameters: Some(Any::null()),
            },
            hashed_message: OctetString::new(hash.as_bytes().to_vec())?,
        },
        req_policy: None,
        nonce: Some(Int::new(&nonce)?),
        cert_req: true,
        extensions: None,
    })
}

/// Whether an answer grants this request.
fn is_of(request: &TimeStampReq, answer: &[u8]) -> Result<(), Unstamped> {
    let answer = TimeStampResp::from_der(answer).map_err(not_a_stamp)?;
    let granted = [PkiStatus::Accepted, PkiStatus::GrantedWithMods];
    if !granted.contains(&answer.status.status) {
        let status = answer.status.status;
        return Err(Unstamped::NotAStamp(format!(
            "the authority refused: {status:?}"
        )));
    }
    let told = |what: &str| Unstamped::NotAStamp(what.to_owned());
    let token = answer.time_stamp_token;
    let token = token.ok_or_else(|| told("the answer holds no stamp"))?;
    let signed: SignedData = token.content.decode_as().map_err(not_a_stamp)?;
    let content = signed.encap_content_info.econtent;
    let content = content.ok_or_else(|| told("the stamp holds nothing"))?;
    let stamp = TstInfo::from_der(content.value()).map_err(not_a_stamp)?;
    if stamp.message_imprint.hashed_message != request.message_imprint.hashed_message
        || stamp.message_imprint.hash_algorithm.oid != request.message_imprint.hash_algorithm.oid
    {
        return Err(told("the stamp is of something else"));
    }
    if stamp.nonce != request.nonce {
        return Err(told("the stamp answers another request"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_openssl_writes() {
        let mut nonce = [0; NONCE];
        hex::decode_to_slice("414cfce4e0651827", &mut nonce).unwrap();
        let written = request(b"abc", nonce).unwrap().to_der().unwrap();
        // `openssl ts -query -data abc -sha256 -cert`, but for its nonce.
        let expected = "30430201013031300d06096086480165030402010500\
                        0420ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\
                        0208414cfce4e06518270101ff";
        assert_eq!(hex::encode(written), expected);
    }

    #[test]
    fn what_is_no_stamp_is_told() {
        let request = request(b"abc", [0x41; NONCE]).unwrap();
        // Rejected: PKIStatus 2.
        let refused = is_of(&request, &[0x30, 5, 0x30, 3, 2, 1, 2]).unwrap_err();
        assert_eq!(refused.to_string(), "the authority refused: Rejection");
        let empty = is_of(&request, &[0x30, 5, 0x30, 3, 2, 1, 0]).unwrap_err();
        assert_eq!(empty.to_string(), "the answer holds no stamp");
        for bytes in [&b""[..], b"<html>", &[0x30, 0x80]] {
            let told = is_of(&request, bytes).unwrap_err().to_string();
            assert!(told.starts_with("the answer is no time-stamp"), "{told}");
        }
    }
}
