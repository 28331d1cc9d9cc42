//! The policies are held against their schema when the crate is built: what does not hold does not compile.

#![expect(
    clippy::panic,
    reason = "a build script says by panicking what is wrong"
)]

use std::fs;
use std::str::FromStr;

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};

const PLACE: &str = "policies";

fn main() {
    println!("cargo::rerun-if-changed={PLACE}");
    let read = |name: &str| {
        fs::read_to_string(format!("{PLACE}/{name}"))
            .unwrap_or_else(|error| panic!("{PLACE}/{name}: {error}"))
    };
    let (schema, warnings) = Schema::from_cedarschema_str(&read("schema.cedarschema"))
        .unwrap_or_else(|error| panic!("{PLACE}/schema.cedarschema: {error:?}"));
    let warnings: Vec<String> = warnings.map(|warning| warning.to_string()).collect();
    assert!(
        warnings.is_empty(),
        "{PLACE}/schema.cedarschema: {warnings:?}"
    );
    let validator = Validator::new(schema);
    for name in ["reading.cedar", "writing.cedar", "never.cedar"] {
        let policies = PolicySet::from_str(&read(name))
            .unwrap_or_else(|error| panic!("{PLACE}/{name}: {error:?}"));
        let result = validator.validate(&policies, ValidationMode::Strict);
        let faults: Vec<String> = result
            .validation_errors()
            .map(ToString::to_string)
            .chain(result.validation_warnings().map(ToString::to_string))
            .collect();
        assert!(faults.is_empty(), "{PLACE}/{name}: {}", faults.join("; "));
    }
}
