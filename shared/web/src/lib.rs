//! What every function shares over HTTP: problems, who is calling, bodies, preconditions, provenance, negotiation.

mod address;
mod addresses;
mod body;
mod caller;
mod clock;
mod cookie;
pub mod described;
mod etag;
mod extract;
mod idempotency;
mod lambda;
mod limited;
mod limiter;
mod limits;
mod negotiation;
mod platform;
mod problem;
mod problem_kind;
mod profile;
mod provenance;
mod recent;
mod representation;
mod shape;
mod sign_in;
mod slice;
mod tally;
mod visitor;
mod written;

pub use address::Address;
pub use addresses::Addresses;
pub use body::{AnyBody, BODY_LIMIT, Body, member, required_text, required_uuid};
pub use caller::{Caller, Partner};
pub use clock::Clock;
pub use cookie::Cookie;
pub use etag::{ETag, Precondition, known, view_name};
pub use extract::{Path, Query};
pub use idempotency::{Decision, Idempotency};
pub use lambda::{env, finished, log_as_json, run};
pub use limited::{Counted, RefusedPage, partners};
pub use limiter::Limiter;
pub use limits::{Budgets, Limits, Scans};
pub use negotiation::{Language, accepts, best, language};
pub use platform::{Platform, RECYCLING_REVERSAL_DAYS, Site, now};
pub use problem::{Problem, ProblemBody};
pub use problem_kind::ProblemKind;
pub use profile::{Foreign, Profiled, Wanted, wanted};
pub use provenance::{Named, Provenance, time};
pub use recent::Recent;
pub use representation::{Representation, Represented};
pub use sign_in::{Provider, SESSION, SignIn};
pub use slice::Slice;
pub use visitor::{Session, Visitor, prefers_page};
pub use written::written;

/// The header that proves a change was taken in: `<eventId>:<eventHash>`.
const AUDIT_RECEIPT: &str = "audit-receipt";
