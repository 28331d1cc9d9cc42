//! A purchaser shows by a code that came with the battery that it bought it (Article 77(2)(c), second purpose).

use access::{Claim, Person};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{Sha256, Timestamp};
use serde_json::{Value, json};
use storage::{ClaimCode, Facts, Life, OpenRecord, Subject};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Idempotency, Partner, Path, Platform, Problem, Provenance, now};

use crate::rights_change::{Listed, Outcome, RightsChange, id_in, unknown};

/// The alphabet of codes: Crockford's base32, of which no character is taken for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many characters a code has: 80 bits.
const CODE_LENGTH: usize = 16;
/// How many characters stand together.
const TOGETHER: usize = 4;
/// For how long a code counts where nothing else is said, in milliseconds: two years.
const LIFETIME_MS: i64 = 2 * 365 * 24 * 60 * 60 * 1_000;

/// A code for whoever buys the battery.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewClaimCode {
    /// Until when it counts (RFC 3339); two years where absent.
    #[schema(nullable = false, format = DateTime)]
    until: Option<String>,
    /// Why, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// What shows that a battery was bought.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what is sent")]
pub(crate) struct NewClaim {
    /// The code that came with the battery; hyphens, spaces and lower case do not matter.
    #[schema(min_length = 16, max_length = 40)]
    code: String,
    /// Whether everybody of the calling organisation is the purchaser: a fleet, or an agent. The one person of the token where absent.
    #[schema(nullable = false)]
    whole_organisation: Option<bool>,
    /// Why, in a sentence; at most 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Issue a purchaser's code.
///
/// By whoever is responsible, to be delivered with the battery; or by its purchaser, to sell it on. It is told in this answer
/// alone, counts once, and takes the place of one that nobody used.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/claim-codes", operation_id = "issueClaimCode", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewClaimCode, example = json!({"reason": "delivered with the battery"})),
    responses((status = 201, description = "The code", body = web::described::ClaimCode), (status = "default", response = Problem))
)]
pub(crate) async fn issue_code(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let passport = platform.passport_id(&id)?;
    let provenance = Provenance::of_body(&body.json, Some("claim-code-issued"), &["until"])?;
    let location = format!("/v1/dpps/{passport}/claim-codes");
    let route = format!("POST {location}");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let at = now();
    let longest = Timestamp::from_millisecond(at.as_millisecond() + LIFETIME_MS);
    let until = web::optional_time(&body.json, "until")?.unwrap_or(longest);
    if until <= at || until > longest {
        return Err(Problem::malformed(
            "expected a time to come, at most two years from now, in `until`",
        ));
    }
    let subject = Subject::Passport(passport);
    // From the passport's key and the request: a repeated request is answered with the same code, which is kept nowhere.
    let seed = format!("claim code {}", idempotency.name());
    let record = platform.store.record(&subject).await?;
    record
        .filter(|record| caller.knows(&record.head))
        .ok_or_else(unknown)?;
    let keyed = platform.store.person_reference(&subject, &seed).await?;
    let code = code(&keyed.ok_or_else(unknown)?);
    let told = json!({"code": grouped(&code), "until": until});
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![subject],
        as_read: Listed::Nothing,
        status: StatusCode::CREATED,
        work: |records: &[OpenRecord]| {
            let facts = changed(records, |life| {
                life.claim_code = Some(ClaimCode {
                    digest: digest(passport, &code),
                    until,
                });
                Ok(())
            });
            Ok(Outcome {
                facts: vec![facts?],
                listed: Listed::Nothing,
                location: location.clone(),
                body: told.clone(),
            })
        },
        read: |_| async { Ok(told.clone()) },
    }
    .make()
    .await
}

/// Claim a battery.
///
/// With the code that came with it, a purchaser reads what is for persons with a legitimate interest in this one battery (points 2
/// and 4 of Annex XIII). Whoever claimed it before does so no longer: it was sold on.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/claims", operation_id = "claimBattery", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport's UUID, or its whole URI percent-encoded"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = NewClaim, example = json!({"code": "7Q4M-0ZXH-2C8R-KT5V", "reason": "bought with the car"})),
    responses((status = 201, description = "The battery is claimed", body = web::described::Claimed), (status = "default", response = Problem))
)]
pub(crate) async fn claim(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let passport = platform.passport_id(&id)?;
    let others = ["code", "wholeOrganisation"];
    let provenance = Provenance::of_body(&body.json, Some("battery-claimed"), &others)?;
    let route = format!("POST /v1/dpps/{passport}/claims");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let presented = digest(passport, &plain(web::required_text(&body.json, "code")?)?);
    let organisation = &principal.organisation;
    let person = match body.json.get("wholeOrganisation") {
        Some(Value::Bool(true)) => None,
        None | Some(Value::Bool(false)) => {
            let mut random = [0; 32];
            storage::fill_random(&mut random)?;
            Some(Person::new(organisation, &principal.subject, random))
        }
        Some(_) => {
            return Err(Problem::malformed(
                "expected true or false in `wholeOrganisation`",
            ));
        }
    };
    let claim = Claim {
        id: Uuid::now_v7(),
        organisation: organisation.clone(),
        person,
        since: now().as_second(),
    };
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Passport(passport)],
        as_read: Listed::Nothing,
        status: StatusCode::CREATED,
        work: |records: &[OpenRecord]| {
            let facts = changed(records, |life| {
                let fits = life.claim_code.take();
                let fits = fits.filter(|code| code.digest == presented && now() < code.until);
                fits.ok_or_else(|| {
                    Problem::forbidden("this code is not the battery's, was used before, or has run out: ask for another where you bought it")
                })?;
                life.claim = Some(claim.clone());
                Ok(())
            });
            Ok(Outcome {
                facts: vec![facts?],
                listed: Listed::Nothing,
                location: format!("/v1/dpps/{passport}/claims/{}", claim.id),
                body: json!({"id": claim.id, "claimed": true}),
            })
        },
        read: |location: String| async move {
            Ok(json!({"id": id_in(&location, "claims")?, "claimed": true}))
        },
    }
    .make()
    .await
}

/// End a claim.
///
/// The purchaser has the battery no longer, and nobody takes its place; or the platform's operator ends what was claimed wrongly.
#[utoipa::path(
    post, path = "/v1/dpps/{dppId}/claims/{claimId}/end", operation_id = "endClaim", tag = "updater", security(("bearer" = [])),
    params(("dppId" = String, Path, description = "The passport"), ("claimId" = Uuid, Path, description = "The claim"), ("Idempotency-Key" = String, Header, description = "Fresh random value; the same again when retrying")),
    request_body(content = web::described::Why, example = json!({"reason": "the car was scrapped"})),
    responses((status = 200, description = "The claim has ended", body = web::described::Claimed), (status = "default", response = Problem))
)]
pub(crate) async fn end(
    State(platform): State<Platform>,
    Partner(caller): Partner,
    Path((id, claim)): Path<(String, Uuid)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let principal = caller.partner()?;
    let passport = platform.passport_id(&id)?;
    let provenance = Provenance::of_body(&body.json, Some("claim-ended"), &[])?;
    let location = format!("/v1/dpps/{passport}/claims/{claim}");
    let route = format!("POST {location}/end");
    let idempotency = Idempotency::required(&headers, &route, principal, body.hash)?;
    let told = json!({"id": claim, "claimed": false});
    RightsChange {
        platform: &platform,
        caller: &caller,
        provenance,
        idempotency,
        subjects: vec![Subject::Passport(passport)],
        as_read: Listed::Nothing,
        status: StatusCode::OK,
        work: |records: &[OpenRecord]| {
            let facts = changed(records, |life| {
                let ended = life.claim.take().filter(|it| it.id == claim);
                ended.ok_or_else(|| Problem::not_found("there is no such claim"))?;
                // Nor does a code count that whoever claimed it handed out.
                life.claim_code = None;
                Ok(())
            });
            Ok(Outcome {
                facts: vec![facts?],
                listed: Listed::Nothing,
                location: location.clone(),
                body: told.clone(),
            })
        },
        read: |_| async { Ok(told.clone()) },
    }
    .make()
    .await
}

fn changed(
    records: &[OpenRecord],
    change: impl Fn(&mut Life) -> Result<(), Problem>,
) -> Result<Facts, Problem> {
    let mut facts = records.first().map(|record| record.head.facts.clone());
    match &mut facts {
        Some(Facts::Passport { life, .. }) => change(life)?,
        _ => return Err(Problem::internal("a claim of what is no passport")),
    }
    facts.ok_or_else(|| Problem::internal("a claim of nothing"))
}

/// A code of 80 bits from a keyed text.
fn code(keyed: &str) -> String {
    let hash = Sha256::of(keyed.as_bytes());
    let characters = hash.as_bytes().iter().take(CODE_LENGTH);
    let character = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied();
    characters.filter_map(character).map(char::from).collect()
}

/// A code as people read it: `7Q4M-0ZXH-2C8R-KT5V`.
fn grouped(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups = characters.chunks(TOGETHER).map(String::from_iter);
    groups.collect::<Vec<_>>().join("-")
}

/// A code as it was typed, without what does not matter: hyphens, spaces, case, O for 0, I and L for 1.
fn plain(typed: &str) -> Result<String, Problem> {
    let kept = typed.chars().filter(|it| !matches!(it, '-' | ' '));
    let kept = kept.map(|it| match it.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let code: String = kept.take(CODE_LENGTH + 1).collect();
    let fits = code.len() == CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
    match fits {
        true => Ok(code),
        false => Err(Problem::malformed(
            "expected 16 letters and digits, such as `7Q4M-0ZXH-2C8R-KT5V`, in `code`",
        )),
    }
}

/// What is kept of a code. 80 random bits need no slow hash.
fn digest(passport: Uuid, code: &str) -> Sha256 {
    Sha256::of(format!("claim {passport} {code}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = code("keyed");
        let shown = grouped(&code);
        assert_eq!((code.len(), shown.len()), (16, 19));
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', " "),
            code.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(
                plain(&typed).ok().as_deref(),
                Some(code.as_str()),
                "{typed}"
            );
        }
        for wrong in [
            "",
            "7Q4M",
            "7Q4M-0ZXH-2C8R-KT5VV",
            "7Q4M-0ZXH-2C8R-KT5U",
            "7Q4M-0ZXH-2C8R-KT5Ä",
        ] {
            assert!(plain(wrong).is_err(), "{wrong}");
        }
    }
}
