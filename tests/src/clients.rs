//! Clients that go past the platform, straight to its stores.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};

use crate::Calls;

/// The key of the embedded stores; another engine takes any.
fn credentials() -> Credentials {
    Credentials::new("local", "local-only", None, None, "test")
}

fn region() -> Region {
    Region::new("eu-central-1")
}

/// As often as the SDK tries again by itself, and sooner.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_initial_backoff(Duration::from_millis(10))
}

/// DynamoDB's API at an endpoint.
pub(crate) fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(dynamodb_config(endpoint).build())
}

/// The same, with every call counted.
pub(crate) fn counted_dynamodb(endpoint: &str, calls: &Calls) -> aws_sdk_dynamodb::Client {
    let config = dynamodb_config(endpoint).interceptor(calls.clone());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn dynamodb_config(endpoint: &str) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .retry_config(retries())
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
}

/// S3's API at an endpoint.
pub(crate) fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(s3_config(endpoint).build())
}

/// The same, with every call counted.
pub(crate) fn counted_s3(endpoint: &str, calls: &Calls) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(s3_config(endpoint).interceptor(calls.clone()).build())
}

fn s3_config(endpoint: &str) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region())
        .retry_config(retries())
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
}
