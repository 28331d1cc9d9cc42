//! What DNS says, asked of recursive resolvers of one's own choice, past the machine's own and its memory.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, ParsedName, Rtype};
use domain::net::client::protocol::{TcpConnect, UdpConnect};
use domain::net::client::request::{RequestMessage, SendRequest};
use domain::net::client::{dgram, dgram_stream, multi_stream};
use domain::rdata::{A, Aaaa, Cname, Ns};
use futures_util::future::{join, join_all};
use hyper::body::Bytes;

use crate::seen::{Names, Zones};

/// A datagram is waited for as long, and sent twice.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// A question takes one server no longer than that, over TCP too.
const LONGEST: Duration = Duration::from_secs(5);
/// So many names above a host are looked at; a CNAME chain is followed no longer.
const MOST: usize = 10;

type Question = RequestMessage<Vec<u8>>;
type Reply = Message<Bytes>;

/// Recursive resolvers, asked in order until one answers.
pub(crate) struct Dns {
    servers: Vec<(SocketAddr, dgram_stream::Connection<UdpConnect, Question>)>,
}

impl Dns {
    /// Resolvers by their addresses. Needs a runtime: what is too long for a datagram goes over connections of a task.
    pub(crate) fn new(servers: &[SocketAddr]) -> Self {
        let connection = |address: &SocketAddr| {
            let mut datagrams = dgram::Config::new();
            datagrams.set_read_timeout(PATIENCE);
            datagrams.set_max_retries(1);
            let config =
                dgram_stream::Config::from_parts(datagrams, multi_stream::Config::default());
            let (udp, tcp) = (UdpConnect::new(*address), TcpConnect::new(*address));
            let (connection, transport) = dgram_stream::Connection::with_config(udp, tcp, config);
            tokio::spawn(transport.run());
            (*address, connection)
        };
        Self {
            servers: servers.iter().map(connection).collect(),
        }
    }

    /// A reply that says something: that there is such a record, or that there is none.
    async fn ask(&self, name: &str, kind: Rtype) -> Result<Reply, String> {
        let question = question(name, kind).ok_or_else(|| format!("`{name}` is no name"))?;
        let mut fault = "no resolver is configured".to_owned();
        for (address, server) in &self.servers {
            let mut sent = server.send_request(question.clone());
            fault = match tokio::time::timeout(LONGEST, sent.get_response()).await {
                Ok(Ok(reply)) => match reply.header().rcode() {
                    Rcode::NOERROR | Rcode::NXDOMAIN => return Ok(reply),
                    other => format!("{address} answered {other} to {kind} of {name}"),
                },
                Ok(Err(error)) => format!("{address} on {kind} of {name}: {error}"),
                Err(_) => format!("{address} did not answer {kind} of {name} in time"),
            };
        }
        Err(fault)
    }

    /// Where a name leads.
    pub(crate) async fn names(&self, name: &str) -> Names {
        let (four, six) = join(self.ask(name, Rtype::A), self.ask(name, Rtype::AAAA)).await;
        let four = match four {
            Ok(four) => four,
            Err(fault) => return Names::Unanswered(fault),
        };
        let aliases = aliases(&four, name);
        if four.header().rcode() == Rcode::NXDOMAIN && aliases.is_empty() {
            return Names::NoSuchName;
        }
        let mut addresses: BTreeSet<IpAddr> = BTreeSet::new();
        if let Ok(answer) = four.answer() {
            let found = answer.limit_to_in::<A>().flatten();
            addresses.extend(found.map(|record| IpAddr::V4(record.data().addr())));
        }
        if let Some(answer) = six.as_ref().ok().and_then(|six| six.answer().ok()) {
            let found = answer.limit_to_in::<Aaaa>().flatten();
            addresses.extend(found.map(|record| IpAddr::V6(record.data().addr())));
        }
        Names::Found { aliases, addresses }
    }

    /// The addresses of a name; none where they could not be found out.
    pub(crate) async fn addresses(&self, name: &str) -> BTreeSet<IpAddr> {
        match self.names(name).await {
            Names::Found { addresses, .. } => addresses,
            Names::Unanswered(_) | Names::NoSuchName => BTreeSet::new(),
        }
    }

    /// The zones on the way from a name up to below the top-level domain; `None` where that could not be found out whole.
    pub(crate) async fn zones(&self, name: &str) -> Option<Zones> {
        let above = upwards(name);
        let replies = join_all(above.iter().map(|name| self.ask(name, Rtype::NS))).await;
        let mut zones = Zones::new();
        for (zone, reply) in above.iter().zip(replies) {
            let reply = reply.ok()?;
            let records = reply
                .answer()
                .ok()?
                .limit_to_in::<Ns<ParsedName<_>>>()
                .flatten();
            // Behind a CNAME stand the name servers of another name.
            let own = records.filter(|record| same(record.owner(), zone));
            let servers: BTreeSet<String> =
                own.map(|record| plain(record.data().nsdname())).collect();
            if !servers.is_empty() {
                zones.insert((*zone).to_owned(), servers);
            }
        }
        Some(zones)
    }

    /// Whether a CAA record applies to a name: its own, or the next one above (RFC 8659 §3).
    pub(crate) async fn caa(&self, name: &str) -> Option<bool> {
        for name in upwards(name) {
            let reply = self.ask(name, Rtype::CAA).await.ok()?;
            let mut records = reply.answer().ok()?.flatten();
            if records.any(|record| record.rtype() == Rtype::CAA) {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// A name and those above it, the top-level domain left out.
pub(crate) fn upwards(name: &str) -> Vec<&str> {
    let starts = name
        .match_indices('.')
        .filter_map(|(dot, _)| name.get(dot + 1..));
    let all = std::iter::once(name).chain(starts);
    all.filter(|name| name.contains('.')).take(MOST).collect()
}

fn question(name: &str, kind: Rtype) -> Option<Question> {
    let name: Name<Vec<u8>> = name.parse().ok()?;
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_rd(true);
    let mut message = message.question();
    message.push((name, kind)).ok()?;
    RequestMessage::new(message).ok()
}

/// The chain of CNAMEs that begins at a name.
fn aliases(reply: &Reply, name: &str) -> Vec<String> {
    let Ok(answer) = reply.answer() else {
        return Vec::new();
    };
    let records: Vec<_> = answer
        .limit_to_in::<Cname<ParsedName<_>>>()
        .flatten()
        .collect();
    let mut chain: Vec<String> = Vec::new();
    while chain.len() < MOST {
        let last = chain.last().map_or(name, String::as_str);
        let Some(next) = records.iter().find(|record| same(record.owner(), last)) else {
            break;
        };
        let next = plain(next.data().cname());
        chain.push(next);
    }
    chain
}

fn same(owner: &impl ToString, name: &str) -> bool {
    plain(owner).eq_ignore_ascii_case(name)
}

/// In lower case, without the dot at its end.
fn plain(name: &impl ToString) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_above_end_below_the_top_level_domain() {
        assert_eq!(
            upwards("dpp.maker.example"),
            ["dpp.maker.example", "maker.example"]
        );
        assert_eq!(upwards("localhost"), [] as [&str; 0]);
        assert!(upwards(&"a.".repeat(100)).len() <= MOST);
    }
}
