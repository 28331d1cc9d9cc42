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
        let found = report["faults"].as_array().unwrap();
        faults.extend(
            found
                .iter()
                .map(|fault| format!("{}: {fault}", report["name"])),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
