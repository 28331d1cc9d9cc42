//! Which requests are scans: those that no behaviour of the distribution but the default one takes.

/// The path patterns of the distribution's other behaviours (`template.yaml`), without their `*`. The function does not see
/// these requests.
pub const OTHERWISE: [&str; 8] = [
    "/",
    "/.well-known/*",
    "/docs",
    "/docs/*",
    "/find",
    "/linkset.jsonld",
    "/openapi.json",
    "/p/*",
];
/// The partners' interface.
const PARTNERS: &str = "/v1/*";

/// Whether a path is the edge function's to fold.
#[must_use]
pub fn is_scan(path: &str) -> bool {
    let takes = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => path == pattern,
    };
    !takes(PARTNERS) && !OTHERWISE.iter().any(|pattern| takes(pattern))
}
