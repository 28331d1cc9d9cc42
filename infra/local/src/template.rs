//! What templates hold of the code and cannot name the file of: the edge function, and the page of who is refused there.

use crate::platform::Failure;

/// Writes both into the templates in the present folder.
///
/// # Errors
/// [`Failure`] where there is no template, or no place in it.
pub fn write_template() -> Result<(), Failure> {
    put("template.yaml", "      FunctionCode: |-\n", edge::FUNCTION)?;
    let page = edge::refused_page();
    put(
        "infra/edge/us-east-1.yaml",
        "          Content: |-\n",
        &page,
    )
}

/// Writes lines into the first block of a file that begins so.
fn put(file: &str, begin: &str, lines: &str) -> Result<(), Failure> {
    let template = std::fs::read_to_string(file)?;
    let no_place = || Failure::new(format!("`{file}` has no `{}`", begin.trim()));
    let (before, after) = template.split_once(begin).ok_or_else(no_place)?;
    let depth = begin.len() - begin.trim_start().len();
    let indentation = " ".repeat(depth + 2);
    let rest: String = after
        .split_inclusive('\n')
        .skip_while(|line| line.starts_with(&indentation))
        .collect();
    let lines: String = lines
        .lines()
        .map(|line| format!("{indentation}{line}\n"))
        .collect();
    Ok(std::fs::write(
        file,
        [before, begin, &lines, &rest].concat(),
    )?)
}
