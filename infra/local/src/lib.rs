//! The whole platform in one process: embedded DynamoDB and S3, every function behind one listener, a token issuer.
//!
//! The functions are the ones that are deployed, and they speak to the embedded stores through the ordinary AWS SDK over
//! HTTP: one storage code path, no mock.

mod continuity;
mod documentation;
mod holder;
mod issuer;
mod listener;
mod log_files;
mod organisations;
mod platform;
mod provider;
mod publishing;
mod router;
mod scans;
mod seed;
mod sequencing;
mod stores;
mod template;
mod welcome;
mod witnessing;

pub use continuity::{
    Drill, Restored, Restoring, audit, backup, drill, move_out, reached, register, restore,
};
pub use documentation::documentation;
pub use holder::Holder;
pub use issuer::{Issuer, TokenRequest, probe_key};
pub use listener::serve_edge;
pub use platform::{Failure, Options, Running, start};
pub use provider::{Provider, serve_provider, sign_in_configuration};
pub use publishing::operator_keys;
pub use router::router;
pub use seed::{Battery, Seeded, seed};
pub use sequencing::{log_key, sequencer};
pub use stores::{PREFIX, data_key};
pub use template::write_template;
pub use welcome::welcome;
pub use witnessing::Witnessing;

/// Where everything is kept where nothing else is said.
pub const DEFAULT_DATA: &str = ".local";
/// Where the platform is, unless told otherwise.
pub const DEFAULT_ORIGIN: &str = "http://127.0.0.1:9000";
/// Where people sign in, unless told otherwise.
pub const DEFAULT_PROVIDER: &str = "127.0.0.1:9001";

/// The embedded store parses and copies every item on its way to SQLite; a faster allocator shows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
