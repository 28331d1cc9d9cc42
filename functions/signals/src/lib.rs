//! Scans, counted out of the request's way: potential suspects for whoever is responsible for a battery.
//!
//! In the cloud CloudFront's logs are read as they are delivered, locally the listener tells of its scans; both go through the same
//! aggregator. (1) A record becomes unit, label, day and country, and nothing else of it is looked at; (2) what was known of the
//! label is looked up once per unit; (3) counters are added to, once per batch however often it is delivered; (4) where chance no
//! longer explains what a day brought, an alarm is raised and one line logged; (5) once no log of a day can come any more, one event of
//! the log of reads tells how often each unit was scanned on it. A single copy of a label is not found by counting.

mod count;
mod days;
mod log;
mod seen;

pub use count::{Counted, count};
pub use days::{Told, tell_days};
pub use log::{Log, read};
pub use seen::Seen;
