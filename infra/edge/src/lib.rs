//! What stands before the resolver: the CloudFront Function, and what CloudFront does with it, on this machine.
//!
//! [`FUNCTION`] is the function as it is deployed, and [`Engine`] runs it. [`Edge`] stands before the platform as CloudFront
//! does: (1) a request that is no scan goes through; (2) the function folds the request, or answers it; (3) scans,
//! codes of no battery and look-ups by identifiers of others are counted by address; (4) the answer comes from the cache by its canonical path; (5) else
//! from the resolver, asked once for everybody; (6) where that fails, from what the cache has kept for such a day, or from
//! the snapshot in the public bucket, and `X-Cache` says so.

mod edge;
mod engine;
mod entry;
mod folds;
mod limit;
mod origin;
mod refused;
mod scan;
mod switches;
mod tags;

pub use edge::Edge;
pub use engine::{Engine, EngineError, Folded, Request};
pub use entry::Body;
pub use limit::Limit;
pub use refused::refused_page;
pub use scan::{OTHERWISE, is_scan};
pub use switches::Switches;

/// What CloudFront makes of a snapshot from the bucket; this machine does the same without it.
pub const SNAPSHOT_FUNCTION: &str = include_str!("../snapshot.js");

/// The function as it is deployed: `function.js` with the page's words, without comments and indentation.
pub const FUNCTION: &str = include_str!(concat!(env!("OUT_DIR"), "/function.js"));
