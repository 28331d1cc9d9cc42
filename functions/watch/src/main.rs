//! The Lambda function `watch`, run every hour: examines the stage's own host and those of its operators.

use std::net::{IpAddr, SocketAddr};

use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use storage::Store;
use watch::{Network, Watch, Watched};
use web::Site;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::log_as_json();
    let watch = Watch {
        store: Store::from_env().await?,
        network: Network::public(&name_servers()?)?,
        own: Site::from_env()?.host.to_string(),
        distribution: required("DISTRIBUTION_DOMAIN")?,
        registries: required("REGISTRIES")?.parse()?,
    };
    run(service_fn(|_: LambdaEvent<IgnoredAny>| watched(&watch))).await
}

async fn watched(watch: &Watch) -> Result<Value, lambda_http::Error> {
    let mut hosts = vec![Watched {
        host: watch.own.clone(),
        organisation: None,
    }];
    for reserved in watch.store.carrier_hosts().await? {
        hosts.push(Watched {
            host: reserved.host.to_string(),
            organisation: Some(reserved.organisation),
        });
    }
    let outcome = watch.run(hosts, web::now()).await?;
    if outcome.failed > 0 {
        return Err(format!(
            "what was seen of {} hosts could not be kept",
            outcome.failed
        )
        .into());
    }
    // Where this line stays away, nothing is watched (`template.yaml`).
    tracing::info!(outcome.hosts, outcome.alarms, "hosts watched");
    Ok(json!({"hosts": outcome.hosts, "alarms": outcome.alarms}))
}

fn required(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("`{name}` is not set"))
}

/// `NAME_SERVERS`: addresses with commas between, on port 53 where none is named.
fn name_servers() -> Result<Vec<SocketAddr>, String> {
    let list = required("NAME_SERVERS")?;
    let servers = list.split(',').map(str::trim).map(|server| {
        let alone = server
            .parse()
            .map(|address: IpAddr| SocketAddr::from((address, 53)));
        alone
            .or_else(|_| server.parse())
            .map_err(|_| format!("`NAME_SERVERS`: `{server}` is no address"))
    });
    servers.collect()
}
