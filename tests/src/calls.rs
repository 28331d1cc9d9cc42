//! What a process asks of its stores: how often, what, and how many bytes it sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

use crate::{Stage, clients};

/// Counts, by operation: of DynamoDB by its name, of S3 by its method.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, Count>>>);

/// What was asked by one operation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// How often.
    pub calls: usize,
    /// Bytes of its bodies.
    pub sent: usize,
}

impl Calls {
    /// What was counted since this was asked last.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, Count> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target");
        let operation = target.and_then(|it| it.rsplit('.').next());
        let operation = operation.unwrap_or(request.method()).to_owned();
        let length = request.headers().get("content-length");
        let sent = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(operation).or_default();
        count.calls += 1;
        count.sent += sent;
        Ok(())
    }
}

impl Stage {
    /// A sequencer of one's own in place of the platform's, and what it asks of tables and buckets.
    #[must_use]
    pub fn counted_sequencer(&self) -> (sequencer::Sequencer, Calls) {
        self.running.stop_sequencing();
        let calls = Calls::default();
        let tables = clients::counted_dynamodb(&self.running.dynamodb_endpoint, &calls);
        let buckets = clients::counted_s3(&self.running.s3_endpoint, &calls);
        let store = self.store_with(tables, buckets);
        let sequencer = local::sequencer(&store, self.site(), self.data()).unwrap();
        let witnesses = self.running.witness.witnesses().unwrap();
        (sequencer.with_witnesses(witnesses), calls)
    }
}
