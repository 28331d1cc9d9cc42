//! Clients that go past the platform, straight to its stores.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};

/// The key of the embedded stores; another engine takes any.
fn credentials() -> Credentials {
    Credentials::new("local", "local-only", None, None, "test")
}

fn region() -> Region {
    Region::new("eu-central-1")
}

/// DynamoDB's API at an endpoint.
pub(crate) fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// S3's API at an endpoint.
pub(crate) fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
