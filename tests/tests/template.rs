//! What the template deploys is what the code needs.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::Value;
use storage::{Log, Table};

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

fn distribution() -> Value {
    let mut distributions = resources("AWS::CloudFront::Distribution");
    distributions.remove("Distribution").unwrap()["DistributionConfig"].clone()
}

/// Path pattern and behaviour, in the order in which they are tried.
fn behaviours() -> Vec<(String, Value)> {
    let behaviours = distribution()["CacheBehaviors"].clone();
    let behaviours = behaviours.as_sequence().unwrap();
    behaviours
        .iter()
        .map(|behaviour| {
            (
                behaviour["PathPattern"].as_str().unwrap().to_owned(),
                behaviour.clone(),
            )
        })
        .collect()
}

/// Every partner route has its behaviour, and no route of the public leads to the partners' API.
#[test]
fn cloudfront_leads_every_route_to_its_function() {
    let document: serde_json::Value =
        serde_json::from_str(&local::documentation().to_json().unwrap()).unwrap();
    let behaviours = behaviours();
    let leads = |path: &str| {
        let behaviour = behaviours
            .iter()
            .find(|(pattern, _)| match pattern.strip_suffix('*') {
                Some(start) => path.starts_with(start),
                None => path == pattern,
            });
        behaviour
            .map_or("scans", |(_, behaviour)| {
                behaviour["TargetOriginId"].as_str().unwrap()
            })
            .to_owned()
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let target = leads(path);
            match operation["tags"][0].as_str().unwrap() {
                "resolver" if edge::is_scan(path) => assert_eq!(target, "scans", "{path}"),
                "resolver" => assert_eq!(target, "resolver", "{path}"),
                _ => assert_eq!(
                    (target.as_str(), edge::is_scan(path)),
                    ("partners", false),
                    "{method} {path}"
                ),
            }
        }
    }
    assert_eq!(
        (leads("/find"), leads("/")),
        ("resolver".to_owned(), "resolver".to_owned())
    );
}

/// The function sees what the local edge hands it, and no other request.
#[test]
fn the_edge_function_is_deployed_as_it_is_tested() {
    let function = resources("AWS::CloudFront::Function")
        .remove("EdgeFunction")
        .unwrap();
    assert_eq!(
        function["FunctionCode"].as_str().unwrap(),
        edge::FUNCTION,
        "`cargo run -p local -- template` puts it there"
    );
    assert_eq!(function["FunctionConfig"]["Runtime"], "cloudfront-js-2.0");
    let behaviours = behaviours();
    let mut patterns: Vec<&str> = behaviours
        .iter()
        .map(|(pattern, _)| pattern.as_str())
        .collect();
    patterns.sort_unstable();
    let [changes, reads] = Log::ALL.map(|log| format!("/v1/{log}/*"));
    let further = ["/v1/*", changes.as_str(), reads.as_str()];
    let mut otherwise = [&edge::OTHERWISE[..], &further].concat();
    otherwise.sort_unstable();
    assert_eq!(patterns, otherwise);
    assert!(
        behaviours
            .iter()
            .all(|(_, behaviour)| behaviour["FunctionAssociations"].is_null())
    );
    let scans = &distribution()["DefaultCacheBehavior"];
    let association = &scans["FunctionAssociations"][0];
    assert_eq!(association["EventType"], "viewer-request");
    assert_eq!(
        untagged(&association["FunctionARN"]),
        "EdgeFunction.FunctionARN"
    );
    // CloudFront takes no other methods before an origin group.
    let methods: Vec<&str> = scans["AllowedMethods"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|method| method.as_str().unwrap())
        .collect();
    assert_eq!(methods, ["GET", "HEAD", "OPTIONS"]);
}

/// The canonical path and its query are the whole key: what the function folds into them reaches the resolver, nothing else.
#[test]
fn the_canonical_request_is_the_whole_cache_key() {
    let policy = resources("AWS::CloudFront::CachePolicy")
        .remove("ScanCache")
        .unwrap();
    let key = &policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(key["HeadersConfig"]["HeaderBehavior"], "none");
    assert_eq!(key["CookiesConfig"]["CookieBehavior"], "none");
    assert_eq!(key["QueryStringsConfig"]["QueryStringBehavior"], "all");
    let scans = &distribution()["DefaultCacheBehavior"];
    assert_eq!(untagged(&scans["CachePolicyId"]), "ScanCache");
    // Beside the key only what the resolver passes on where custody moved.
    let beside = resources("AWS::CloudFront::OriginRequestPolicy")
        .remove("ScanQuery")
        .unwrap();
    let beside = &beside["OriginRequestPolicyConfig"];
    assert_eq!(untagged(&scans["OriginRequestPolicyId"]), "ScanQuery");
    assert_eq!(beside["HeadersConfig"]["Headers"][0], "viewer-query");
    assert!(beside["HeadersConfig"]["Headers"][1].is_null());
    assert_eq!(beside["CookiesConfig"]["CookieBehavior"], "none");
    assert_eq!(beside["QueryStringsConfig"]["QueryStringBehavior"], "none");
}

/// Where the resolver fails, the snapshots answer; and no error of one partner is kept for the next.
#[test]
fn snapshots_stand_behind_the_resolver_and_errors_are_not_kept() {
    let distribution = distribution();
    let group = &distribution["OriginGroups"]["Items"][0];
    let members: Vec<&str> = group["Members"]["Items"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|member| member["OriginId"].as_str().unwrap())
        .collect();
    assert_eq!(members, ["resolver", "snapshots"]);
    assert_eq!(
        group["Id"],
        distribution["DefaultCacheBehavior"]["TargetOriginId"]
    );
    // Every code that CloudFront keeps by itself.
    let kept = distribution["CustomErrorResponses"].as_sequence().unwrap();
    let codes: Vec<u64> = kept
        .iter()
        .map(|error| error["ErrorCode"].as_u64().unwrap())
        .collect();
    assert_eq!(
        codes,
        [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]
    );
    assert!(kept.iter().all(|error| error["ErrorCachingMinTTL"] == 0));
}

/// AWS WAF counts across all processes what each counts by itself, with the same numbers.
#[test]
fn addresses_are_limited_as_locally() {
    let edge: Value =
        serde_yaml_ng::from_str(include_str!("../../infra/edge/us-east-1.yaml")).unwrap();
    let edge = &edge["Resources"]["EdgeAcl"]["Properties"];
    let partners = &resources("AWS::WAFv2::WebACL")["PartnerAcl"];
    let limits = web::Limits::read().unwrap();
    let (scans, anybody) = (limits.scans, limits.address.requests);
    // No work asks for more: nobody's budget is above it.
    let most = limits.role.values().map(|role| role.requests).max();
    for (acl, name, limit) in [
        (edge, "alias-lookups", Some(scans.aliases)),
        (edge, "missed", Some(scans.missed)),
        (edge, "scans", Some(scans.all)),
        (edge, "without-token", Some(anybody)),
        (partners, "without-token", Some(anybody)),
        (edge, "flood", most.map(|most| 5 * most)),
        (partners, "flood", most.map(|most| 5 * most)),
    ] {
        let rules = acl["Rules"].as_sequence().unwrap();
        let rule = rules.iter().find(|rule| rule["Name"] == name).unwrap();
        let rate = &rule["Statement"]["RateBasedStatement"];
        assert_eq!(rate["Limit"].as_u64(), limit, "{name}");
        let window = rate["EvaluationWindowSec"].as_i64();
        assert_eq!(window, Some(limits.request_seconds), "{name}");
        let answer = &rule["Action"]["Block"]["CustomResponse"];
        assert_eq!(answer["ResponseCode"], 429, "{name}");
        assert_eq!(answer["ResponseHeaders"][0]["Name"], "retry-after");
    }
    let page = edge["CustomResponseBodies"]["page"]["Content"].as_str();
    assert_eq!(
        page.unwrap(),
        edge::refused_page(),
        "`cargo run -p local -- template` puts it there"
    );
}

/// The bucket cannot say that a battery is gone or led elsewhere: a function says it for it.
#[test]
fn snapshots_are_answered_with_their_own_status() {
    let functions = resources("AWS::CloudFront::Function");
    let code = &functions["SnapshotFunction"]["FunctionCode"];
    assert_eq!(code.as_str().unwrap(), edge::SNAPSHOT_FUNCTION);
    let association = &distribution()["DefaultCacheBehavior"]["FunctionAssociations"][1];
    assert_eq!(association["EventType"], "viewer-response");
    assert_eq!(
        untagged(&association["FunctionARN"]),
        "SnapshotFunction.FunctionARN"
    );
}

/// The stream rings for every chain of a subject; what it gives up goes where somebody sees it, and the sweep finds it.
#[test]
fn the_publisher_hears_the_ledger_and_sweeps() {
    let functions = resources("AWS::Serverless::Function");
    let publisher = &functions["PublisherFunction"];
    let ledger = &publisher["Events"]["Ledger"]["Properties"];
    assert_eq!(untagged(&ledger["Stream"]), "LedgerTable.StreamArn");
    assert_eq!(
        ledger["FunctionResponseTypes"][0],
        "ReportBatchItemFailures"
    );
    let pattern = ledger["FilterCriteria"]["Filters"][0]["Pattern"]
        .as_str()
        .unwrap();
    let pattern: serde_json::Value = serde_json::from_str(pattern).unwrap();
    let prefixes = pattern["dynamodb"]["Keys"]["pk"]["S"].as_array().unwrap();
    let prefixes: BTreeSet<&str> = prefixes
        .iter()
        .map(|one| one["prefix"].as_str().unwrap())
        .collect();
    assert_eq!(prefixes, ["B#", "M#", "O#", "P#", "U#"].into());
    for place in [
        &ledger["DestinationConfig"],
        &publisher["EventInvokeConfig"]["DestinationConfig"],
    ] {
        assert_eq!(
            untagged(&place["OnFailure"]["Destination"]),
            "PublisherFailures.Arn"
        );
    }
    assert_eq!(
        publisher["Events"]["EveryMinute"]["Properties"]["Schedule"],
        "rate(1 minute)"
    );
    let variables = &publisher["Environment"]["Variables"];
    assert_eq!(untagged(&variables["PUBLIC_BUCKET"]), "PublicBucket");
    assert_eq!(untagged(&variables["DISTRIBUTION_ID"]), "Distribution");
    let distribution = &resources("AWS::CloudFront::Distribution")["Distribution"];
    assert_eq!(
        distribution["DistributionConfig"]["CacheTagConfig"]["HeaderName"],
        "cache-tag"
    );
}

/// What each function may do, and where: exactly what `storage` calls on its behalf. `*` is only inside a transaction, `-` only
/// on the list of pending orders, `+` only on what is to be published, `&` only on what is signed and the keys of it, `=` only with keys that sign for operators, `!` only on tallies, `~` only on what the watch found, `@` only on
/// the proofs that came, `^` also on the hosts. What is not here is not allowed, and what is here is needed.
const RIGHTS: [(&str, &[(&str, &str)]); 13] = [
    (
        "ResolverFunction",
        &[("RecordsTable", "BatchGetItem GetItem Query")],
    ),
    (
        "ReaderFunction",
        &[
            ("CookieKey", "GenerateMac"),
            ("DataKey", "Decrypt Encrypt"),
            ("EvidenceBucket", "GetObject GetObjectVersion"),
            ("KeysTable", "GetItem PutItem*"),
            ("LedgerTable", "GetItem PutItem* Query"),
            ("LogTable", "BatchGetItem PutItem*"),
            ("PublicBucket", "GetObject"),
            ("RecordsTable", "BatchGetItem GetItem PutItem* Query"),
            ("RequestsTable", "PutItem@ UpdateItem!"),
            ("SignalsTable", "Query"),
        ],
    ),
    ("SigninFunction", &[("CookieKey", "GenerateMac")]),
    (
        "UpdaterFunction",
        &[
            ("DataKey", "Decrypt Encrypt"),
            ("EvidenceBucket", "GetObject PutObject"),
            ("IntakeBucket", "GetObject ListBucket PutObject"),
            ("KeysTable", "GetItem PutItem"),
            ("LedgerTable", "GetItem PutItem*"),
            ("LogTable", "PutItem*"),
            ("RecordsTable", "DeleteItem* GetItem PutItem Query"),
            ("RequestsTable", "GetItem PutItem@ PutItem* UpdateItem!"),
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
                "BatchGetItem DeleteItem- GetItem PutItem Query UpdateItem",
            ),
            ("RequestsTable", "GetItem PutItem@ PutItem* UpdateItem!"),
        ],
    ),
    (
        "SignalsFunction",
        &[
            ("DataKey", "Decrypt Encrypt"),
            ("KeysTable", "GetItem PutItem*"),
            ("LedgerTable", "GetItem PutItem*"),
            ("LogTable", "PutItem*"),
            ("RecordsTable", "PutItem* Query"),
            ("ScanLogBucket", "GetObject"),
            ("SignalsTable", "DeleteItem* PutItem Query UpdateItem*"),
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
    (
        "SequencerFunction",
        &[
            ("ArchiveBucket", "GetObject ListBucket PutObject"),
            ("LedgerTable", "BatchGetItem"),
            ("LogKey", "GetPublicKey Sign"),
            (
                "LogTable",
                "BatchGetItem BatchWriteItem DeleteItem GetItem PutItem Query",
            ),
            ("PublicBucket", "GetObject ListBucket PutObject"),
        ],
    ),
    (
        "AuditorFunction",
        &[
            ("ArchiveBucket", "GetObject ListBucket PutObject"),
            ("AuditKey", "GetPublicKey Sign"),
            ("DataKey", "Decrypt"),
            ("EvidenceBucket", "GetObject GetObjectVersion"),
            ("KeysTable", "GetItem"),
            ("LedgerTable", "Query Scan"),
            ("LogKey", "GetPublicKey"),
            ("LogTable", "GetItem Scan"),
            ("PublicBucket", "GetObject ListBucket PutObject"),
            ("RecordsTable", "GetItem Query Scan"),
        ],
    ),
    (
        "PublisherFunction",
        &[
            ("Distribution", "CreateInvalidation"),
            ("LedgerTable", "GetItem"),
            ("OperatorKeys", "GetPublicKey= Sign="),
            ("PublicBucket", "GetObject ListBucket PutObject"),
            ("PublisherFailures", "SendMessage"),
            (
                "RecordsTable",
                "BatchGetItem DeleteItem+ GetItem PutItem& PutItem+ Query UpdateItem+",
            ),
        ],
    ),
    ("WatchFunction", &[("RecordsTable", "PutItem~ Query^")]),
    ("ProbeFunction", &[("ProbeKey", "GetPublicKey Sign")]),
    (
        "ReleaseCheckFunction",
        &[
            ("ProbeKey", "GetPublicKey Sign"),
            ("ReaderFunction", "InvokeFunction"),
            (
                "ServerlessDeploymentApplication",
                "PutLifecycleEventHookExecutionStatus",
            ),
            ("UpdaterFunction", "InvokeFunction"),
        ],
    ),
];

/// The mark of a statement's condition.
fn condition(statement: &Value) -> &'static str {
    let condition = &statement["Condition"];
    if condition.is_null() {
        return "";
    }
    let aliases = &condition["ForAnyValue:StringLike"]["kms:ResourceAliases"];
    if untagged(&aliases[0]) == "alias/${AWS::StackName}-view-*" && aliases[1].is_null() {
        return "=";
    }
    let enclosing = &condition["StringEquals"]["dynamodb:EnclosingOperation"];
    let keys = &condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"];
    let alike = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    match (enclosing.as_str(), keys[0].as_str().or(alike[0].as_str())) {
        (Some("TransactWriteItems"), None) => "*",
        (None, Some("ORDERS#PENDING")) => "-",
        (None, Some("TALLY#*")) => "!",
        (None, Some("PUBLISH#*")) => "+",
        (None, Some("DPOP#*")) => "@",
        (None, Some("KEYS#*")) if alike[1] == "SIGNED#*" && alike[2].is_null() => "&",
        (None, Some("WATCH#HOSTS")) => "~",
        (None, Some("HOSTS")) if keys[1] == "WATCH#HOSTS" && keys[2].is_null() => "^",
        _ => panic!("an unknown condition: {condition:?}"),
    }
}

/// The logical id a statement's resource names.
fn logical_id(resource: &Value) -> String {
    let text = untagged(resource).as_str().unwrap();
    if text.ends_with(":key/*") {
        return "OperatorKeys".to_owned();
    }
    if text.starts_with("arn:") {
        let last = text.rsplit("${").next().unwrap();
        return last.split('}').next().unwrap().to_owned();
    }
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

/// What reads and changes takes traffic once it was asked in every role, in its new version.
#[test]
fn releases_of_what_decides_on_access_are_checked() {
    let functions = resources("AWS::Serverless::Function");
    let check = &functions["ReleaseCheckFunction"];
    // CodeDeploy may call no other.
    assert_eq!(
        untagged(&check["FunctionName"]),
        "CodeDeployHook_${AWS::StackName}"
    );
    for (name, variable) in [
        ("ReaderFunction", "READER_VERSION"),
        ("UpdaterFunction", "UPDATER_VERSION"),
    ] {
        let function = &functions[name];
        assert_eq!(function["AutoPublishAlias"], "live");
        assert_eq!(function["AutoPublishAliasAllProperties"], true);
        let hook = &function["DeploymentPreference"]["Hooks"]["PreTraffic"];
        assert_eq!(untagged(hook), "ReleaseCheckFunction");
        let version = &check["Environment"]["Variables"][variable];
        assert_eq!(untagged(version), format!("{name}.Version").as_str());
    }
}

/// Filter, alarm, the log group of both, and what an alarm makes of silence.
const HEARD: [(&str, &str, &str, &str); 13] = [
    ("AccessFaults", "AccessFault", "ProbeLogs", "notBreaching"),
    (
        "AccessProbed",
        "AccessProbeSilent",
        "ProbeLogs",
        "breaching",
    ),
    (
        "AuditUnstamped",
        "TimestampsMissing",
        "AuditorLogs",
        "notBreaching",
    ),
    ("AuditFindings", "AuditFound", "AuditorLogs", "notBreaching"),
    ("Audited", "AuditSilent", "AuditorLogs", "breaching"),
    ("HostAlarmsRaised", "HostAlarm", "WatchLogs", "notBreaching"),
    ("HostsWatched", "HostWatchSilent", "WatchLogs", "breaching"),
    ("LogFaults", "LogFault", "SequencerLogs", "notBreaching"),
    ("LogSequenced", "LogSilent", "SequencerLogs", "breaching"),
    (
        "LedgerChanges",
        "LedgerTampered",
        "SequencerLogs",
        "notBreaching",
    ),
    (
        "AllocatorTalliesNotTold",
        "TalliesSilent",
        "AllocatorLogs",
        "notBreaching",
    ),
    (
        "ReaderTalliesNotTold",
        "TalliesSilent",
        "ReaderLogs",
        "notBreaching",
    ),
    (
        "UpdaterTalliesNotTold",
        "TalliesSilent",
        "UpdaterLogs",
        "notBreaching",
    ),
];

/// CloudWatch counts what the functions really log, and misses it where it stays away.
#[test]
fn watch_sequencer_and_auditor_are_heard_and_missed() {
    let logged = [
        include_str!("../../functions/watch/src/lib.rs"),
        include_str!("../../functions/watch/src/main.rs"),
        include_str!("../../functions/sequencer/src/main.rs"),
        include_str!("../../functions/auditor/src/lib.rs"),
        include_str!("../../functions/auditor/src/main.rs"),
        include_str!("../../functions/probe/src/main.rs"),
        include_str!("../../shared/web/src/limiter.rs"),
    ]
    .concat();
    let filters = resources("AWS::Logs::MetricFilter");
    let alarms = resources("AWS::CloudWatch::Alarm");
    for (filter, alarm, group, missing) in HEARD {
        let filter = &filters[filter];
        assert_eq!(untagged(&filter["LogGroupName"]), group);
        let pattern = filter["FilterPattern"].as_str().unwrap();
        let message = pattern.split('"').nth(1).unwrap();
        assert!(logged.contains(&format!("\"{message}\")")), "{message}");
        let metric = &filter["MetricTransformations"][0]["MetricName"];
        assert_eq!(*metric, alarms[alarm]["MetricName"]);
        assert_eq!(alarms[alarm]["TreatMissingData"], missing);
    }
    let ledger = &resources("AWS::Serverless::Function")["SequencerFunction"]["Events"];
    let ledger = &ledger["LedgerChanged"]["Properties"];
    assert_eq!(untagged(&ledger["Stream"]), "LedgerTable.StreamArn");
    let pattern = &ledger["FilterCriteria"]["Filters"][0]["Pattern"];
    assert_eq!(pattern, r#"{"eventName":["MODIFY","REMOVE"]}"#);
    let watch = &resources("AWS::Serverless::Function")["WatchFunction"];
    assert_eq!(
        watch["Events"]["EveryHour"]["Properties"]["Schedule"],
        "rate(1 hour)"
    );
}
