//! The pages in Debian's Chromium, as people meet them: without scripts in every language on the narrowest phone; some at
//! three widths, light, dark and printed, and read by axe-core. Skipped, and saying so, where Chromium, Node.js, `puppeteer-core` or `axe-core` is not installed.
//!
//! Pictures are kept where `PICTURES` names a folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::Stage;
use tests::full::{LEVELS, document, on_the_market};
use web::Language;

const WIDTHS: [u32; 3] = [320, 390, 1280];
/// Pages that are looked at most closely are in these languages: the widest script, the longest words.
const THOROUGH: [&str; 3] = ["de", "el", "en"];
/// A page with one fault of each kind, and what the browser has to say of it.
const FAULTY: &str = "data:text/html,<p style='width:900px'>wide</p>\
    <p style='position:absolute;top:0;left:0;color:%23ccc'>over</p><img src='http://127.0.0.1:1/x.png'>";
const FAULTS: [&str; 5] = [
    "scrolls sideways",
    "over each other",
    "asks for http://127.0.0.1:1/x.png",
    "dark, color-contrast",
    "light, html-has-lang",
];

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_right_in_a_real_browser() {
    let Some((chromium, modules)) = installed() else {
        eprintln!("skipped: Chromium, Node.js, puppeteer-core or axe-core is not installed");
        return;
    };
    let stage = Stage::start().await;
    let seeded = stage.seeded().await;
    let data = LEVELS.map(|level| Value::Object(document(level)));
    let full = on_the_market(&stage.maker(), data, "complete").await;
    let allocated = stage.maker().unit().await.unit;
    let car = &seeded.batteries[0];
    let mut pages = vec![
        json!({"name": "faulty", "url": FAULTY, "thorough": true}),
        page(&stage, "full", &format!("/{full}"), true),
        page(&stage, "allocated", &format!("/{allocated}"), true),
        page(
            &stage,
            "replaced-label",
            &format!("/{}/{}", car.unit, car.first_label),
            true,
        ),
        page(&stage, "unknown", "/32XZAJ4P21M1MZ0N3RQA", true),
        page(&stage, "malformed", "/32XZAJ4P21M1MZ0N3RQB?lang=de", true),
        page(&stage, "start", "/?lang=fi", true),
    ];
    pages.extend(of_rights(&stage, &car.passport).await);
    pages.extend(Language::ALL.map(|language| {
        let path = format!("/{}/{}?lang={}", car.unit, car.label, language.code());
        let thorough = THOROUGH.contains(&language.code());
        page(&stage, &format!("car-{}", language.code()), &path, thorough)
    }));
    let kept = std::env::var_os("PICTURES").map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.as_deref().unwrap_or(folder.path()).to_owned();
    let asked = json!({"chromium": chromium, "folder": folder, "widths": WIDTHS, "pages": pages});
    let reports = tokio::task::spawn_blocking(move || look(&modules, &asked))
        .await
        .unwrap();
    assert_eq!(reports.len(), pages.len());
    let mut faults = Vec::new();
    for (page, report) in pages.iter().zip(&reports) {
        assert_eq!(report["name"], page["name"]);
        let pictures = WIDTHS.len() * usize::from(page["thorough"] == true);
        assert_eq!(report["pictures"], pictures, "{report}");
        if report["name"] == "faulty" {
            for fault in FAULTS {
                assert!(
                    report["faults"].to_string().contains(fault),
                    "{fault}: {report}"
                );
            }
            continue;
        }
        if let Some(paint) = report["firstPaint"].as_u64() {
            println!(
                "{}: first paint after {paint} ms on a slow phone",
                report["name"]
            );
        }
        if page["journey"].is_array() {
            assert_eq!(report["cookies"], page["kept"], "{}", report["name"]);
        }
        let found = report["faults"].as_array().unwrap();
        faults.extend(
            found
                .iter()
                .map(|fault| format!("{}: {fault}", report["name"])),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The pages that people sign in to: before, on the way, as an owner with a long life of the battery sees it; and the walk from the
/// scanned page in and out again.
async fn of_rights(stage: &Stage, passport: &str) -> Vec<Value> {
    let path = format!("/v1/dpps/{passport}");
    let way = format!("/v1/sign-in?return={path}");
    let workshop = stage.partner("service-provider", "garage-nord");
    let readings: Vec<Value> = (0..200)
        .map(|hour| {
            let at = ledger::Timestamp::from_millisecond(1_793_750_400_000 + hour * 3_600_000);
            let health = 99.5 - f64::from(i32::try_from(hour * hour).unwrap()) / 10_000.0;
            json!({"pointer": "/condition/stateOfCertifiedEnergy", "value": health, "unit": "%", "measuredAt": at.to_string()})
        })
        .collect();
    let body = json!({"reason": "Messwerte aus dem Steuergerät, wöchentlich übertragen", "readings": readings});
    let _ = workshop
        .post(&format!("{path}/readings"), &body)
        .await
        .expect(201);
    let mut issuers: Value = serde_json::from_str(&stage.running.issuer.configuration()).unwrap();
    let mut other = issuers[0].clone();
    other["issuer"] = json!("https://login.example");
    issuers.as_array_mut().unwrap().push(other);
    let mut providers: Value =
        serde_json::from_str(&local::sign_in_configuration(stage.provider, "")).unwrap();
    let mut second = providers[0].clone();
    second["issuer"] = json!("https://login.example");
    second["discovery"] = json!("http://127.0.0.1:1/");
    providers.as_array_mut().unwrap().push(second);
    let several = stage.with_providers(&issuers, &providers).await;
    let unreachable = format!("{several}{way}&provider=https%3A%2F%2Flogin.example&lang=de");
    stage.provide("economic-operator", "voltwerk");
    let mut browser = stage.browser();
    let _ = browser.sign_in(&path).await.expect(200);
    let session = json!([{
        "name": "session", "value": browser.cookies["session"], "domain": "127.0.0.1", "path": "/v1", "httpOnly": true, "sameSite": "Lax",
    }]);
    let own = |language: Language| {
        let code = language.code();
        let mut page = page(
            stage,
            &format!("own-{code}"),
            &format!("{path}?lang={code}"),
            THOROUGH.contains(&code),
        );
        page["cookies"] = session.clone();
        page
    };
    let mut pages: Vec<Value> = Language::ALL.map(own).into();
    let (sign_in, sign_out) = ("a.button", "form[action^='/v1/sign-out'] button");
    pages.extend([
        page(stage, "everybody", &format!("{path}?lang=el"), true),
        page(stage, "nothing-for-you", "/v1/dpps/1b4e28ba-2fa1-41d2-883f-0016d3cca427", true),
        page(stage, "not-this-browser", "/v1/sign-in/callback?code=a&state=b", true),
        json!({"name": "choice", "url": format!("{several}{way}"), "thorough": true}),
        json!({"name": "unreachable", "url": unreachable, "thorough": true}),
        json!({
            "name": "in", "url": format!("{}{path}?lang=en", stage.origin), "thorough": false,
            "journey": [{"click": sign_in, "then": "Signed in: voltwerk (economic-operator)"}],
            "kept": ["session /v1 true Lax"],
        }),
        json!({
            "name": "in-and-out", "url": format!("{}{path}?lang=en", stage.origin), "thorough": false,
            "journey": [
                {"click": sign_in, "then": "State of health over time"},
                {"click": "ul.on-page a[href='#events']", "then": "What happened"},
                {"click": sign_out, "then": "You see what everybody sees"},
            ],
            "kept": [],
        }),
    ]);
    pages
}

fn page(stage: &Stage, name: &str, path: &str, thorough: bool) -> Value {
    json!({"name": name, "url": format!("{}{path}", stage.origin), "thorough": thorough})
}

/// What the browser saw, page by page.
fn look(modules: &Path, asked: &Value) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/look.cjs");
    let mut node = Command::new("node")
        .env("NODE_PATH", modules)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser could not be driven");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Chromium, and where the modules are that drive it.
fn installed() -> Option<(PathBuf, PathBuf)> {
    let folders = std::env::var_os("PATH")?;
    let chromium = std::env::split_paths(&folders)
        .map(|folder| folder.join("chromium"))
        .find(|file| file.is_file())?;
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let modules = std::env::var_os("NODE_PATH").map_or_else(
        || home.join(".cache/battery-passport/tools/browser/node_modules"),
        PathBuf::from,
    );
    let probe = "require('puppeteer-core'); require.resolve('axe-core/axe.min.js')";
    let there = Command::new("node")
        .env("NODE_PATH", &modules)
        .args(["-e", probe])
        .stderr(Stdio::null())
        .status();
    there
        .is_ok_and(|status| status.success())
        .then_some((chromium, modules))
}
