//! What `cargo run` prints.

use identity::{Carrier, ErrorCorrection, Symbol};

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
    format!(
        "\nBattery passports, on this machine. Scan or open:\n\n{code}\n  {:<34} {url}\n{others}\n\
         Everything it offers         {origin}/docs\n\
         A token                      cargo run -q -- token --role economic-operator --org {}\n\
         Its history, as that partner curl -H \"Authorization: Bearer $TOKEN\" '{origin}/v1/dpps/{}/events?verify=true'\n\n\
         Ctrl-C stops it; nothing is lost.\n",
        battery.name, battery.organisation, battery.passport
    )
}
