//! Starting and stopping.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use edge::{Edge, Limit};
use identity::Host;
use serde::{Deserialize, Serialize};
use storage::{CookieSeal, Log, Registrar, Store};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use web::{Clock, Limiter, Limits, Platform, SignIn, Site};

use crate::issuer::Issuer;
use crate::provider::{self, sign_in_configuration};
use crate::publishing::{self, Publishing};
use crate::sequencing::{self, Sequencing};
use crate::witnessing::Witnessing;
use crate::{listener, organisations, router, scans, stores};

/// How often orders that were cut off are looked for, as in `template.yaml`.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How often it is looked for days of scans that are over, as in `template.yaml`.
const TELLING_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// What its codes and answers name it, where that is not where it listens.
    pub host: Option<String>,
    /// Where everything is kept.
    pub data: PathBuf,
    /// For how many days it can be taken back that a battery was recycled.
    pub recycling_reversal_days: u16,
    /// Whether an edge stands in front, as CloudFront does.
    pub edge: bool,
    /// How much may be asked for, and by which clock; without it anything.
    pub limits: Option<(Limits, Clock)>,
    /// Where people sign in while [`crate::serve_provider`] listens there.
    pub provider: SocketAddr,
}

/// A platform that is up.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// `http://HOST:PORT` for a client on the same network.
    pub origin: String,
    /// The command that lets people sign in.
    pub sign_in_command: String,
    /// Host in the names of the logs.
    pub log_host: Host,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Makes tokens.
    pub issuer: Issuer,
    /// The tables and buckets beneath.
    pub store: Store,
    /// Where DynamoDB's API is.
    pub dynamodb_endpoint: String,
    /// Where S3's API is.
    pub s3_endpoint: String,
    /// What stands in front.
    pub edge: Option<Edge>,
    /// Who cosigns the checkpoints of its logs.
    pub witness: Witnessing,
    /// How people sign in.
    pub sign_in: Option<Arc<SignIn>>,
    server: JoinHandle<()>,
    sweeper: JoinHandle<()>,
    counter: JoinHandle<()>,
    teller: JoinHandle<()>,
    publishing: Option<Publishing>,
    sequencing: Sequencing,
    /// Held as long as it runs: two over one folder would not see each other's writes at once.
    _lock: File,
}

/// It could not start, and why.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Starts the stores and every function behind one listener.
///
/// # Errors
/// [`Failure`] in words.
pub async fn start(options: &Options) -> Result<Running, Failure> {
    std::fs::create_dir_all(&options.data)
        .map_err(|error| Failure::new(format!("`{}`: {error}", options.data.display())))?;
    let lock = lock(&options.data)?;
    let issuer = Issuer::open(&options.data)?;
    let stores::Stores {
        store,
        dynamodb_endpoint,
        s3_endpoint,
        witness_memory,
    } = stores::open(&options.data).await?;
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| Failure::new(format!("cannot listen on {}: {error}", options.listen)))?;
    let address = listener.local_addr()?;
    let host = options.host.clone().unwrap_or_else(|| public_host(address));
    let host_name = Host::parse(&host)?;
    let site = Site {
        log_host: sequencing::log_host(&options.data, &host_name)?,
        host: host_name,
        https: false,
        market: false,
        recycling_reversal_days: options.recycling_reversal_days,
    };
    Reached {
        host: host.clone(),
        dynamodb: dynamodb_endpoint.clone(),
        s3: s3_endpoint.clone(),
    }
    .keep(&options.data)?;
    let registrar = Registrar {
        organisation: "platform".to_owned(),
        person: "the operator of this machine".to_owned(),
        reason: "example organisation of the local platform".to_owned(),
    };
    for organisation in organisations::all() {
        // One that was registered anew since stays as it is.
        if store.organisation(&organisation.id).await?.is_none() {
            let interests = organisations::interests(&organisation);
            store
                .register_organisation(&site.log(), organisation, &registrar, web::now())
                .await?;
            for interest in interests {
                let (log, person) = (site.log(), &registrar.person);
                store.recognise(&log, &interest, person, web::now()).await?;
            }
        }
    }
    let sweeper = tokio::spawn(sweep_orders(store.clone()));
    let teller = tokio::spawn(tell_days(store.clone(), site.log_origin(Log::Reads)));
    let (scans, counter) = scans::Scans::start(store.clone());
    access::check().map_err(|fault| Failure::new(fault.to_string()))?;
    let issuers = issuer.trusted()?;
    let seal = CookieSeal::file(&stores::data_key(&options.data))?;
    let origin = format!("http://{host}");
    let sign_in_command = provider::command(&options.data, &origin, options.provider);
    let sign_in = sign_in_configuration(options.provider, &sign_in_command);
    let sign_in = SignIn::from_json(&sign_in, &issuers, seal).map_err(Failure::new)?;
    let limits = options.limits.as_ref();
    let limiter = limits
        .map(|(limits, clock)| Limiter::new(limits.clone(), store.clone(), clock.clone(), None));
    let platform = Platform::new(store.clone(), issuers, site.clone())
        .with_sign_in(sign_in.clone())
        .with_limiter(limiter);
    let app = router::router(platform);
    let limit = limits.map(|(limits, clock)| Limit::new(limits, clock.clone()));
    let edge = options
        .edge
        .then(|| listener::edge(app.clone(), &store, limit));
    let sequencer = sequencing::sequencer(&store, site.clone(), &options.data)?;
    let log_host = site.log_host.clone();
    let logs = Log::ALL.map(|log| sequencer.verifier_key(log));
    let logs = logs.into_iter().collect::<Result<_, _>>()?;
    let name = format!("{log_host}/witness");
    let witness = Witnessing::start(&name, logs, witness_memory, &options.data).await?;
    let sequencer = sequencer.with_witnesses(witness.witnesses()?);
    // Only an edge answers from what is published.
    let publishing = match options.edge {
        true => Some(Publishing::start(publishing::publisher(
            &store,
            site,
            &options.data,
        )?)),
        false => None,
    };
    let server = match edge.clone() {
        Some(edge) => tokio::spawn(listener::serve(listener, edge, scans)),
        None => tokio::spawn(async move {
            let app = app.layer(axum::middleware::from_fn_with_state(scans, scans::tell));
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "listener ended");
            }
        }),
    };
    Ok(Running {
        address,
        origin,
        sign_in_command,
        log_host,
        data: options.data.clone(),
        issuer,
        store,
        dynamodb_endpoint,
        s3_endpoint,
        edge,
        witness,
        sign_in,
        server,
        sweeper,
        counter,
        teller,
        publishing,
        sequencing: Sequencing::start(sequencer),
        _lock: lock,
    })
}

/// How a platform that runs is reached, by whoever works on the same folder.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reached {
    /// What its codes name.
    pub(crate) host: String,
    /// Where DynamoDB's API is.
    pub(crate) dynamodb: String,
    /// Where S3's API is.
    pub(crate) s3: String,
}

impl Reached {
    const FILE: &str = "reached.json";

    fn keep(&self, data: &Path) -> Result<(), Failure> {
        Ok(std::fs::write(
            data.join(Self::FILE),
            serde_json::to_vec_pretty(self)?,
        )?)
    }

    /// As the platform over this folder was started last.
    pub(crate) fn last(data: &Path) -> Result<Self, Failure> {
        let file = data.join(Self::FILE);
        let text = std::fs::read(&file).map_err(|error| {
            let file = file.display();
            Failure::new(format!(
                "`{file}`: {error}; no platform was ever started over this folder"
            ))
        })?;
        Ok(serde_json::from_slice(&text)?)
    }
}

/// Takes the folder for this process alone; the system gives it back however the process ends.
pub(crate) fn lock(data: &Path) -> Result<File, Failure> {
    let file = File::create(data.join("lock"))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => Failure::new(format!(
            "`{}` is in use by another platform that runs; stop it, or give `--data` another folder",
            data.display()
        )),
        TryLockError::Error(error) => error.into(),
    })?;
    Ok(file)
}

/// What `order-sweep` does on AWS. The first round takes up whatever an earlier run left.
async fn sweep_orders(store: Store) {
    let mut until = web::now();
    loop {
        if let Err(error) = allocator::sweep(&store, until).await {
            tracing::error!(%error, "orders could not be listed");
        }
        tokio::time::sleep(SWEEP_INTERVAL).await;
        until = web::now().minus(allocator::PATIENCE);
    }
}

/// What `signals` does on its schedule on AWS.
async fn tell_days(store: Store, log: String) {
    loop {
        if let Err(error) = signals::tell_days(&store, &log, web::now()).await {
            tracing::error!(%error, "days of scans could not be listed");
        }
        tokio::time::sleep(TELLING_INTERVAL).await;
    }
}

impl Running {
    /// Waits until the listener ends.
    pub async fn serve(self) {
        let _ = self.server.await;
    }

    /// Stops listening.
    pub fn stop(self) {
        self.server.abort();
        self.sweeper.abort();
        self.counter.abort();
        self.teller.abort();
    }

    /// Stops publishing; what changes stays due.
    pub fn stop_publishing(&self) {
        if let Some(publishing) = &self.publishing {
            publishing.stop();
        }
    }

    /// Stops the sequencer; what is pending stays so.
    pub fn stop_sequencing(&self) {
        self.sequencing.stop();
    }

    /// A token of the seeded organisations.
    ///
    /// # Errors
    /// [`Failure`] naming what is not registered.
    pub fn token(&self, role: &str, organisation: &str) -> Result<String, Failure> {
        self.issuer.token(&crate::TokenRequest {
            role: role.to_owned(),
            organisation: organisation.to_owned(),
            person: None,
        })
    }
}

/// The address another machine reaches this one by: that of the network where all interfaces listen, so that a phone can
/// scan the code.
fn public_host(address: SocketAddr) -> String {
    if !address.ip().is_unspecified() {
        return address.to_string();
    }
    let ip = outward_address().unwrap_or_else(|| std::net::Ipv4Addr::LOCALHOST.into());
    SocketAddr::new(ip, address.port()).to_string()
}

/// Asks the routing table by connecting a UDP socket; nothing is sent.
fn outward_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
