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

/// What each function may do, and where: exactly what `storage` calls on its behalf. `*` is only inside a transaction, `-` only
/// on the list of pending orders. What is not here is not allowed, and what is here is needed.
const RIGHTS: [(&str, &[(&str, &str)]); 5] = [
    (
        "ResolverFunction",
        &[("RecordsTable", "BatchGetItem GetItem Query")],
    ),
    (
        "ReaderFunction",
        &[
            ("DataKey", "Decrypt Encrypt"),
            ("EvidenceBucket", "GetObject GetObjectVersion"),
            ("KeysTable", "GetItem PutItem*"),
            ("LedgerTable", "PutItem* Query"),
            ("LogTable", "PutItem*"),
            ("RecordsTable", "GetItem PutItem* Query"),
        ],
    ),
    (
        "UpdaterFunction",
        &[
            ("DataKey", "Decrypt Encrypt"),
            ("EvidenceBucket", "GetObject PutObject"),
            ("IntakeBucket", "GetObject ListBucket PutObject"),
            ("KeysTable", "GetItem PutItem"),
            ("LedgerTable", "GetItem PutItem*"),
            ("LogTable", "PutItem*"),
            ("RecordsTable", "GetItem PutItem Query"),
            ("RequestsTable", "GetItem PutItem*"),
        ],
    ),
    (
        "AllocatorFunction",
        &[
            ("DataKey", "Decrypt Encrypt"),
            ("KeysTable", "GetItem PutItem*"),
            ("LedgerTable", "GetItem PutItem*"),
            ("LogTable", "PutItem*"),
            (
                "RecordsTable",
                "DeleteItem- GetItem PutItem Query UpdateItem",
            ),
            ("RequestsTable", "GetItem PutItem*"),
        ],
    ),
    (
        "OrderSweepFunction",
        &[
            ("LedgerTable", "GetItem"),
            (
                "RecordsTable",
                "DeleteItem- GetItem PutItem Query UpdateItem",
            ),
        ],
    ),
];

/// The mark of a statement's condition.
fn condition(statement: &Value) -> &'static str {
    let condition = &statement["Condition"];
    if condition.is_null() {
        return "";
    }
    let enclosing = &condition["StringEquals"]["dynamodb:EnclosingOperation"];
    let keys = &condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
    match (enclosing.as_str(), keys[0].as_str()) {
        (Some("TransactWriteItems"), None) => "*",
        (None, Some("ORDERS#PENDING")) => "-",
        _ => panic!("an unknown condition: {condition:?}"),
    }
}

/// The logical id a statement's resource names.
fn logical_id(resource: &Value) -> String {
    let text = untagged(resource).as_str().unwrap();
    let text = text.trim_start_matches("${");
    text.split(['.', '}']).next().unwrap().to_owned()
}

#[test]
fn rights_are_those_of_the_calls() {
    let functions = resources("AWS::Serverless::Function");
    assert_eq!(functions.len(), RIGHTS.len());
    for (name, rights) in RIGHTS {
        let statements = functions[name]["Policies"][0]["Statement"]
            .as_sequence()
            .unwrap();
        let mut granted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut ledger_is_closed = false;
        for statement in statements {
            let actions: Vec<&str> = statement["Action"]
                .as_sequence()
                .unwrap()
                .iter()
                .map(|action| action.as_str().unwrap())
                .collect();
            let of: Vec<String> = statement["Resource"]
                .as_sequence()
                .unwrap()
                .iter()
                .map(logical_id)
                .collect();
            if statement["Effect"] == "Deny" {
                ledger_is_closed |= of == ["LedgerTable"]
                    && [
                        "dynamodb:DeleteItem",
                        "dynamodb:UpdateItem",
                        "dynamodb:BatchWriteItem",
                    ]
                    .iter()
                    .all(|action| actions.contains(action));
                continue;
            }
            let mark = condition(statement);
            for resource in of {
                let granted = granted.entry(resource).or_default();
                granted.extend(actions.iter().map(|action| {
                    let (_, action) = action.split_once(':').unwrap();
                    format!("{action}{mark}")
                }));
            }
        }
        assert!(ledger_is_closed, "{name} may change the ledger");
        let expected: BTreeMap<String, BTreeSet<String>> = rights
            .iter()
            .map(|(resource, actions)| {
                let actions = actions.split(' ').map(str::to_owned).collect();
                ((*resource).to_owned(), actions)
            })
            .collect();
        assert_eq!(granted, expected, "{name}");
    }
}
