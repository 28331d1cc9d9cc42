//! Turns the catalogue into JSON: people write TOML, and a cold start reads JSON several times faster. A file that is not
//! TOML ends the build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const FOLDERS: [&str; 2] = ["catalogue", "catalogue/attributes"];

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
    Ok(())
}

fn convert(file: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let table: toml::Table = toml::from_str(&fs::read_to_string(file)?)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let name = file.file_stem().ok_or("a file without a name")?;
    let json = serde_json::to_string(&table)?;
    fs::write(out.join(name).with_extension("json"), json)?;
    Ok(())
}
