//! What was read off a battery, held against what is known of it: the symbol of its label, and the manufacturer's serial number.

use identity::Carrier;
use passport::Fault;
use serde_json::{Map, Value};
use storage::{Label, PublicPart};
use web::Problem;

/// Most characters of what was sent that are shown again.
const SHOWN: usize = 120;

/// What was read off a battery.
#[derive(Debug, Clone)]
pub(crate) struct ReadOff {
    carrier: Option<String>,
    serial_number: Option<String>,
}

impl ReadOff {
    /// The members `carrier` and `serialNumber` of a body.
    pub(crate) fn of_body(json: &Map<String, Value>) -> Result<Self, Problem> {
        let text = |name: &str| match json.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Problem::malformed(format!("expected a text in `{name}`"))),
        };
        Ok(Self {
            carrier: text("carrier")?,
            serial_number: text("serialNumber")?,
        })
    }

    /// Whether all of it fits the battery. A label that takes the place of another is bound by a scan: there both are needed.
    pub(crate) fn fits(
        &self,
        carrier: &Carrier,
        label: &Label,
        passport: Option<&PublicPart>,
    ) -> Result<(), Problem> {
        let needed = label.replaces.is_some();
        let recorded = passport.and_then(serial_number);
        let carrier = match &self.carrier {
            Some(text) => carrier_fault(text, carrier),
            None => needed.then(|| missing("/carrier", "the address in the symbol of the label")),
        };
        let serial = match (&self.serial_number, recorded) {
            (Some(read), Some(known)) if same_number(read, known) => None,
            (Some(read), _) => Some(fault(
                "/serialNumber",
                "other-battery",
                match recorded {
                    Some(_) => "the serial number in the passport of this battery",
                    None => "nothing: no serial number is recorded for this battery yet",
                },
                read,
            )),
            (None, Some(_)) if needed => Some(missing(
                "/serialNumber",
                "the serial number as it stands on the battery",
            )),
            (None, _) => None,
        };
        let faults: Vec<Fault> = carrier.into_iter().chain(serial).collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::not_valid(faults)),
        }
    }
}

fn carrier_fault(text: &str, expected: &Carrier) -> Option<Fault> {
    let rule = match Carrier::parse(text.trim()) {
        Err(_) => "unreadable",
        Ok(read) if read.host != expected.host => "other-host",
        Ok(read) if read.unit != expected.unit => "other-battery",
        Ok(read) if read.label != expected.label => "other-label",
        Ok(_) => return None,
    };
    Some(fault("/carrier", rule, &expected.url(), text))
}

fn fault(pointer: &str, rule: &str, expected: &str, found: &str) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        rule: rule.to_owned(),
        expected: expected.to_owned(),
        found: found.chars().take(SHOWN).collect(),
        source: None,
    }
}

fn missing(pointer: &str, expected: &str) -> Fault {
    fault(pointer, "missing", expected, "nothing")
}

/// The manufacturer's serial number, where the passport has one.
fn serial_number(passport: &PublicPart) -> Option<&str> {
    let identification = passport.document.get("identification")?;
    identification.get("serialNumber")?.as_str()
}

/// Whether two serial numbers are the same to whoever reads one off a battery.
fn same_number(read: &str, known: &str) -> bool {
    let letters = |text: &str| -> String {
        let kept = text
            .chars()
            .filter(|one| !one.is_whitespace() && !"-_./".contains(*one));
        kept.flat_map(char::to_uppercase).collect()
    };
    letters(read) == letters(known)
}

#[cfg(test)]
mod tests {
    use super::same_number;

    #[test]
    fn separators_and_case_do_not_make_another_serial_number() {
        for read in ["EV60-000123", "ev60 000123", "EV60.000123", "EV60000123 "] {
            assert!(same_number(read, "EV60-000123"), "{read}");
        }
        for read in ["EV60-000132", "EV60-00012", "", "EV6O-000123"] {
            assert!(!same_number(read, "EV60-000123"), "{read}");
        }
    }
}
