//! What the policies may never come to, proved for every request there can be: translated to logic (`cedar-policy-symcc`) and
//! decided by a solver (cvc5), not sampled.
//!
//! `.ci/run` installs the solver. Where it is absent the tests say that they skip, or fail if `VERIFIERS=required`.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says by panicking what is wrong"
)]

use std::path::PathBuf;
use std::str::FromStr;

use access::{FILES, Purpose, Role, SCHEMA};
use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet};
use tokio::process::Command;

const EVERYBODY: &str = "BatteryPassport::Everybody";
const PARTNER: &str = "BatteryPassport::Partner";
/// Who answers for the values of a record, or was opened a class of it by who does.
const ANSWERS: &str = "resource.relation.responsible || resource.relation.delegate || resource.granted.contains(context.class)";

fn solver() -> Option<LocalSolver> {
    let tools = PathBuf::from(std::env::var("HOME").ok()?).join(".cache/battery-passport/tools");
    let python = tools.join("policies/bin/python3");
    let required = std::env::var("VERIFIERS").is_ok_and(|it| it == "required");
    if !python.exists() {
        assert!(!required, "cvc5 is not installed, and VERIFIERS=required");
        eprintln!("skipped: cvc5 is not installed");
        return None;
    }
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../infra/verifiers/policies/solver.py"
    );
    Some(LocalSolver::from_command(Command::new(python).arg(script)).unwrap())
}

fn text() -> String {
    FILES.map(|(_, text)| text).join("\n")
}

fn set(text: &str) -> PolicySet {
    PolicySet::from_str(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// Policies, put to the solver.
struct Proof {
    compiler: CedarSymCompiler<LocalSolver>,
    schema: Schema,
}

impl Proof {
    fn new() -> Option<Self> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
        Some(Self {
            compiler: CedarSymCompiler::new(solver()?).unwrap(),
            schema,
        })
    }

    /// What is asked of one action by one kind of caller.
    fn environment(&self, principal: &str, action: &str) -> RequestEnv {
        let action = format!("BatteryPassport::Action::\"{action}\"");
        let mut environments = self.schema.request_envs();
        let fits = |it: &RequestEnv| {
            it.principal().to_string() == principal && it.action().to_string() == action
        };
        environments.find(fits).unwrap()
    }

    /// Whether whatever the policies permit fulfils the condition.
    async fn only_where(
        &mut self,
        policies: &str,
        (principal, action): (&str, &str),
        condition: &str,
    ) -> bool {
        let bound = format!("permit (principal, action, resource) when {{ {condition} }};");
        self.implies(policies, &bound, (principal, action)).await
    }

    /// Whether whatever the one text permits the other does.
    async fn implies(&mut self, one: &str, other: &str, (principal, action): (&str, &str)) -> bool {
        let environment = self.environment(principal, action);
        let compile = |text: &str| {
            CompiledPolicySet::compile(&set(text), &environment, &self.schema)
                .unwrap_or_else(|error| panic!("{principal} {action}: {error}"))
        };
        let (one, other) = (compile(one), compile(other));
        self.compiler.check_implies_opt(&one, &other).await.unwrap()
    }
}

#[tokio::test]
async fn no_policy_ever_fails() {
    let Some(mut proof) = Proof::new() else {
        return;
    };
    let environments: Vec<RequestEnv> = proof.schema.request_envs().collect();
    for policy in set(&text()).policies() {
        for environment in &environments {
            // A policy is compiled where it can apply at all.
            if let Ok(compiled) = CompiledPolicy::compile(policy, environment, &proof.schema) {
                let never = proof.compiler.check_never_errors_opt(&compiled).await;
                assert!(never.unwrap(), "{policy}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_token_nobody_reads_more_than_point_1_of_what_is_published() {
    let Some(mut proof) = Proof::new() else {
        return;
    };
    for (action, only) in [
        ("read", "context.class == 1"),
        ("know", "resource.published"),
        ("readFormer", "false"),
        ("readChain", "false"),
        ("readAccesses", "false"),
        ("oversee", "false"),
    ] {
        let holds = proof.only_where(&text(), (EVERYBODY, action), only).await;
        assert!(holds, "{action}");
    }
}

#[tokio::test]
async fn each_class_is_read_only_by_whom_the_law_names() {
    let Some(mut proof) = Proof::new() else {
        return;
    };
    let authority = r#"principal in [BatteryPassport::Role::"market-surveillance", BatteryPassport::Role::"notified-body", BatteryPassport::Role::"commission"]"#;
    let interest =
        "!principal.interests.isEmpty() || resource.relation.claimed || resource.relation.offered";
    for (class, only) in [
        (0, ANSWERS.to_owned()),
        (2, format!("{ANSWERS} || {authority} || {interest}")),
        (3, format!("{ANSWERS} || {authority}")),
        (4, format!("{ANSWERS} || {interest}")),
    ] {
        let asked = (PARTNER, "read");
        let condition = format!("context.class != {class} || {only}");
        assert!(
            proof.only_where(&text(), asked, &condition).await,
            "{class}"
        );
        // It would be seen: a narrower bound does not hold.
        let narrower = format!("context.class != {class} || resource.relation.responsible");
        assert!(
            !proof.only_where(&text(), asked, &narrower).await,
            "{class}"
        );
    }
    // There is no further class.
    let known = format!("[0, 1, 2, 3, 4].contains(context.class) || {ANSWERS}");
    assert!(proof.only_where(&text(), (PARTNER, "read"), &known).await);
}

#[tokio::test]
async fn what_is_forbidden_never_happens() {
    let Some(mut proof) = Proof::new() else {
        return;
    };
    let reversal = r#"!resource.recycled || ["recycling-reversal-requested", "recycling-reversed", "personal-data-erased", "record-erased", "grant-withdrawn", "claim-ended"].contains(context.event)"#;
    let operator =
        r#"!(principal in BatteryPassport::Role::"platform-operator") || context.class == 1"#;
    let delegate = r#"!resource.relation.delegate || resource.relation.responsible || !["grant-given", "grant-withdrawn", "claim-code-issued", "responsibility-offered", "responsibility-withdrawn", "custody-moved", "personal-data-erased", "record-erased"].contains(context.event)"#;
    let real = "!principal.synthetic || resource.synthetic";
    let checks = "!principal.synthetic || resource.synthetic || context.class == 1";
    let draft = "resource.published || resource.relation.responsible || resource.relation.delegate || !resource.granted.isEmpty()";
    let writers = r#"principal in [BatteryPassport::Role::"economic-operator", BatteryPassport::Role::"service-provider", BatteryPassport::Role::"repurposer", BatteryPassport::Role::"waste-operator", BatteryPassport::Role::"recycler"]"#;
    for (action, always, forbid) in [
        ("raise", reversal, "recycled-is-final"),
        ("write", "!resource.recycled", "recycled-is-final"),
        ("read", operator, "operating-the-platform-opens-nothing"),
        ("write", operator, ""),
        ("raise", delegate, "delegates-pass-nothing-on"),
        ("know", draft, ""),
        ("read", checks, "checks-touch-nothing-real"),
        ("raise", real, "checks-touch-nothing-real"),
        ("oversee", real, "checks-touch-nothing-real"),
        ("write", writers, ""),
    ] {
        let asked = (PARTNER, action);
        assert!(
            proof.only_where(&text(), asked, always).await,
            "{action}: {always}"
        );
        // Without the policy that forbids it, it would.
        if !forbid.is_empty() {
            let named = format!("@id(\"{forbid}\")");
            let all = text();
            let others = all.split("\n\n").filter(|policy| !policy.contains(&named));
            let mutant = others.collect::<Vec<_>>().join("\n\n");
            assert!(!proof.only_where(&mutant, asked, always).await, "{forbid}");
        }
    }
}

/// The policies as they are to somebody without a claim: what asks for it is false, and it is in no list of what is asked for.
fn without(policies: &str, asked: &str, claim: &str) -> String {
    let mut text = policies.replace(asked, "false");
    for (from, to) in [("[", "["), (", ", ""), (",\n     ", "")] {
        let next = format!("{from}{claim}");
        let first = format!("{next},");
        text = match from {
            "[" => text.replace(&first, to),
            _ => text.replace(&next, to),
        };
    }
    text
}

/// Whoever loses a role or an interest may do no more than before. The role that stands alone is beside no other.
#[tokio::test]
async fn nobody_gains_by_losing_a_claim() {
    let Some(mut proof) = Proof::new() else {
        return;
    };
    let all = text();
    let roles = Role::all().filter(|role| !role.is_alone());
    let roles = roles.map(|role| format!("BatteryPassport::Role::\"{role}\""));
    let roles = roles.map(|role| (without(&all, &format!("principal in {role}"), &role), role));
    let interests = Purpose::all().map(|Purpose { name, .. }| {
        let asked = format!("principal.interests.contains(\"{name}\")");
        (
            without(&all, &asked, &format!("\"{name}\"")),
            name.to_owned(),
        )
    });
    let losses: Vec<(String, String)> = roles.chain(interests).collect();
    for (lost, claim) in &losses {
        let named = lost.match_indices(claim.as_str());
        let named =
            named.filter(|(at, _)| claim.contains("Role") || !lost[..*at].ends_with("Role::\""));
        assert_eq!(
            named.count(),
            0,
            "{claim} is asked for in a way that this test does not know"
        );
        for action in [
            "know",
            "read",
            "readFormer",
            "readChain",
            "readAccesses",
            "oversee",
            "write",
            "raise",
        ] {
            let holds = proof.implies(lost, &all, (PARTNER, action)).await;
            assert!(holds, "{claim} {action}");
        }
    }
    // It would be seen: a policy that asks for the absence of a role.
    let envious = format!(
        r#"{all}
@id("envious")
permit (principal is BatteryPassport::Partner, action == BatteryPassport::Action::"oversee", resource)
unless {{ principal in BatteryPassport::Role::"supplier" }};"#
    );
    let supplier = "BatteryPassport::Role::\"supplier\"";
    let lost = without(&envious, &format!("principal in {supplier}"), supplier);
    assert!(!proof.implies(&lost, &envious, (PARTNER, "oversee")).await);
}
