//! A label as commands for label printers (ZPL II).
//!
//! A graphic (`^GFA`) and not the printer's own QR code (`^BQ`): that one has its own segmentation, masks and versions by
//! firmware, has no byte mode within automatic input on some, and draws modules of 1 to 10 dots with no word on the quiet
//! zone. The graphic is the very symbol that was tested, dot by dot, with ids and signs beside it.

use std::fmt::Write;

use crate::picture::Bitmap;

/// Counts of repeated digits: `G` to `Y` for 1 to 19, `g` to `z` for 20 to 400 in steps of 20.
const ONES: &[u8; 19] = b"GHIJKLMNOPQRSTUVWXY";
const TWENTIES: &[u8; 20] = b"ghijklmnopqrstuvwxyz";
const STEP: usize = 20;

/// One label of the size of the bitmap. `title` stands in a comment.
pub(crate) fn label(title: &str, bitmap: &Bitmap) -> String {
    let height = bitmap.rows.len();
    let row_bytes = bitmap.width.div_ceil(8);
    let total = row_bytes * height;
    let mut zpl = format!(
        "^XA^FX{title}^FS^PW{}^LL{height}^LH0,0^FO0,0^GFA,{total},{total},{row_bytes},",
        bitmap.width
    );
    let mut before: Option<&Vec<u8>> = None;
    for row in &bitmap.rows {
        // A row like the one above it is a colon.
        match before == Some(row) {
            true => zpl.push(':'),
            false => digits(row, &mut zpl),
        }
        before = Some(row);
    }
    zpl.push_str("^FS^XZ\n");
    zpl
}

/// A row as hexadecimal digits, repeated ones by count; a comma stands for zeros to its end, an exclamation mark for ones.
fn digits(row: &[u8], zpl: &mut String) {
    let digits: String = row.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    });
    let mut rest = digits.as_str();
    while let Some(digit) = rest.chars().next() {
        let after = rest.trim_start_matches(digit);
        let mut count = rest.len() - after.len();
        match (digit, after.is_empty()) {
            ('0', true) => zpl.push(','),
            ('F', true) => zpl.push('!'),
            _ => {
                if count > 2 {
                    while count > 0 {
                        count -= counted(count, zpl);
                    }
                    zpl.push(digit);
                } else {
                    zpl.extend(std::iter::repeat_n(digit, count));
                }
            }
        }
        rest = after;
    }
}

/// Writes as much of a count as two letters tell, and answers how much that is. Letters add up.
fn counted(count: usize, zpl: &mut String) -> usize {
    let letter = |letters: &[u8], index: usize| letters.get(index).copied().map(char::from);
    let twenties = (count / STEP).min(TWENTIES.len());
    let ones = match twenties == TWENTIES.len() {
        true => 0,
        false => count % STEP,
    };
    zpl.extend(
        twenties
            .checked_sub(1)
            .and_then(|index| letter(TWENTIES, index)),
    );
    zpl.extend(ones.checked_sub(1).and_then(|index| letter(ONES, index)));
    twenties * STEP + ones
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8]) -> String {
        let mut zpl = String::new();
        digits(bytes, &mut zpl);
        zpl
    }

    #[test]
    fn repeated_digits_are_counted() {
        assert_eq!(row(&[0xAB, 0xCC]), "ABCC");
        assert_eq!(row(&[0xCC, 0xCC, 0x10]), "JC1,");
        assert_eq!(row(&[0x0F, 0xFF, 0xFF]), "0!");
        assert_eq!(row(&[0; 40]), ",");
        assert_eq!(row(&[[0xCC; 20].as_slice(), &[1]].concat()), "hC01");
        assert_eq!(row(&[[0xCC; 11].as_slice(), &[1]].concat()), "gHC01");
        assert_eq!(row(&[[0xCC; 205].as_slice(), &[1]].concat()), "zPC01");
    }
}
