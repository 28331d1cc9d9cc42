//! The embedded twins of DynamoDB (dynoxide, one SQLite file) and S3 (s3s-fs, a folder), each behind a loopback port.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_sdk_s3::types::{
    CreateBucketConfiguration, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule,
};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::HttpError;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use storage::{Buckets, KeyVault, Store, WitnessMemory, create_tables};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::platform::Failure;

/// What stands before every table's name.
pub const PREFIX: &str = "battery-passport";
const REGION: &str = "eu-central-1";
/// The embedded stores listen on the loopback interface only; these are no secrets.
const ACCESS_KEY: &str = "local";
const SECRET_KEY: &str = "local-only";
/// Objects whose names fall together wait for each other.
const TURNS: u64 = 256;

/// The file that stands in for the KMS key: `DATA_KEY_FILE`, for several data folders over the same tables, or one in the
/// data folder.
#[must_use]
pub fn data_key(data: &Path) -> PathBuf {
    std::env::var_os("DATA_KEY_FILE").map_or_else(|| data.join("data-key"), PathBuf::from)
}

/// The stores, and where they can be reached.
pub(crate) struct Stores {
    pub(crate) store: Store,
    pub(crate) dynamodb_endpoint: String,
    pub(crate) s3_endpoint: String,
    /// What the witness remembers, which on AWS stands in an account of its own.
    pub(crate) witness_memory: WitnessMemory,
}

/// A store over DynamoDB and S3: embedded in `data`, or elsewhere where `AWS_ENDPOINT_URL` and its kin say so.
pub(crate) async fn open(data: &Path) -> Result<Stores, Failure> {
    let vault = KeyVault::file(&data_key(data))?;
    let buckets = buckets();
    let elsewhere = elsewhere();
    let ((dynamodb, dynamodb_endpoint), (s3, s3_endpoint)) = if elsewhere {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build();
        (
            (
                aws_sdk_dynamodb::Client::new(&config),
                endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            ),
            (
                aws_sdk_s3::Client::from_conf(s3),
                endpoint("AWS_ENDPOINT_URL_S3"),
            ),
        )
    } else {
        (dynamodb(data).await?, s3(data).await?)
    };
    // The embedded store finds a stream's next number by reading all of them: every event would slow the next.
    create_tables(&dynamodb, PREFIX, elsewhere).await?;
    let witness_memory = WitnessMemory::new(dynamodb.clone(), format!("{PREFIX}-witness"));
    witness_memory.create().await?;
    create_bucket(&s3, &buckets.intake, false).await?;
    create_bucket(&s3, &buckets.public, false).await?;
    create_bucket(&s3, &buckets.scan_logs, false).await?;
    // The embedded twin of S3 keeps no versions and so has no Object Lock.
    for bucket in [&buckets.evidence, &buckets.archive] {
        create_bucket(&s3, bucket, elsewhere).await?;
    }
    Ok(Stores {
        store: Store::new(dynamodb, s3, PREFIX, buckets, vault),
        dynamodb_endpoint,
        s3_endpoint,
        witness_memory,
    })
}

fn buckets() -> Buckets {
    Buckets {
        intake: "intake".to_owned(),
        evidence: "evidence".to_owned(),
        archive: "archive".to_owned(),
        public: "public".to_owned(),
        scan_logs: "scan-logs".to_owned(),
    }
}

fn endpoint(name: &str) -> String {
    std::env::var(name)
        .or_else(|_| std::env::var("AWS_ENDPOINT_URL"))
        .unwrap_or_default()
}

fn elsewhere() -> bool {
    [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_S3",
    ]
    .iter()
    .any(|name| std::env::var_os(name).is_some())
}

/// The store of a platform that runs over `data` in another process, reached through its own ports.
pub(crate) fn over(data: &Path, dynamodb: String, s3: String) -> Result<Store, Failure> {
    let vault = KeyVault::file(&data_key(data))?;
    let (dynamodb, s3) = (dynamodb_client(&dynamodb), s3_client(&s3));
    Ok(Store::new(dynamodb, s3, PREFIX, buckets(), vault))
}

async fn dynamodb(data: &Path) -> Result<(aws_sdk_dynamodb::Client, String), Failure> {
    let file = data.join("tables.sqlite");
    let database = dynoxide::Database::new(&file.to_string_lossy())
        .map_err(|error| Failure::new(format!("`{}`: {error}", file.display())))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Ok((dynamodb_client(&endpoint), endpoint))
}

fn dynamodb_client(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .endpoint_url(endpoint)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

async fn s3(data: &Path) -> Result<(aws_sdk_s3::Client, String), Failure> {
    let folder = data.join("objects");
    std::fs::create_dir_all(&folder)?;
    let files = s3s_fs::FileSystem::new(&folder)
        .map_err(|error| Failure::new(format!("`{}`: {error:?}", folder.display())))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = service.build();
    let turns = Turns::default();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (service, turns) = (service.clone(), turns.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let (service, turns) = (service.clone(), turns.clone());
                // Goes on where whoever asked has gone: half a write would be a damaged object.
                let answer = tokio::spawn(async move {
                    let _turn = turns.of(&request).await;
                    Service::call(&service, request).await
                });
                async move { answer.await.map_err(|error| HttpError::new(error.into()))? }
            });
            tokio::spawn(async move {
                // A connection that ends badly is the client's matter; the next one is served all the same.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Ok((s3_client(&endpoint), endpoint))
}

fn s3_client(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::from_static(REGION))
        .credentials_provider(Credentials::new(
            ACCESS_KEY, SECRET_KEY, None, None, "local",
        ))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// Whose turn it is at an object. The folder keeps an object's bytes and their checksum in two files and looks whether an
/// object is there before it writes one: without turns a read sees the new bytes with the checksum of the old, and two
/// creations both succeed.
#[derive(Clone)]
struct Turns(Arc<[Arc<Mutex<()>>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Arc::default()).collect())
    }
}

impl Turns {
    /// Until it is dropped nobody else reads or writes the object of the request.
    async fn of<B>(&self, request: &Request<B>) -> Option<OwnedMutexGuard<()>> {
        let mut hasher = DefaultHasher::new();
        request.uri().path().hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % TURNS).ok()?;
        Some(Arc::clone(self.0.get(place)?).lock_owned().await)
    }
}

async fn create_bucket(s3: &aws_sdk_s3::Client, name: &str, locked: bool) -> Result<(), Failure> {
    let region = s3.config().region().map_or("", |region| region.as_ref());
    // The oldest Region is the one that must not be named.
    let place = (region != "us-east-1").then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(region.into())
            .build()
    });
    let request = s3.create_bucket().bucket(name);
    let request = request.set_create_bucket_configuration(place);
    let request = request.set_object_lock_enabled_for_bucket(locked.then_some(true));
    if let Err(error) = request.send().await {
        let error = error.into_service_error();
        if error.is_bucket_already_exists() || error.is_bucket_already_owned_by_you() {
            return Ok(());
        }
        return Err(Failure::new(format!("bucket `{name}`: {error:?}")));
    }
    if locked {
        lock_for_a_day(s3, name).await?;
    }
    Ok(())
}

/// The retention of `template.yaml` for every stage but production.
async fn lock_for_a_day(s3: &aws_sdk_s3::Client, bucket: &str) -> Result<(), Failure> {
    let retention = DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::Governance)
        .days(1)
        .build();
    let rule = ObjectLockRule::builder()
        .default_retention(retention)
        .build();
    let configuration = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(rule)
        .build();
    s3.put_object_lock_configuration()
        .bucket(bucket)
        .object_lock_configuration(configuration)
        .send()
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_object_is_whole_whoever_writes_or_gives_up_and_is_created_once() {
        let data = tempfile::tempdir().unwrap();
        let (s3, _) = s3(data.path()).await.unwrap();
        create_bucket(&s3, "files", false).await.unwrap();
        let put = |body: String| {
            let request = s3.put_object().bucket("files").key("one/file");
            request.body(body.into_bytes().into())
        };
        put("before".to_owned()).send().await.unwrap();
        let writing = tokio::spawn({
            let requests: Vec<_> = (0..60).map(|it| put("x".repeat(it * 100))).collect();
            async move {
                for request in requests {
                    request.send().await.unwrap();
                }
            }
        });
        while !writing.is_finished() {
            let read = s3.get_object().bucket("files").key("one/file");
            let body = read.send().await.unwrap().body;
            body.collect().await.unwrap();
        }
        writing.await.unwrap();
        for pause in 0..200 {
            let given_up = tokio::spawn(put("y".repeat(pause)).send());
            tokio::time::sleep(Duration::from_micros(20 * pause as u64)).await;
            given_up.abort();
            let read = s3.get_object().bucket("files").key("one/file");
            let body = read.send().await.unwrap().body;
            body.collect().await.unwrap();
        }
        let creations = (0..8).map(|it| {
            let request = s3.put_object().bucket("files").key("new");
            let request = request.if_none_match("*").body(vec![it].into());
            tokio::spawn(async move { request.send().await.is_ok() })
        });
        let mut created = 0;
        for creation in creations.collect::<Vec<_>>() {
            created += usize::from(creation.await.unwrap());
        }
        assert_eq!(created, 1);
    }
}
