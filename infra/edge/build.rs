//! Makes the function as it is deployed: the page's words put in, comments and indentation left out.

use std::path::Path;
use std::{env, fs};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SOURCE: &str = "function.js";
/// One file per language.
const TEXTS: &str = "../../shared/page/text";
/// Where the words go.
const PLACE: &str = "/*words*/";

fn main() -> Outcome<()> {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed={TEXTS}");
    let source = fs::read_to_string(SOURCE)?;
    let code: Vec<String> = source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(dense)
        .collect();
    let function = code.join("\n").replace(PLACE, &words()?);
    let target = Path::new(&env::var("OUT_DIR")?).join(SOURCE);
    Ok(fs::write(target, function)?)
}

/// `de:['Dieser Code ist nicht lesbar','Eine Batterie finden'],…`
fn words() -> Outcome<String> {
    let mut files: Vec<_> = fs::read_dir(TEXTS)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::path);
    let mut words = Vec::new();
    for file in files {
        let path = file.path();
        let language = path
            .file_stem()
            .and_then(|name| name.to_str())
            .ok_or("a text file without a name")?;
        let texts: toml::Table = fs::read_to_string(&path)?.parse()?;
        let text = |name: &str| {
            let text = texts.get(name).and_then(toml::Value::as_str);
            let text = text.ok_or_else(|| format!("`{}` has no `{name}`", path.display()))?;
            match text.contains(['\'', '\\', '<', '&']) {
                // It stands in a JavaScript string and in HTML.
                true => Ok(text
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('\\', "")
                    .replace('\'', "’")),
                false => Ok::<_, String>(text.to_owned()),
            }
        };
        words.push(format!(
            "{language}:['{}','{}']",
            text("malformed_title")?,
            text("find_title")?
        ));
    }
    Ok(words.join(","))
}

/// A line without the spaces that only please the eye; strings, templates and regular expressions stay as they are.
fn dense(line: &str) -> String {
    let word = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '$');
    let mut dense = String::new();
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        let before = dense.chars().next_back().unwrap_or(' ');
        let literal =
            matches!(sign, '\'' | '"' | '`') || sign == '/' && "(,=:?!&|".contains(before);
        if sign == ' ' && !(word(before) && signs.peek().is_some_and(|next| word(*next))) {
            continue;
        }
        dense.push(sign);
        let (mut escaped, mut class) = (false, false);
        while literal && let Some(inner) = signs.next() {
            dense.push(inner);
            match inner {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' if sign == '/' => class = true,
                ']' if sign == '/' => class = false,
                _ if inner == sign && !class => break,
                _ => {}
            }
        }
    }
    dense
}
