//! What the template deploys is what the code needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;
use storage::Table;

fn template() -> Value {
    // CloudFormation's short tags (`!Ref`, `!Sub`) are left as tagged values.
    serde_yaml_ng::from_str(include_str!("../../template.yaml")).unwrap()
}

fn resources(kind: &str) -> BTreeMap<String, Value> {
    template()["Resources"]
        .as_mapping()
        .unwrap()
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| {
            (
                name.as_str().unwrap().to_owned(),
                resource["Properties"].clone(),
            )
        })
        .collect()
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => &tagged.value,
        other => other,
    }
}

#[test]
fn tables_have_the_codes_keys_streams_and_expiry() {
    let tables = resources("AWS::DynamoDB::Table");
    assert_eq!(tables.len(), Table::ALL.len());
    for table in Table::ALL {
        let (_, declared) = tables
            .iter()
            .find(|(_, declared)| {
                untagged(&declared["TableName"])
                    .as_str()
                    .unwrap()
                    .ends_with(&format!("-{}", table.suffix()))
            })
            .unwrap_or_else(|| panic!("no table {}", table.suffix()));
        let keys: Vec<&str> = declared["KeySchema"]
            .as_sequence()
            .unwrap()
            .iter()
            .map(|key| key["AttributeName"].as_str().unwrap())
            .collect();
        assert_eq!(keys, table.key_attributes(), "{}", table.suffix());
        assert_eq!(
            declared["StreamSpecification"].is_null(),
            !table.streams(),
            "{}",
            table.suffix()
        );
        assert_eq!(
            declared["TimeToLiveSpecification"]["AttributeName"].as_str(),
            table.expiry_attribute(),
            "{}",
            table.suffix()
        );
        let recovery = &declared["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
        assert_eq!(recovery.as_bool(), Some(true));
    }
}

/// Every route of the OpenAPI document has its event at the function that serves it, and there is no other. What people
/// scan comes through CloudFront to the resolver's Function URL, with any path.
#[test]
fn functions_are_reached_by_the_routes_they_serve() {
    let document: serde_json::Value =
        serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let functions = resources("AWS::Serverless::Function");
    let mut wanted = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let function = match operation["tags"][0].as_str().unwrap() {
                "documentation" => "reader",
                "resolver" => {
                    let resolver = &functions["ResolverFunction"];
                    assert!(resolver["FunctionUrlConfig"].is_mapping(), "{path}");
                    assert_eq!(method, "get", "{path}");
                    continue;
                }
                function => function,
            };
            wanted.insert((function.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    let mut declared = BTreeSet::new();
    for (name, function) in functions {
        let name = name.trim_end_matches("Function").to_lowercase();
        let events = function["Events"].as_mapping().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| event["Type"] == "Api") {
            let text = |member: &str| event["Properties"][member].as_str().unwrap().to_owned();
            declared.insert((name.clone(), text("Method"), text("Path")));
        }
    }
    assert_eq!(declared, wanted);
}

/// A path that no behaviour names goes to the resolver, so every partner route has its behaviour.
#[test]
fn cloudfront_leads_every_partner_route_to_the_partners_api() {
    let document: serde_json::Value =
        serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let distribution = resources("AWS::CloudFront::Distribution")
        .remove("Distribution")
        .unwrap();
    let behaviours = distribution["DistributionConfig"]["CacheBehaviors"]
        .as_sequence()
        .unwrap();
    let leads = |path: &str| {
        behaviours.iter().any(|behaviour| {
            let pattern = behaviour["PathPattern"].as_str().unwrap();
            match pattern.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == pattern,
            }
        })
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let public = operation["tags"][0] == "resolver";
            assert_ne!(leads(path), public, "{method} {path}");
        }
    }
}

/// No statement allows every action or every resource, and no function is allowed what `storage` never calls.
#[test]
fn rights_are_those_of_the_calls() {
    const CALLED: [&str; 12] = [
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:ListBucket",
        "kms:Decrypt",
        "kms:Encrypt",
    ];
    let mut granted = BTreeSet::new();
    for (name, function) in resources("AWS::Serverless::Function") {
        let statements = function["Policies"][0]["Statement"]
            .as_sequence()
            .unwrap()
            .clone();
        let denied = statements.iter().any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Action"]
                    .as_sequence()
                    .unwrap()
                    .iter()
                    .any(|action| action == "dynamodb:DeleteItem")
        });
        assert!(denied, "{name} may delete from the ledger");
        for statement in statements
            .iter()
            .filter(|statement| statement["Effect"] == "Allow")
        {
            for resource in statement["Resource"].as_sequence().unwrap() {
                assert_ne!(resource.as_str(), Some("*"), "{name}");
            }
            for action in statement["Action"].as_sequence().unwrap() {
                let action = action.as_str().unwrap().to_owned();
                assert!(
                    CALLED.contains(&action.as_str()),
                    "{name} is granted {action}"
                );
                granted.insert(action);
            }
        }
    }
    assert_eq!(granted, CALLED.map(str::to_owned).into());
}
