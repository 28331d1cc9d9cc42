//! `passport access explain`: why somebody can or cannot, by the policies that decide.

use std::fmt::Write;
use std::path::Path;

use access::{Explained, Principal};
use ledger::Timestamp;
use passport::{EventType, catalogue};
use storage::{Head, Member, Store, Subject};
use uuid::Uuid;
use web::Keyring;

/// Whose rights are explained, and of which passport.
pub(crate) struct Asked<'a> {
    pub(crate) token: Option<&'a str>,
    pub(crate) dpp: &'a str,
    /// An event type; every one where it is not named.
    pub(crate) event: Option<&'a str>,
    /// The data folder of a platform on this machine; the tables of a stage where there is none.
    pub(crate) data: Option<&'a Path>,
}

pub(crate) async fn explain(asked: Asked<'_>) -> Result<String, String> {
    let (store, issuers) = match asked.data {
        Some(data) => local::reached(data)
            .await
            .map_err(|failure| failure.to_string())?,
        None => {
            let store = Store::from_env().await.map_err(|error| error.to_string())?;
            (store, web::issuers_from_env()?)
        }
    };
    let event_types: Vec<&EventType> = match asked.event {
        None => catalogue().event_types().collect(),
        Some(id) => {
            let found = catalogue().event_type(id);
            vec![found.ok_or_else(|| format!("`{id}` is no event type"))?]
        }
    };
    let id = asked.dpp.rsplit('/').next().unwrap_or_default();
    let id =
        Uuid::parse_str(id).map_err(|_| format!("`{}` is no passport's UUID or URI", asked.dpp))?;
    let record = store
        .record(&Subject::Passport(id))
        .await
        .map_err(|error| error.to_string())?;
    let head = record
        .ok_or_else(|| format!("there is no passport {id}"))?
        .head;
    let caller = match asked.token {
        None => None,
        Some(token) => Some(caller(&store, &Keyring::new(issuers), token).await?),
    };
    Ok(report(caller.as_ref(), &head, &event_types))
}

/// Who the token makes its bearer, step by step: what is wrong with it is the explanation.
async fn caller(store: &Store, keyring: &Keyring, token: &str) -> Result<Principal, String> {
    let claims = keyring
        .verify(token)
        .await
        .map_err(|fault| format!("the token counts for nothing: {fault}"))?;
    let member = store.member(&claims.organisation).await;
    let member = member.map_err(|error| error.to_string())?;
    let (organisation, rights) = match member {
        Some(Member {
            organisation,
            rights,
        }) => (Some(organisation), rights),
        None => (None, access::Rights::default()),
    };
    let now = web::now().as_second();
    access::principal(&claims, organisation.as_ref(), &rights, now).map_err(|fault| {
        format!(
            "the token is good, and `{}` of `{}` may do nothing: {fault}",
            claims.subject, claims.organisation
        )
    })
}

fn report(caller: Option<&Principal>, head: &Head, event_types: &[&EventType]) -> String {
    let standing = head.standing();
    let mut text = String::new();
    let mut say = |name: &str, what: &str| {
        let _ = writeln!(text, "{name:<13}{what}");
    };
    match caller {
        None => say("caller", "everybody: no token"),
        Some(principal) => {
            let roles: Vec<&str> = principal.roles.iter().map(|role| role.as_str()).collect();
            let who = format!("{} of {}", principal.subject, principal.organisation);
            say("caller", &who);
            say("roles", &roles.join(", "));
            for grant in &principal.grants {
                let until = Timestamp::from_millisecond(grant.until.saturating_mul(1_000));
                let state = if grant.in_force(principal.at) {
                    "until"
                } else {
                    "over since"
                };
                say(
                    "holds",
                    &format!(
                        "{:?} of {:?} by {}, {state} {until}",
                        grant.right, grant.of, grant.by
                    ),
                );
            }
        }
    }
    let told = |flag: bool, yes: &'static str, no: &'static str| if flag { yes } else { no };
    say(
        "passport",
        told(
            standing.published,
            "published",
            "a draft: known to who answers for it",
        ),
    );
    say("responsible", &head.organisation);
    say("rules", access::edition());
    if standing.recycled {
        say("", "its battery was recycled");
    }
    let _ = writeln!(text);
    let width = 60;
    for Explained {
        action,
        permitted,
        by,
    } in access::explain(caller, &standing, event_types.iter().copied())
    {
        let why = match by.is_empty() {
            true => "no policy permits it".to_owned(),
            false => by.join(", "),
        };
        let _ = writeln!(
            text,
            "{:4}{action:width$}{why}",
            told(permitted, "yes", "no")
        );
    }
    text
}
