//! What `cargo run` prints.

use std::path::Path;

use identity::{Carrier, ErrorCorrection, Symbol};

use crate::DEFAULT_DATA;
use crate::platform::Running;
use crate::seed::Seeded;

/// A few lines: what to open, the code to scan, how to make a first change.
#[must_use]
pub fn welcome(running: &Running, seeded: &Seeded) -> String {
    let origin = &running.origin;
    let Some(battery) = seeded.batteries.first() else {
        return format!("The platform is up at {origin}\n");
    };
    let url = format!("{origin}/{}/{}", battery.unit, battery.label);
    let code = Carrier::parse(&url)
        .ok()
        .and_then(|carrier| Symbol::new(&carrier, ErrorCorrection::M).ok())
        .map(|symbol| symbol.terminal())
        .unwrap_or_default();
    let others: String = seeded
        .batteries
        .iter()
        .skip(1)
        .map(|battery| {
            format!(
                "  {:<34} {origin}/{}/{}\n",
                battery.name, battery.unit, battery.label
            )
        })
        .collect();
    let phone = match running.address.ip().is_loopback() {
        true => format!(
            "  A phone can scan it too with   cargo run -- --listen 0.0.0.0:{}\n",
            running.address.port()
        ),
        false => String::new(),
    };
    let data = match running.data == Path::new(DEFAULT_DATA) {
        true => String::new(),
        false => format!(" --data {}", running.data.display()),
    };
    let now = web::now();
    format!(
        "\nBattery passports, on this machine. Scan or open:\n\n{code}\n  {:<34} {url}\n{others}{phone}\n\
         Everything it offers   {origin}/docs\n\n\
         A token      TOKEN=$(cargo run -q -- token --role economic-operator --org {organisation}{data})\n\
         A change     curl -H \"Authorization: Bearer $TOKEN\" -H \"Idempotency-Key: $RANDOM$RANDOM\" -H 'Content-Type: application/json' \\\n\
         \x20              {origin}/v1/dpps/{passport}/events -d '{{\"type\":\"measurement\",\"reason\":\"first reading\",\"changes\":\
         {{\"condition\":{{\"stateOfCharge\":{{\"value\":54,\"unit\":\"%\",\"measuredAt\":\"{now}\"}}}}}}}}'\n\
         Sign in      {sign_in}    and open {origin}/v1/dpps/{passport}\n\
         Its history  curl -H \"Authorization: Bearer $TOKEN\" '{origin}/v1/dpps/{passport}/events?verify=true'\n\n\
         Ctrl-C stops it; nothing is lost.\n",
        battery.name,
        organisation = battery.organisation,
        passport = battery.passport,
        sign_in = running.sign_in_command,
    )
}
