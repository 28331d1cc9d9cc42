//! What text may hold.

/// Whether a text has nothing in it that cannot be seen or that changes how its neighbours are read: no control
/// characters (tab and line feed are allowed), no bidirectional controls, no zero-width or invisible characters, no
/// noncharacters.
#[must_use]
pub fn is_plain_text(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// So many of something, for a message: `1 version`, `2 versions`.
#[must_use]
pub fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// The first character that is not plain, as `U+200B`.
pub(crate) fn first_not_plain(text: &str) -> Option<String> {
    text.chars()
        .find(|character| !is_plain(*character))
        .map(|character| format!("U+{:04X}", u32::from(character)))
}

fn is_plain(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        _ if character.is_control() => false,
        // Soft hyphen, combining grapheme joiner, Hangul fillers, Mongolian vowel separator and Khmer inherent vowels.
        '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}'
        | '\u{FFA0}' => false,
        '\u{180B}'..='\u{180F}' => false,
        // The Arabic letter mark and the other bidirectional controls (Unicode TR 9).
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => false,
        '\u{2066}'..='\u{2069}' => false,
        // Zero-width characters, line and paragraph separators, invisible operators, deprecated formats, BOM.
        '\u{200B}'..='\u{200D}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' => false,
        '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' => false,
        // Variation selectors and tags carry hidden text.
        '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}' => false,
        // Noncharacters.
        '\u{FDD0}'..='\u{FDEF}' => false,
        _ => u32::from(character) & 0xFFFE != 0xFFFE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_others_are_many() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "version")),
            ["0 versions", "1 version", "2 versions"]
        );
    }

    #[test]
    fn what_people_write_is_plain() {
        for text in [
            "",
            "Zellträger, 12 mm × 4",
            "Batterie à l'état",
            "电池\n二",
            "25 °C – 30 °C",
            "ΔT\t5",
        ] {
            assert!(is_plain_text(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_plain() {
        for code in [
            0x0, 0x7, 0xD, 0x7F, 0x85, 0xAD, 0x61C, 0x200B, 0x200D, 0x200E, 0x202E, 0x2028, 0x2066,
            0x2060, 0xFEFF, 0xFE0F, 0xE0041, 0xFDD0, 0xFFFF, 0x1FFFE,
        ] {
            let character = char::from_u32(code).unwrap();
            assert!(!is_plain_text(&format!("a{character}b")), "{code:X}");
            assert_eq!(
                first_not_plain(&character.to_string()),
                Some(format!("U+{code:04X}"))
            );
        }
    }
}
