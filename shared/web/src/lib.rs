//! What every function shares over HTTP: problems, who is calling, bodies, preconditions, provenance, negotiation.

mod body;
mod caller;
mod challenge;
mod contribution;
mod cookie;
mod credentials;
pub mod described;
mod etag;
mod extract;
mod idempotency;
mod keyring;
mod lambda;
mod negotiation;
mod outward;
mod platform;
mod problem;
mod problem_kind;
mod profile;
mod provenance;
mod recent;
mod representation;
mod rights;
mod sign_in;
mod visitor;
mod written;

pub use body::{AnyBody, BODY_LIMIT, Body, member, optional_time, required_text, required_uuid};
pub use caller::{Caller, Partner};
pub use contribution::{Contribution, contribution, no_such_contribution};
pub use cookie::Cookie;
pub use etag::{ETag, Precondition, known, view_name};
pub use extract::{Path, Query};
pub use idempotency::{Decision, Idempotency};
pub use keyring::{Keyring, Unverified};
pub use lambda::{env, finished, log_as_json, run};
pub use negotiation::{Language, accepts, best, language};
pub use outward::{Outward, Unreachable, limited_body};
pub use platform::{Platform, RECYCLING_REVERSAL_DAYS, Site, issuers_from_env, now};
pub use problem::{Problem, ProblemBody};
pub use problem_kind::ProblemKind;
pub use profile::{Foreign, Profiled, Wanted, wanted};
pub use provenance::{Named, Provenance, time};
pub use recent::Recent;
pub use representation::{Representation, Represented};
pub use rights::{AccessRequest, Grant};
pub use sign_in::{Provider, SESSION, SignIn};
pub use visitor::{Session, Visitor, prefers_page};
pub use written::written;

/// The header that proves a change was taken in: `<eventId>:<eventHash>`.
pub const AUDIT_RECEIPT: &str = "audit-receipt";
