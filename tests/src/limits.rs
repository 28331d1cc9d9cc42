//! Further processes of a stage, within limits.

use storage::Store;
use web::{Clock, Limiter, Limits};

use crate::{Stage, faults};

impl Stage {
    /// Another process over the same tables: its address.
    pub async fn another_process(&self, limits: Limits, clock: Clock) -> String {
        self.process(limits, clock, self.running.store.clone())
            .await
    }

    /// Another process, for which the tallies alone do not answer: its address.
    pub async fn process_without_tallies(&self, limits: Limits, clock: Clock) -> String {
        // Nobody listens at the port of `discard`.
        let nowhere = self.store_at("http://127.0.0.1:9", self.s3());
        self.process(limits, clock, nowhere).await
    }

    async fn process(&self, limits: Limits, clock: Clock, tallies: Store) -> String {
        let issuers = self.running.issuer.trusted().unwrap();
        let limiter = Limiter::new(limits, tallies, clock, None);
        let platform = self.platform(issuers).with_limiter(Some(limiter));
        faults::listen(local::router(platform)).await
    }
}
