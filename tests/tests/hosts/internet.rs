//! An Internet of its own on loopback: names, certificates and who answers, each real and each to be spoiled.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype, UnknownRecordData};
use domain::rdata::{A, Cname, Ns};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::TlsAcceptor;

type Shared<K, V> = Arc<Mutex<HashMap<K, V>>>;
type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

/// A record.
#[derive(Clone)]
pub enum Record {
    A([u8; 4]),
    Cname(String),
    Ns(String),
    Caa,
}

/// What is answered at a path.
#[derive(Clone)]
pub enum Page {
    Answer(u16, String),
    Redirect(String),
    /// Nothing, for ever.
    Nothing,
    /// Something, without end.
    Endless,
}

/// An authority.
pub struct Authority {
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

#[derive(Debug, Default)]
struct Keys(Mutex<HashMap<String, Arc<CertifiedKey>>>);

impl ResolvesServerCert for Keys {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.lock().unwrap().get(hello.server_name()?).cloned()
    }
}

/// Everything at 127.0.0.1; who is meant is told by name.
pub struct Internet {
    pub name_server: SocketAddr,
    /// In the place of 443.
    pub port: u16,
    pub trust: Authority,
    pub other_trust: Authority,
    records: Shared<String, Vec<Record>>,
    pages: Shared<(String, String), Page>,
    keys: Arc<Keys>,
}

impl Internet {
    pub async fn start() -> Self {
        let (records, pages, keys) = (Shared::default(), Shared::default(), Arc::<Keys>::default());
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let internet = Self {
            name_server: udp.local_addr().unwrap(),
            port: tcp.local_addr().unwrap().port(),
            trust: authority("Example Trust"),
            other_trust: authority("Other Trust"),
            records: Arc::clone(&records),
            pages: Arc::clone(&pages),
            keys: Arc::clone(&keys),
        };
        tokio::spawn(serve_names(udp, records));
        tokio::spawn(serve_pages(tcp, keys, pages));
        internet
    }

    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        for authority in [&self.trust, &self.other_trust] {
            roots.add(authority.der.clone()).unwrap();
        }
        roots
    }

    /// What a name has, in the place of what it had.
    pub fn name(&self, name: &str, records: impl IntoIterator<Item = Record>) {
        let records = records.into_iter().collect();
        self.records
            .lock()
            .unwrap()
            .insert(name.to_owned(), records);
    }

    /// NXDOMAIN.
    pub fn no_name(&self, name: &str) {
        self.records.lock().unwrap().remove(name);
    }

    pub fn page(&self, host: &str, path: &str, page: Page) {
        self.pages
            .lock()
            .unwrap()
            .insert((host.to_owned(), path.to_owned()), page);
    }

    /// A new key and a certificate of it, for so many days from today, presented at a host.
    pub fn certify(&self, host: &str, authority: Option<&Authority>, names: &[&str], days: i64) {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
        .unwrap();
        let [begins, ends] =
            [day(-400), day(days)].map(|(year, month, day)| date_time_ymd(year, month, day));
        params.not_before = begins;
        params.not_after = ends;
        let certificate = match authority {
            Some(authority) => params.signed_by(&key, &authority.issuer),
            None => params.self_signed(&key),
        };
        let signer = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&signer).unwrap();
        let key = CertifiedKey::new(vec![certificate.unwrap().der().clone()], signer);
        self.keys
            .0
            .lock()
            .unwrap()
            .insert(host.to_owned(), Arc::new(key));
    }
}

fn day(days: i64) -> (i32, u8, u8) {
    let milliseconds = web::now().as_millisecond() + days * 24 * 60 * 60 * 1000;
    let date = ledger::Timestamp::from_millisecond(milliseconds).to_string();
    (
        date[..4].parse().unwrap(),
        date[5..7].parse().unwrap(),
        date[8..10].parse().unwrap(),
    )
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::OrganizationName, name);
    params
        .distinguished_name
        .push(DnType::CommonName, format!("{name} R1"));
    let der = params.self_signed(&key).unwrap().der().clone();
    Authority {
        der,
        issuer: Issuer::new(params, key),
    }
}

/// A name that begins with `silent` is not answered.
async fn serve_names(socket: UdpSocket, records: Shared<String, Vec<Record>>) {
    let mut buffer = [0; 2_000];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let query = Message::from_octets(buffer[..length].to_vec()).unwrap();
        let question = query.sole_question().unwrap();
        let name = question.qname().to_string().to_lowercase();
        if name.starts_with("silent") {
            continue;
        }
        let answer = answered(&query, &name, question.qtype(), &records.lock().unwrap());
        socket.send_to(&answer, from).await.unwrap();
    }
}

fn answered(
    query: &Message<Vec<u8>>,
    name: &str,
    kind: Rtype,
    records: &HashMap<String, Vec<Record>>,
) -> Vec<u8> {
    let parsed = |name: &str| name.parse::<Name<Vec<u8>>>().unwrap();
    let mut chain = vec![name.to_owned()];
    while let Some(Record::Cname(next)) = records
        .get(chain.last().unwrap())
        .and_then(|own| own.iter().find(|record| matches!(record, Record::Cname(_))))
    {
        chain.push(next.clone());
    }
    let end = records.get(chain.last().unwrap());
    let code = if end.is_some() {
        Rcode::NOERROR
    } else {
        Rcode::NXDOMAIN
    };
    let mut answer = MessageBuilder::new_vec().start_answer(query, code).unwrap();
    for pair in chain.windows(2) {
        answer
            .push((parsed(&pair[0]), 60, Cname::new(parsed(&pair[1]))))
            .unwrap();
    }
    let owner = parsed(chain.last().unwrap());
    for record in end.into_iter().flatten() {
        match record {
            Record::A([a, b, c, d]) if kind == Rtype::A => {
                answer.push((&owner, 60, A::new(Ipv4Addr::new(*a, *b, *c, *d))))
            }
            Record::Ns(server) if kind == Rtype::NS => {
                answer.push((&owner, 60, Ns::new(parsed(server))))
            }
            Record::Caa if kind == Rtype::CAA => {
                let data =
                    UnknownRecordData::from_octets(Rtype::CAA, b"\0\x05issueexample".to_vec())
                        .unwrap();
                answer.push((&owner, 60, data))
            }
            _ => Ok(()),
        }
        .unwrap();
    }
    answer.finish()
}

async fn serve_pages(
    listener: TcpListener,
    keys: Arc<Keys>,
    pages: Shared<(String, String), Page>,
) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = config.with_no_client_auth().with_cert_resolver(keys);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&pages)));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, pages: Shared<(String, String), Page>) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let host = stream.get_ref().1.server_name().unwrap().to_owned();
    let service = service_fn(move |request: Request<Incoming>| {
        let page = pages
            .lock()
            .unwrap()
            .get(&(host.clone(), request.uri().to_string()))
            .cloned();
        async move { Ok::<_, Infallible>(told(page).await) }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn told(page: Option<Page>) -> Response<Body> {
    use http_body_util::{BodyExt, Full, StreamBody};
    let full = |text: String| Full::new(Bytes::from(text)).boxed_unsync();
    let response = Response::builder();
    match page {
        None => response.status(404).body(full(String::new())).unwrap(),
        Some(Page::Answer(status, text)) => response.status(status).body(full(text)).unwrap(),
        Some(Page::Redirect(place)) => response
            .status(302)
            .header("location", place)
            .body(full(String::new()))
            .unwrap(),
        Some(Page::Nothing) => std::future::pending().await,
        Some(Page::Endless) => {
            let more = futures_util::stream::repeat_with(|| {
                Ok(hyper::body::Frame::data(Bytes::from_static(&[b' '; 4096])))
            });
            response.body(StreamBody::new(more).boxed_unsync()).unwrap()
        }
    }
}
