//! Turns the page's words into JSON, one file per language: people write TOML, and a cold start reads JSON several times
//! faster. A file that is not TOML ends the build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const FOLDER: &str = "text";
const SUMMARY: &str = "summary.toml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}");
    println!("cargo:rerun-if-changed={SUMMARY}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files: Vec<PathBuf> = fs::read_dir(FOLDER)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let mut table = format!("[(&str, &str); {}] = [\n", files.len());
    for file in &files {
        let json = convert(file, &out)?;
        let code = file.file_stem().ok_or("a file without a name")?;
        table += &format!(
            "    ({:?}, include_str!({json:?})),\n",
            code.display().to_string()
        );
    }
    fs::write(
        out.join("texts.rs"),
        format!("/// The words of every language, by its code.\nstatic FILES: {table}];\n"),
    )?;
    convert(Path::new(SUMMARY), &out)?;
    Ok(())
}

/// The same as JSON, and where it was put.
fn convert(file: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let table: toml::Table = toml::from_str(&fs::read_to_string(file)?)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let name = file.file_stem().ok_or("a file without a name")?;
    let json = out.join(name).with_extension("json");
    fs::write(&json, serde_json::to_string(&table)?)?;
    Ok(json)
}
