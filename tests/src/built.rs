//! The programs of this workspace, as they are now.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds these binaries (a test must not run yesterday's) and answers the folder they stand in.
///
/// # Panics
/// Where they do not build.
pub async fn built(binaries: &'static [&'static str]) -> PathBuf {
    // …/target/debug/deps/<test>-<hash>
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(2).unwrap().to_owned();
    let target = folder.parent().unwrap().to_owned();
    tokio::task::spawn_blocking(move || build(binaries, &target))
        .await
        .unwrap();
    folder
}

fn build(binaries: &[&str], target: &Path) {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    // With a test among them the features are those that everything was built with for the tests already.
    command.args(["build", "--quiet", "--workspace", "--test", "scan"]);
    for name in binaries {
        command.args(["--bin", name]);
    }
    let status = command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("CARGO_TARGET_DIR", target)
        .status();
    assert!(status.unwrap().success());
}
