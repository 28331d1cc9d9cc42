//! How fast batteries are published anew when something they share changes.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::Stage;

use crate::{Outcome, server};

/// Batteries of the batch that is corrected.
pub(crate) const BATTERIES: usize = 500;

/// From the correction until all are published, for one battery: tables, bucket and publisher in this process.
pub(crate) async fn measure() -> Outcome<Duration> {
    let stage = Stage::start().await;
    let (publisher, _) = stage.own_publisher();
    let seeded = stage.seeded().await;
    let battery = seeded.batteries.first().ok_or("nothing was seeded")?;
    let maker = stage.partner("economic-operator", &battery.organisation);
    let token = maker.token.clone().unwrap_or_default();
    let path = format!("{}/v1/units/{}", stage.origin, battery.unit);
    let unit = server::get_json(&path, &token).await?;
    server::on_market(&stage.origin, &token, &unit["batch"], BATTERIES).await?;
    let end = || Instant::now() + Duration::from_secs(3_600);
    publisher.sweep(end()).await?;
    let batch = maker.beneath(&battery.passport, "batch").await;
    let change = json!({"type": "correction", "reason": "benchmark", "changes": {"circularity": {"recoveredCobalt": {"value": 17, "unit": "%"}}}});
    let _ = maker.change_product(&batch, &change).await.expect(200);
    let started = Instant::now();
    publisher.sweep(end()).await?;
    Ok(started.elapsed() / u32::try_from(BATTERIES)?)
}
