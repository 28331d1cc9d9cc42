//! Turns the catalogue into JSON: people write TOML, and a cold start reads JSON several times faster. A file that is not
//! TOML ends the build.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const FOLDERS: [&str; 2] = ["catalogue", "catalogue/attributes"];
/// What people call things, a file per language in each.
const WORDS: [&str; 2] = ["catalogue/words", "catalogue/names"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                convert(&file, &out)?;
            }
        }
    }
    words(&out)
}

/// The words of every language: both files in one, and a table of all.
fn words(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut languages: BTreeMap<String, toml::Table> = BTreeMap::new();
    for folder in WORDS {
        println!("cargo:rerun-if-changed={folder}");
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            let code = file.file_stem().ok_or("a file without a name")?;
            let words = languages.entry(code.display().to_string()).or_default();
            words.extend(read(&file)?);
        }
    }
    let mut table = format!("static FILES: [(&str, &str); {}] = [\n", languages.len());
    for (code, words) in languages {
        let json = out.join(format!("words-{code}.json"));
        fs::write(&json, serde_json::to_string(&words)?)?;
        table += &format!("    ({code:?}, include_str!({json:?})),\n");
    }
    fs::write(out.join("words.rs"), table + "];\n")?;
    Ok(())
}

fn read(file: &Path) -> Result<toml::Table, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    Ok(toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?)
}

fn convert(file: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let table = read(file)?;
    let name = file.file_stem().ok_or("a file without a name")?;
    let json = serde_json::to_string(&table)?;
    fs::write(out.join(name).with_extension("json"), json)?;
    Ok(())
}
