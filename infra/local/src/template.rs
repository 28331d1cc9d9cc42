//! The edge function in `template.yaml`: a template can hold its code, but not name its file.

use crate::platform::Failure;

const FILE: &str = "template.yaml";
const BEGIN: &str = "      FunctionCode: |-\n";
const INDENTATION: &str = "        ";

/// Writes the function into the template in the present folder.
///
/// # Errors
/// [`Failure`] where there is no template, or no place in it.
pub fn write_template() -> Result<(), Failure> {
    let template = std::fs::read_to_string(FILE)?;
    let no_place = || Failure::new(format!("`{FILE}` has no `FunctionCode`"));
    let (before, after) = template.split_once(BEGIN).ok_or_else(no_place)?;
    let rest: String = after
        .split_inclusive('\n')
        .skip_while(|line| line.starts_with(INDENTATION))
        .collect();
    let code: String = edge::FUNCTION
        .lines()
        .map(|line| format!("{INDENTATION}{line}\n"))
        .collect();
    Ok(std::fs::write(
        FILE,
        [before, BEGIN, &code, &rest].concat(),
    )?)
}
