//! CloudFront as the edge: what carries a tag is invalidated by it (`CacheTagConfig` of the distribution).

use std::time::Duration;

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::error::DisplayErrorContext;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use publisher::Invalidate;

/// For so long a resolver may go on with a model that it read before: an invalidation before that would let the old one in again.
const SETTLED: Duration = Duration::from_millis(1_200);

/// Invalidates the distribution in `DISTRIBUTION_ID`; nothing without one.
pub(crate) async fn invalidation() -> Invalidate {
    let Ok(distribution) = std::env::var("DISTRIBUTION_ID") else {
        return Box::new(|_| Box::pin(async { Ok(()) }));
    };
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    Box::new(move |tags| {
        let (client, distribution) = (client.clone(), distribution.clone());
        Box::pin(async move {
            if tags.iter().any(|tag| !tag.starts_with("unit:")) {
                tokio::time::sleep(SETTLED).await;
            }
            let batch = batch(&tags).map_err(|error| error.to_string())?;
            let request = client.create_invalidation().distribution_id(distribution);
            let sent = request.invalidation_batch(batch).send().await;
            sent.map(drop)
                .map_err(|error| DisplayErrorContext(error).to_string())
        })
    })
}

/// `#` before an item says that it is a tag.
fn batch(tags: &[String]) -> Result<InvalidationBatch, aws_sdk_cloudfront::error::BuildError> {
    let paths = Paths::builder()
        .quantity(i32::try_from(tags.len()).unwrap_or(i32::MAX))
        .set_items(Some(tags.iter().map(|tag| format!("#{tag}")).collect()))
        .build()?;
    InvalidationBatch::builder()
        .paths(paths)
        .caller_reference(uuid::Uuid::new_v4().to_string())
        .build()
}
