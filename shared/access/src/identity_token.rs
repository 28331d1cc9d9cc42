//! ID tokens (OpenID Connect Core 1.0 §3.1.3.7): who signed in, said to the one client that asked, once.

use serde_json::Value;

use crate::token::{LEEWAY, authentic, seconds, text};
use crate::{Issuer, KeySet, TokenFault};

/// What an ID token has to say to count.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer that the person was sent to.
    pub issuer: &'a str,
    /// The client that sent it.
    pub client: &'a str,
    /// What was sent along, so that no other sign-in's token is taken for this one's.
    pub nonce: &'a str,
}

/// Checks an ID token of an issuer against its keys as they are now; `now` in seconds since 1970. It says nothing of rights: those come with
/// the access token ([`crate::verify`]).
///
/// # Errors
/// [`TokenFault`]: an access token in its place is of the wrong type, another client's or sign-in's is for somebody else.
pub fn identify(
    token: &str,
    issuer: &Issuer,
    keys: &KeySet,
    expected: Expected<'_>,
    now: i64,
) -> Result<(), TokenFault> {
    let is_id_token = |typ: Option<&str>| typ.is_none_or(|typ| typ.eq_ignore_ascii_case("jwt"));
    let token = authentic(token, issuer, keys, is_id_token)?;
    if issuer.name != expected.issuer {
        return Err(TokenFault::UnknownIssuer);
    }
    text(&token, "sub")?;
    let ours = match token.claims.get("aud") {
        Some(Value::String(one)) => one == expected.client,
        // Several are more than one client can be sure of.
        Some(Value::Array(several)) => {
            matches!(several.as_slice(), [one] if one == expected.client)
        }
        _ => return Err(TokenFault::MissingClaim),
    };
    let authorised = token
        .claims
        .get("azp")
        .is_none_or(|azp| azp == expected.client);
    if !ours || !authorised || text(&token, "nonce")? != expected.nonce {
        return Err(TokenFault::WrongAudience);
    }
    if seconds(&token, "exp")?.saturating_add(LEEWAY) <= now {
        return Err(TokenFault::Expired);
    }
    match seconds(&token, "iat")? > now.saturating_add(LEEWAY) {
        true => Err(TokenFault::NotYetValid),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::signing::{
        ISSUER, ISSUERS, NOW, OTHER_ISSUER, header, issuer_of, signed, with, without,
    };

    const EXPECTED: Expected<'static> = Expected {
        issuer: ISSUER,
        client: "passport",
        nonce: "n-1",
    };

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": "passport", "sub": "person-1", "nonce": "n-1", "iat": NOW - 5, "exp": NOW + 60})
    }

    fn identified(token: &str, expected: Expected<'_>) -> Result<(), TokenFault> {
        let (issuer, keys) = issuer_of(token, &ISSUERS)?;
        identify(token, issuer, keys, expected, NOW)
    }

    fn checked(claims: &Value) -> Result<(), TokenFault> {
        let header = without(header("ed"), "typ");
        identified(&signed(&header, claims), EXPECTED)
    }

    #[test]
    fn an_id_token_of_this_sign_in_counts() {
        assert_eq!(checked(&claims()), Ok(()));
        let several = with(claims(), "aud", json!(["passport"]));
        assert_eq!(checked(&with(several, "azp", json!("passport"))), Ok(()));
        let typed = with(header("ed"), "typ", json!("JWT"));
        let token = signed(&typed, &claims());
        assert_eq!(identified(&token, EXPECTED), Ok(()));
    }

    #[test]
    fn another_sign_ins_clients_or_issuers_does_not() {
        for (name, value) in [
            ("nonce", json!("n-2")),
            ("aud", json!("other")),
            ("aud", json!(["passport", "other"])),
            ("azp", json!("other")),
        ] {
            let fault = checked(&with(claims(), name, value.clone()));
            assert_eq!(fault, Err(TokenFault::WrongAudience), "{name} {value}");
        }
        let foreign = Expected {
            issuer: OTHER_ISSUER,
            ..EXPECTED
        };
        let token = signed(&without(header("ed"), "typ"), &claims());
        let fault = identified(&token, foreign);
        assert_eq!(fault, Err(TokenFault::UnknownIssuer));
    }

    #[test]
    fn an_access_token_is_no_id_token_and_none_lives_for_ever() {
        let access = signed(&header("ed"), &claims());
        let fault = identified(&access, EXPECTED);
        assert_eq!(fault, Err(TokenFault::WrongType));
        for (name, value, fault) in [
            ("exp", NOW - 30, TokenFault::Expired),
            ("iat", NOW + 31, TokenFault::NotYetValid),
        ] {
            assert_eq!(checked(&with(claims(), name, json!(value))), Err(fault));
        }
        for name in ["nonce", "sub", "aud", "exp", "iat"] {
            let fault = checked(&without(claims(), name));
            assert_eq!(fault, Err(TokenFault::MissingClaim), "{name}");
        }
    }
}
