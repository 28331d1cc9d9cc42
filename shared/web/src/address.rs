//! Where a request comes from, as far as nobody can forge it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use lambda_http::request::RequestContext;
use ledger::Sha256;

/// By this the edge's requests are known.
const PROOF: &str = "edge-proof";

/// The address that whatever stands in front of a router found, on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

impl Address {
    /// As API Gateway tells it: the peer of the TCP connection, and no header of the client's. Where that is CloudFront, which a secret
    /// between it and us proves, it is the address that CloudFront wrote before its own into `X-Forwarded-For`. On this machine the
    /// listener says it. `None` where nobody does.
    pub(crate) fn of(parts: &Parts, proof: Option<&Sha256>) -> Option<IpAddr> {
        if let Some(Self(address)) = parts.extensions.get() {
            return Some(*address);
        }
        if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            return Some(peer.ip());
        }
        let Some(RequestContext::ApiGatewayV1(context)) = parts.extensions.get() else {
            return None;
        };
        let peer = context.identity.source_ip.as_deref();
        let from_edge = parts.headers.get(PROOF).is_some_and(|value| {
            // Compared by their hashes: how long that takes tells nothing of the secret.
            proof.is_some_and(|proof| Sha256::of(value.as_bytes()) == *proof)
        });
        let address = match from_edge {
            false => peer,
            true => {
                let forwarded = parts.headers.get("x-forwarded-for");
                let forwarded = forwarded.and_then(|value| value.to_str().ok());
                forwarded.and_then(|list| list.rsplit(',').map(str::trim).nth(1))
            }
        };
        address.and_then(|text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;

    use super::*;

    #[test]
    fn only_the_edge_is_believed() {
        let proof = Sha256::of(b"secret");
        let mut context = ApiGatewayProxyRequestContext::default();
        context.identity.source_ip = Some("198.51.100.7".to_owned());
        let found = |headers: &[(&str, &str)]| {
            let mut request = Request::get("/v1/dpps/x");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.extension(RequestContext::ApiGatewayV1(context.clone()));
            let (parts, ()) = request.body(()).unwrap().into_parts();
            Address::of(&parts, Some(&proof)).map(|address| address.to_string())
        };
        let forwarded = ("x-forwarded-for", "10.0.0.1, 192.0.2.9, 198.51.100.7");
        for (headers, expected) in [
            (vec![], "198.51.100.7"),
            (vec![forwarded], "198.51.100.7"),
            (vec![forwarded, ("edge-proof", "guess")], "198.51.100.7"),
            (vec![forwarded, ("edge-proof", "secret")], "192.0.2.9"),
        ] {
            assert_eq!(found(&headers).as_deref(), Some(expected), "{headers:?}");
        }
        assert_eq!(found(&[("edge-proof", "secret")]), None);
    }
}
