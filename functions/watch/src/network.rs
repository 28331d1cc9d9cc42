//! HTTPS to places that others name: few redirects, small answers, little patience, public addresses only.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Position, Url};

use crate::certificate;
use crate::dns::Dns;
use crate::rules::Code;
use crate::seen::Presented;

const CONNECTS_WITHIN: Duration = Duration::from_secs(3);
const SHAKES_HANDS_WITHIN: Duration = Duration::from_secs(5);
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Addresses of a name that are tried.
const TRIED: usize = 3;
const REDIRECTS: usize = 3;
/// Bytes of an answer's head.
const HEAD: usize = 16 << 10;

/// How others are reached.
pub struct Network {
    /// Who is asked for names.
    pub(crate) dns: Dns,
    tls: TlsConnector,
    /// Where hosts answer: 443.
    port: u16,
    /// Whether addresses count that are not of the public Internet.
    private: bool,
}

/// An answer, read.
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Network {
    /// The Internet, by the machine's trust roots.
    ///
    /// # Errors
    /// A sentence, where the machine has none.
    pub fn public(name_servers: &[SocketAddr]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        match roots.is_empty() {
            true => Err(format!("no trust roots: {:?}", found.errors)),
            false => Self::new(name_servers, roots, 443, false),
        }
    }

    /// Another one: with roots of one's own, another port in the place of 443, and addresses that are `private`.
    ///
    /// # Errors
    /// A sentence, where there is no cryptography for TLS.
    pub fn new(
        name_servers: &[SocketAddr],
        roots: RootCertStore,
        port: u16,
        private: bool,
    ) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A session that is taken up again shows the certificate of its beginning.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            dns: Dns::new(name_servers),
            tls: TlsConnector::from(Arc::new(config)),
            port,
            private,
        })
    }

    /// Shakes hands with whoever is at a host's addresses. What is presented, and the connection where it is valid.
    pub(crate) async fn meet(
        &self,
        host: &str,
        addresses: &BTreeSet<IpAddr>,
    ) -> (Presented, Option<TlsStream<TcpStream>>) {
        let stream = match self.open(host, self.port, addresses).await {
            Ok(stream) => stream,
            Err(presented) => return (presented, None),
        };
        let presented = stream
            .get_ref()
            .1
            .peer_certificates()
            .and_then(|chain| chain.first());
        match presented.and_then(|first| certificate::read(first)) {
            Some(certificate) => (Presented::Valid(certificate), Some(stream)),
            None => (
                Presented::Refused(
                    Code::CertificateUntrusted,
                    "one that cannot be read".to_owned(),
                ),
                None,
            ),
        }
    }

    async fn open(
        &self,
        host: &str,
        port: u16,
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<TlsStream<TcpStream>, Presented> {
        let name = ServerName::try_from(host.to_owned());
        let name =
            name.map_err(|_| Presented::Unreachable(format!("`{host}` is no name for TLS")))?;
        let mut fault = "no address".to_owned();
        for address in addresses.iter().take(TRIED) {
            if !self.private && !is_public(*address) {
                fault = format!("{address} is no address of the public Internet");
                continue;
            }
            let connected = timeout(CONNECTS_WITHIN, TcpStream::connect((*address, port))).await;
            let stream = match connected {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    fault = format!("{address}: {error}");
                    continue;
                }
                Err(_) => {
                    fault = format!("{address} did not answer in time");
                    continue;
                }
            };
            match timeout(SHAKES_HANDS_WITHIN, self.tls.connect(name.clone(), stream)).await {
                Ok(Ok(stream)) => return Ok(stream),
                // A certificate that does not count is told, not avoided by another address.
                Ok(Err(error)) => match refusal(&error) {
                    Some(refused) => return Err(refused),
                    None => fault = format!("{address}: {error}"),
                },
                Err(_) => fault = format!("{address} did not shake hands in time"),
            }
        }
        Err(Presented::Unreachable(fault))
    }

    /// Asks for an address and whatever it leads to.
    pub(crate) async fn fetch(
        &self,
        address: &Url,
        accept: &'static str,
        most: usize,
    ) -> Result<Got, String> {
        let mut address = address.clone();
        for _ in 0..=REDIRECTS {
            let place = format!("`{address}`");
            let Some(Host::Domain(host)) = address.host().filter(|_| address.scheme() == "https")
            else {
                return Err(format!("{place} is no https address of a host"));
            };
            let host = host.to_owned();
            let addresses = self.dns.addresses(&host).await;
            let port = address.port().unwrap_or(443);
            let stream = self
                .open(&host, port, &addresses)
                .await
                .map_err(|presented| match presented {
                    Presented::Unreachable(why) | Presented::Refused(_, why) => {
                        format!("{place}: {why}")
                    }
                    Presented::NotAsked | Presented::Valid(_) => place.clone(),
                })?;
            let path = address[Position::BeforePath..Position::AfterQuery].to_owned();
            let got = get(stream, &host, &path, accept, most)
                .await
                .map_err(|why| format!("{place}: {why}"))?;
            match got
                .location
                .as_ref()
                .filter(|_| got.status.is_redirection())
            {
                Some(location) => {
                    address = address
                        .join(location)
                        .map_err(|error| format!("{place} leads nowhere: {error}"))?
                }
                None => return Ok(got),
            }
        }
        Err(format!("`{address}` is one redirect too many"))
    }
}

/// `GET` over a connection that stands; nothing is followed.
pub(crate) async fn get(
    stream: TlsStream<TcpStream>,
    host: &str,
    path: &str,
    accept: &'static str,
    most: usize,
) -> Result<Got, String> {
    match timeout(ANSWERS_WITHIN, exchange(stream, host, path, accept, most)).await {
        Ok(got) => got,
        Err(_) => Err("no answer in time".to_owned()),
    }
}

async fn exchange(
    stream: TlsStream<TcpStream>,
    host: &str,
    path: &str,
    accept: &'static str,
    most: usize,
) -> Result<Got, String> {
    let fault = |error: hyper::Error| error.to_string();
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD);
    let (mut sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(fault)?;
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, accept)
        .header(header::USER_AGENT, "battery-passport-watch")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(fault)?;
        let location = answer.headers().get(header::LOCATION);
        let location = location
            .map(HeaderValue::to_str)
            .and_then(Result::ok)
            .map(str::to_owned);
        let status = answer.status();
        let body = Limited::new(answer.into_body(), most).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        Ok(Got {
            status,
            location,
            body,
        })
    };
    // Without an answer the connection has ended before.
    tokio::pin!(answer);
    tokio::select! {
        biased;
        got = &mut answer => got,
        _ = connection => answer.await,
    }
}

/// What a failed handshake says of the certificate; nothing where it failed for something else.
fn refusal(error: &std::io::Error) -> Option<Presented> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(fault) = error else {
        return None;
    };
    let code = match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Code::CertificateExpired
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Code::CertificateWrongName
        }
        _ => Code::CertificateUntrusted,
    };
    Some(Presented::Refused(code, fault.to_string()))
}

/// Whether an address is one that strangers may lead us to.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        // Nothing but global unicast, and nothing that wraps an address of the other kind (RFC 3056, RFC 4380).
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            first & 0xe000 == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && (second == 0 || second == 0xdb8))
        }
    }
}

/// RFC 6890, and what was reserved since.
fn is_public_4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let benchmarks = first == 198 && (18..20).contains(&second);
    let protocols = first == 192 && second == 0;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || benchmarks
        || protocols
        || first == 0
        || first >= 224)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leads_us_into_our_own_network() {
        let inside = [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "169.254.100.1",
            "192.168.0.1",
            "172.31.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00:ec2::254",
            "64:ff9b::a9fe:a9fe",
            "2002:a00:1::1",
            "2001:db8::1",
            "::",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["13.32.1.1", "99.84.0.1", "2600:9000:2000::1", "8.8.8.8"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
