//! The check code: Reed-Solomon over GF(32) with two check characters.
//!
//! Field polynomial x⁵+x²+1, α = 2, generator (x−α)(x−α²), first character = highest power. Every one or two wrong
//! characters and every swap are noticed; one wrong character, or two unreadable ones, can be put right.

/// Crockford's base32 alphabet.
pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// α^0 … α^30, and around.
const POWERS: [u8; 62] = powers();
const LOGARITHMS: [u8; 32] = logarithms();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated while compiling: an index out of bounds would not compile"
)]
const fn powers() -> [u8; 62] {
    let mut table = [0; 62];
    let (mut index, mut value) = (0, 1_u8);
    while index < 62 {
        table[index] = value;
        value <<= 1;
        if value & 0b10_0000 != 0 {
            value ^= 0b10_0101;
        }
        index += 1;
    }
    table
}

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated while compiling: an index out of bounds would not compile"
)]
const fn logarithms() -> [u8; 32] {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 31 {
        table[POWERS[index] as usize] = index as u8;
        index += 1;
    }
    table
}

fn power(exponent: usize) -> u8 {
    POWERS.get(exponent % 31).copied().unwrap_or(1)
}

fn logarithm(value: u8) -> usize {
    LOGARITHMS
        .get(usize::from(value))
        .copied()
        .map_or(0, usize::from)
}

fn multiply(one: u8, other: u8) -> u8 {
    if one == 0 || other == 0 {
        return 0;
    }
    power(logarithm(one) + logarithm(other))
}

/// `other` is not 0.
fn divide(one: u8, other: u8) -> u8 {
    if one == 0 {
        return 0;
    }
    power(logarithm(one) + 31 - logarithm(other))
}

/// Both syndromes; zero for a code word.
fn syndromes(symbols: &[u8]) -> (u8, u8) {
    let at = |point: u8| {
        symbols
            .iter()
            .fold(0, |sum, symbol| multiply(sum, point) ^ symbol)
    };
    (at(2), at(4))
}

/// Whether the symbols are a code word.
pub(crate) fn fits(symbols: &[u8]) -> bool {
    syndromes(symbols) == (0, 0)
}

/// Puts the two check symbols behind the message.
pub(crate) fn with_checks(message: &[u8]) -> Vec<u8> {
    // Division by the generator x² + 6x + 8.
    let (mut high, mut low) = (0, 0);
    for symbol in message {
        let lead = symbol ^ high;
        high = low ^ multiply(lead, 6);
        low = multiply(lead, 8);
    }
    [message, &[high, low]].concat()
}

/// The code word that differs in one symbol, and where; `None` where there is none of that length.
pub(crate) fn corrected(symbols: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (first, second) = syndromes(symbols);
    if first == 0 || second == 0 {
        return None;
    }
    let exponent = logarithm(divide(second, first));
    let position = symbols.len().checked_sub(exponent + 1)?;
    let mut word = symbols.to_vec();
    *word.get_mut(position)? ^= divide(first, power(exponent));
    fits(&word).then_some((position, word))
}

/// The code word with the symbols at `missing` (one or two positions) filled in.
pub(crate) fn filled(symbols: &[u8], missing: &[usize]) -> Option<Vec<u8>> {
    let mut word = symbols.to_vec();
    for position in missing {
        *word.get_mut(*position)? = 0;
    }
    let (first, second) = syndromes(&word);
    let place = |position: usize| Some(power(symbols.len().checked_sub(position + 1)?));
    match missing {
        [] => {}
        [one] => *word.get_mut(*one)? = divide(first, place(*one)?),
        [one, two] if one != two => {
            let (a, b) = (place(*one)?, place(*two)?);
            let other = divide(second ^ multiply(a, first), multiply(b, a ^ b));
            *word.get_mut(*two)? = other;
            *word.get_mut(*one)? = divide(first ^ multiply(other, b), a);
        }
        _ => return None,
    }
    fits(&word).then_some(word)
}

/// The symbol of a character, read tolerantly: any case, O as 0, I and L as 1.
pub(crate) fn symbol(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let byte = u8::try_from(character).ok()?;
    ALPHABET
        .iter()
        .position(|known| *known == byte)
        .and_then(|index| u8::try_from(index).ok())
}

/// The character of a symbol.
pub(crate) fn character(symbol: u8) -> u8 {
    ALPHABET.get(usize::from(symbol)).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn symbols(text: &str) -> Vec<u8> {
        text.chars()
            .map(|character| symbol(character).unwrap())
            .collect()
    }

    #[test]
    fn the_published_example_is_a_code_word() {
        let word = symbols("32XZAJ4P21M1MZ0N3RQA");
        assert!(fits(&word));
        assert_eq!(with_checks(&word[..18]), word);
    }

    /// Exhaustive for one id and one label: every single and double substitution, every swap.
    #[test]
    fn every_one_and_two_wrong_characters_and_every_swap_are_noticed() {
        for word in [
            symbols("32XZAJ4P21M1MZ0N3RQA"),
            with_checks(&[7, 0, 31, 12, 5, 5, 19, 2]),
        ] {
            for one in 0..word.len() {
                for delta in 1..32 {
                    let mut wrong = word.clone();
                    wrong[one] ^= delta;
                    assert!(!fits(&wrong));
                    assert_eq!(corrected(&wrong), Some((one, word.clone())));
                    for two in one + 1..word.len() {
                        for second in 1..32 {
                            let mut wrong = wrong.clone();
                            wrong[two] ^= second;
                            assert!(!fits(&wrong), "{one} {two}");
                        }
                    }
                }
                for two in one + 1..word.len() {
                    let mut swapped = word.clone();
                    swapped.swap(one, two);
                    assert_eq!(fits(&swapped), word[one] == word[two]);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn two_unreadable_characters_are_put_right(
            message in prop::collection::vec(0_u8..32, 18), one in 0_usize..20, two in 0_usize..20,
        ) {
            let word = with_checks(&message);
            let mut unreadable = word.clone();
            unreadable[one] = 9;
            unreadable[two] = 23;
            let mut missing = vec![one, two];
            missing.dedup();
            prop_assert_eq!(filled(&unreadable, &missing), Some(word));
        }

        #[test]
        fn two_wrong_characters_of_any_word_are_noticed(
            message in prop::collection::vec(0_u8..32, 8..=18),
            (one, two) in (0_usize..10, 0_usize..10), (first, second) in (1_u8..32, 1_u8..32),
        ) {
            prop_assume!(one != two);
            let mut word = with_checks(&message);
            word[one] ^= first;
            word[two] ^= second;
            prop_assert!(!fits(&word));
        }
    }
}
