//! The passwords that are guessed first.
//!
//! `common-passwords.zst` has 20,000 of them, in small letters, sorted, one a line: the list that Django ships
//! (BSD-3-Clause), which Royce Williams made from public leaks. Few of them are as long as a password must be here, so
//! what counts is whether one is made of nothing else.

use std::sync::OnceLock;

/// The list, compressed.
static COMPRESSED: &[u8] = include_bytes!("common-passwords.zst");

/// Most bytes of the list.
const LARGEST: usize = 1024 * 1024;

/// A password made of so many common ones is as easy to guess as they are.
const MOST_PARTS: usize = 3;

/// Longest part that is looked for, in characters.
const LONGEST_PART: usize = 24;

/// Whether a password is a common one, or only common ones in a row, whatever stands between or around them.
pub fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let core = lower.trim_matches(|letter: char| !letter.is_alphabetic());
    is_listed(&lower) || is_listed(core) || is_made_of_common_ones(&lower)
}

/// Whether the letters and digits are one, two or three common passwords.
fn is_made_of_common_ones(lower: &str) -> bool {
    let letters: Vec<char> = lower.chars().filter(|letter| letter.is_alphanumeric()).collect();
    // How few parts make up everything before each place.
    let mut fewest: Vec<Option<usize>> = vec![Some(0)];
    for end in 1..=letters.len() {
        let begins = end.saturating_sub(LONGEST_PART)..end;
        let parts = begins.filter_map(|begin| {
            let before = (*fewest.get(begin)?)?;
            let part: String = letters.get(begin..end)?.iter().collect();
            (before < MOST_PARTS && is_listed(&part)).then_some(before + 1)
        });
        let parts = parts.min();
        fewest.push(parts);
    }
    !letters.is_empty() && fewest.last().copied().flatten().is_some()
}

fn is_listed(text: &str) -> bool {
    list().binary_search(&text).is_ok()
}

/// The list, made readable when it is first asked for.
fn list() -> &'static [&'static str] {
    static TEXT: OnceLock<String> = OnceLock::new();
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| {
        let text = TEXT.get_or_init(|| {
            let bytes = zstd::bulk::decompress(COMPRESSED, LARGEST).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        });
        text.lines().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p09_the_list_is_long_sorted_and_in_small_letters() {
        assert!(list().len() >= 3_000, "{}", list().len());
        assert!(list().is_sorted());
        assert!(list().iter().all(|one| *one == one.to_lowercase() && one.chars().count() >= 4));
    }

    #[test]
    fn t43_a_password_made_of_common_ones_is_common_and_a_sentence_is_not() {
        for common in
            ["iloveyou123456", "Password-Dragon", "!!!monkey!!!", "sunshine princess football", "1q2w3e4r5t6y7u8i9o0p"]
        {
            assert!(is_common(common), "{common}");
        }
        for good in
            ["correct horse battery staple", "seven quiet rivers at dawn", "a sentence that is easy to keep", "", "   "]
        {
            assert!(!is_common(good), "{good}");
        }
    }
}
