//! Backup, restore and drill of the platform on this machine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use access::Organisation;
use continuity::{Audit, Backup, Beside, Secret, Verified};
use identity::Host;
use ledger::{SignatureType, VerifierKey};
use storage::{Log, Registrar, SigningKey, Store};
use tokio::net::TcpListener;
use web::{Platform, Site};

use crate::issuer::Issuer;
use crate::platform::{Failure, Options, Reached, lock, start};
use crate::publishing::operator_keys;
use crate::router::router;
use crate::seed::REMEMBERED;
use crate::{sequencing, stores};

/// The keys of a data folder: the one that wraps data keys, and those that sign.
const SECRETS: [&str; 3] = [DATA_KEY, "log-key", "witness-key"];
/// What begins the name of a key that signs for an operator.
const OPERATORS: &str = "operator-keys/";
/// The setting that holds what its codes name.
const HOST: &str = "host";
/// The setting, and the file, that holds the host in the names of its logs.
const LOG_HOST: &str = "log-host";
/// The setting, and the file, that holds the keys of logs of other platforms which its subjects brought along, one a line.
const FORMER_LOGS: &str = "former-logs";
/// The key that wraps data keys.
const DATA_KEY: &str = "data-key";
/// Where there are none, none are brought in either when it is started.
const NO_EXAMPLES: &str = r#"{"batteries":[]}"#;
/// What the logs of an operator's new platform are named for while it is tried; reserved for that (RFC 2606).
const DRILLED: &str = "drill.invalid";
/// How a label is asked for: as a browser, as a program, and for everything that there is.
const ACCEPT: [&str; 3] = ["text/html", "application/json", "application/linkset+json"];

/// The store of a data folder, whether a platform runs over it or not.
struct Source {
    store: Store,
    host: String,
    _lock: Option<File>,
}

impl Source {
    async fn open(data: &Path) -> Result<Self, Failure> {
        let Reached { host, dynamodb, s3 } = Reached::last(data)?;
        Ok(match lock(data) {
            Ok(lock) => Self {
                store: stores::open(data).await?.store,
                host,
                _lock: Some(lock),
            },
            Err(_) => Self {
                store: stores::over(data, dynamodb, s3)?,
                host,
                _lock: None,
            },
        })
    }
}

/// The store of the platform over `data`, which may run, and whose tokens count there.
///
/// # Errors
/// [`Failure`] in words.
pub async fn reached(data: &Path) -> Result<(Store, access::Issuers), Failure> {
    let store = Source::open(data).await?.store;
    Ok((store, Issuer::open(data)?.trusted()?))
}

/// Registers organisations with the platform over `data`, which may run.
///
/// # Errors
/// [`Failure`] in words.
pub async fn register(
    data: &Path,
    organisations: impl IntoIterator<Item = Organisation>,
    registrar: &Registrar,
) -> Result<(), Failure> {
    let source = Source::open(data).await?;
    let log = format!(
        "{}/log",
        sequencing::log_host(data, &Host::parse(&source.host)?)?
    );
    for organisation in organisations {
        let registered =
            source
                .store
                .register_organisation(&log, organisation, registrar, web::now());
        let _ = registered.await?;
    }
    Ok(())
}

/// Takes a backup of the platform over `data` into the empty folder `to`, and its keys into the empty folder `keys`. The platform
/// may run meanwhile.
///
/// # Errors
/// [`Failure`] in words.
pub async fn backup(data: &Path, to: &Path, keys: &Path) -> Result<Backup, Failure> {
    let source = Source::open(data).await?;
    backed_up(&source, data, to, keys).await
}

async fn backed_up(
    source: &Source,
    data: &Path,
    to: &Path,
    keys: &Path,
) -> Result<Backup, Failure> {
    let mut secrets = Vec::new();
    for name in SECRETS {
        secrets.push(read_secret(data, name.to_owned())?);
    }
    for organisation in names(&operator_keys(data))? {
        secrets.push(read_secret(data, format!("{OPERATORS}{organisation}"))?);
    }
    let log_host = std::fs::read_to_string(data.join(LOG_HOST))?;
    let examples = std::fs::read_to_string(data.join(REMEMBERED));
    let examples = examples.unwrap_or_else(|_| NO_EXAMPLES.to_owned());
    let beside = Beside {
        settings: BTreeMap::from([
            (HOST.to_owned(), source.host.clone()),
            (LOG_HOST.to_owned(), log_host.trim().to_owned()),
            (FORMER_LOGS.to_owned(), former_logs(data)?),
            (REMEMBERED.to_owned(), examples),
        ]),
        secrets,
    };
    Ok(continuity::backup(&source.store, &beside, to, keys, web::now()).await?)
}

/// Takes what is one operator's into the empty folder `to`, and its keys into the empty folder `keys`, for another platform. This one
/// may run meanwhile, and keeps everything.
///
/// # Errors
/// [`Failure`] in words.
pub async fn move_out(
    data: &Path,
    organisation: &str,
    to: &Path,
    keys: &Path,
) -> Result<Backup, Failure> {
    let source = Source::open(data).await?;
    moved_out(&source, data, organisation, to, keys).await
}

async fn moved_out(
    source: &Source,
    data: &Path,
    organisation: &str,
    to: &Path,
    keys: &Path,
) -> Result<Backup, Failure> {
    let own_key = names(&operator_keys(data))?;
    let own_key = own_key.iter().filter(|name| *name == organisation);
    let secrets = own_key.map(|name| read_secret(data, format!("{OPERATORS}{name}")));
    let logs = log_keys(data)?;
    let logs = logs.iter().map(|key| format!("{key}\n")).collect();
    let beside = Beside {
        settings: BTreeMap::from([
            (HOST.to_owned(), source.host.clone()),
            (FORMER_LOGS.to_owned(), logs),
            (REMEMBERED.to_owned(), NO_EXAMPLES.to_owned()),
        ]),
        secrets: secrets.collect::<Result<_, _>>()?,
    };
    let log_host = std::fs::read_to_string(data.join(LOG_HOST))?;
    let from = continuity::Departure {
        organisation,
        log_host: log_host.trim(),
        data_key: DATA_KEY,
    };
    Ok(continuity::move_out(&source.store, from, &beside, to, keys, web::now()).await?)
}

/// The keys of logs of other platforms, one a line.
fn former_logs(data: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(data.join(FORMER_LOGS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => Ok(read?),
    }
}

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    /// What the codes on its batteries name: the platform has to be reached there again.
    pub host: String,
    /// Erasures after the backup that were done again.
    pub erased: usize,
    /// How long it took to bring it back.
    pub took: Duration,
    /// How long it took to verify all of it.
    pub verified_in: Duration,
    /// What the audit of it came to.
    pub audit: Audit,
}

/// What a restore needs beside the backup.
#[derive(Debug, Clone, Copy, Default)]
pub struct Restoring<'r> {
    /// What was erased after it was taken is erased again: the folder `erasures` of the archive that outlived it.
    pub erasures: Option<&'r Path>,
    /// For what is one operator's: the host that the logs of its new platform are named for.
    pub log_host: Option<&'r str>,
}

/// Brings a backup and its keys into the new folder `data`, and verifies all of it.
///
/// # Errors
/// [`Failure`] in words; what the audit finds is no error.
pub async fn restore(
    from: &Path,
    keys: &Path,
    data: &Path,
    Restoring { erasures, log_host }: Restoring<'_>,
) -> Result<Restored, Failure> {
    let began = Instant::now();
    let backup = Verified::open(from, keys)?;
    let Beside { settings, secrets } = backup.beside()?;
    let setting = |name: &str| {
        let setting = settings.get(name).cloned();
        setting.ok_or_else(|| Failure::new(format!("the manifest has no setting `{name}`")))
    };
    let former = setting(FORMER_LOGS)?;
    let log_host = match (backup.organisation(), log_host) {
        (None, None) => setting(LOG_HOST)?,
        (Some(_), Some(host)) => new_log_host(host, &former)?,
        (None, Some(_)) => {
            return Err(Failure::new(
                "it is a whole platform's, whose logs go on under their name: no host for new ones was expected",
            ));
        }
        (Some(organisation), None) => {
            return Err(Failure::new(format!(
                "it is `{organisation}`'s alone, for another platform: expected the host that the logs there are named for"
            )));
        }
    };
    std::fs::create_dir_all(data)?;
    let _lock = lock(data)?;
    for Secret { name, value } in secrets {
        write_secret(&secret_file(data, &name)?, &value)?;
    }
    let files = [
        (LOG_HOST, log_host),
        (FORMER_LOGS, former),
        (REMEMBERED, setting(REMEMBERED)?),
    ];
    for (name, content) in files {
        std::fs::write(data.join(name), content)?;
    }
    let store = stores::open(data).await?.store;
    backup.restore(&store).await?;
    let erased = match erasures {
        Some(folder) => continuity::erase_again(&store, folder).await?,
        None => 0,
    };
    let took = began.elapsed();
    let audit = continuity::audit(&store, &log_keys(data)?).await?;
    Ok(Restored {
        host: setting(HOST)?,
        erased,
        took,
        verified_in: began.elapsed().saturating_sub(took),
        audit,
    })
}

/// A host that no log is named for which anything came from: a name is one log's, for good.
fn new_log_host(host: &str, former: &str) -> Result<String, Failure> {
    let host = Host::parse(host)?.to_string();
    for key in former.lines() {
        let key: VerifierKey = key.parse()?;
        if key.name().split('/').next() == Some(host.as_str()) {
            return Err(Failure::new(format!(
                "`{host}` names logs of another platform: expected a host that names none yet"
            )));
        }
    }
    Ok(host)
}

/// Reads everything that is stored of the platform over `data`, which may run, and names whatever is not as it was written.
///
/// # Errors
/// [`Failure`] in words; what the audit finds is no error.
pub async fn audit(data: &Path) -> Result<Audit, Failure> {
    let source = Source::open(data).await?;
    Ok(continuity::audit(&source.store, &log_keys(data)?).await?)
}

/// Where a key lies in a data folder; nothing that a backup says leads out of it.
fn secret_file(data: &Path, name: &str) -> Result<PathBuf, Failure> {
    let plain = |name: &str| {
        let mut signs = name.chars();
        !name.is_empty() && signs.all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign))
    };
    match name.strip_prefix(OPERATORS) {
        Some(organisation) if plain(organisation) => Ok(operator_keys(data).join(organisation)),
        None if SECRETS.contains(&name) => Ok(data.join(name)),
        _ => Err(Failure::new(format!("`{name}` is no key of a platform"))),
    }
}

fn read_secret(data: &Path, name: String) -> Result<Secret, Failure> {
    let file = secret_file(data, &name)?;
    let bytes = std::fs::read(&file)
        .map_err(|error| Failure::new(format!("`{}`: {error}", file.display())))?;
    let value = hex::encode(bytes);
    Ok(Secret { name, value })
}

/// What is in a folder, if there is one.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// For its owner's eyes only, and only where there is none.
fn write_secret(file: &Path, hexadecimal: &str) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(format!("`{}`: {error}", file.display()));
    let bytes = hex::decode(hexadecimal).map_err(|error| failed(&error))?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file).map_err(|error| failed(&error))?;
    Ok(opened.write_all(&bytes)?)
}

/// The keys that the logs of a folder sign with, and those of logs that its subjects brought along.
fn log_keys(data: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let host = std::fs::read_to_string(data.join(LOG_HOST))?;
    let key = SigningKey::file(&sequencing::log_key(data))?;
    let named = Log::ALL.map(|log| {
        let origin = format!("{}/{log}", host.trim());
        VerifierKey::new(&origin, SignatureType::Ed25519, key.public())
    });
    let mut keys: Vec<VerifierKey> = named.into_iter().collect::<Result<_, _>>()?;
    for key in former_logs(data)?.lines() {
        keys.push(key.parse()?);
    }
    Ok(keys)
}

/// What a drill came to.
#[derive(Debug)]
pub struct Drill {
    /// Files and items of the backup.
    pub backup: Backup,
    /// How long it took to take it.
    pub taken_in: Duration,
    /// What was brought back.
    pub restored: Restored,
    /// How long it took from nothing to the first answer.
    pub first_answer_after: Duration,
    /// Answers that were compared.
    pub answers: usize,
    /// Those that were not the same, as path and kind.
    pub different: Vec<String>,
}

impl Drill {
    /// Whether it showed that the backup restores.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.answers > 0 && self.different.is_empty() && self.restored.audit.findings.is_empty()
    }
}

/// Takes a backup of the platform over `data`, which may run, or what is one operator's, brings it into an empty platform beside it,
/// verifies all of it, and asks the functions over both for every label: the answers have to be the same, byte for byte. Nobody counts
/// these scans. What it made is removed again.
///
/// # Errors
/// [`Failure`] in words; what was found to differ is no error.
pub async fn drill(data: &Path, organisation: Option<&str>) -> Result<Drill, Failure> {
    let source = Source::open(data).await?;
    let folder = data.join("drill");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir(&folder)?;
    let drilled = drilled(&source, data, &folder, organisation).await;
    removed(&folder).await?;
    drilled
}

/// A platform that was stopped may still be writing what it had begun to write.
async fn removed(folder: &Path) -> std::io::Result<()> {
    for _ in 0..50 {
        if std::fs::remove_dir_all(folder).is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    std::fs::remove_dir_all(folder)
}

async fn drilled(
    source: &Source,
    data: &Path,
    folder: &Path,
    organisation: Option<&str>,
) -> Result<Drill, Failure> {
    let (to, keys, new) = (
        folder.join("backup"),
        folder.join("keys"),
        folder.join("data"),
    );
    let began = Instant::now();
    let backup = match organisation {
        None => backed_up(source, data, &to, &keys).await?,
        Some(organisation) => moved_out(source, data, organisation, &to, &keys).await?,
    };
    let taken_in = began.elapsed();
    let began = Instant::now();
    let restoring = Restoring {
        erasures: None,
        log_host: organisation.map(|_| DRILLED),
    };
    let restored = restore(&to, &keys, &new, restoring).await?;
    let running = start(&Options {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        host: Some(source.host.clone()),
        data: new,
        recycling_reversal_days: web::RECYCLING_REVERSAL_DAYS,
        edge: false,
        limits: None,
        provider: (Ipv4Addr::LOCALHOST, 0).into(),
    })
    .await?;
    let mut drill = Drill {
        backup,
        taken_in,
        restored,
        first_answer_after: Duration::ZERO,
        answers: 0,
        different: Vec::new(),
    };
    let beside = BesideCounters::start(source, data).await?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let labels = match organisation {
        None => continuity::labels(&source.store).await?,
        Some(organisation) => continuity::labels_of(&source.store, organisation).await?,
    };
    for path in labels {
        for accept in ACCEPT {
            let there = answer(&client, running.address, &path, accept).await?;
            if drill.answers == 0 {
                drill.first_answer_after = began.elapsed();
            }
            drill.answers += 1;
            if there != answer(&client, beside.address, &path, accept).await? {
                drill.different.push(format!("{path} as {accept}"));
            }
        }
    }
    running.stop();
    Ok(drill)
}

/// The functions over the store of a platform, beside the door where scans are counted.
struct BesideCounters {
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
}

impl BesideCounters {
    async fn start(source: &Source, data: &Path) -> Result<Self, Failure> {
        let host = Host::parse(&source.host)?;
        let site = Site {
            log_host: sequencing::log_host(data, &host)?,
            host,
            https: false,
            market: false,
            recycling_reversal_days: web::RECYCLING_REVERSAL_DAYS,
        };
        let issuers = Issuer::open(data)?.trusted()?;
        let app = router(Platform::new(source.store.clone(), issuers, site));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "listener ended");
            }
        });
        Ok(Self { address, server })
    }
}

impl Drop for BesideCounters {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Status, type and bytes.
type Answer = (u16, String, Vec<u8>);

async fn answer(
    client: &reqwest::Client,
    address: SocketAddr,
    path: &str,
    accept: &str,
) -> Result<Answer, Failure> {
    let request = client
        .get(format!("http://{address}{path}"))
        .header("accept", accept);
    let answer = request.send().await?;
    let media_type = answer.headers().get("content-type");
    let media_type = media_type
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let (status, media_type) = (answer.status().as_u16(), media_type.to_owned());
    Ok((status, media_type, answer.bytes().await?.to_vec()))
}
