//! Cuts text into words and folds them, the same way for what is indexed and for what is asked, on both databases.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Longest word, in characters; what is longer is known by its beginning.
const LONGEST_WORD: usize = 60;

/// What a character is to a text that is cut into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A letter or digit of a script with spaces between words.
    Letter,
    /// A character of a script without spaces, which is a word by itself.
    Single,
    /// Belongs to the character before it, or is invisible.
    Mark,
    /// Anything else, which ends a word.
    Other,
}

impl Part {
    fn of(character: char) -> Part {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => Part::Letter,
            '\0'..='\u{7f}' => Part::Other,
            '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ff9e}' | '\u{ff9f}' => Part::Mark,
            _ if is_combining_mark(character) => Part::Mark,
            _ if !character.is_alphanumeric() => Part::Other,
            _ if has_no_spaces(character) => Part::Single,
            _ => Part::Letter,
        }
    }
}

/// Chinese and Japanese, and the scripts of South-East Asia that put no spaces between words.
fn has_no_spaces(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{0f00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{323af}')
}

/// Gives every word of a text, folded, and where it stands, in bytes. Case, accents and compatibility forms make no
/// difference: `Vučić`, `VUCIC` and `vucic` are one word. `alone` says that the word is one character of a script
/// without spaces.
pub fn each_word(text: &str, mut found: impl FnMut(Word<'_>)) {
    let (mut folded, mut letters) = (String::new(), 0_usize);
    let mut open: Option<(Range<usize>, Part)> = None;
    let mut close = |open: &mut Option<(Range<usize>, Part)>, folded: &mut String| {
        if let Some((place, part)) = open.take()
            && !folded.is_empty()
        {
            found(Word { text: folded, place, alone: part == Part::Single });
        }
        folded.clear();
    };
    for (start, character) in text.char_indices() {
        let part = Part::of(character);
        let goes_on = match (&open, part) {
            (Some(_), Part::Mark) => true,
            (Some((_, before)), Part::Letter) => *before == Part::Letter,
            _ => false,
        };
        if !goes_on {
            close(&mut open, &mut folded);
            letters = 0;
            if matches!(part, Part::Other | Part::Mark) {
                continue;
            }
            open = Some((start..start, part));
        }
        if let Some((place, _)) = &mut open {
            place.end = start + character.len_utf8();
        }
        letters += 1;
        if letters <= LONGEST_WORD {
            fold(character, &mut folded);
        }
    }
    close(&mut open, &mut folded);
}

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'a> {
    /// Folded.
    pub text: &'a str,
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// Whether it is one character of a script without spaces.
    pub alone: bool,
}

/// The folded words of a text.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, |word| words.push(word.text.to_owned()));
    words
}

/// Appends what is left of a character when case and accents are taken off it.
fn fold(character: char, folded: &mut String) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
        return;
    }
    decompose_compatible(character, |part| {
        if part == 'ẞ' {
            folded.push_str("ss");
            return;
        }
        for letter in part.to_lowercase().filter(|letter| !is_accent(*letter)) {
            match plain(letter) {
                Some(plain) => folded.push_str(plain),
                None if letter.is_alphanumeric() || is_combining_mark(letter) => folded.push(letter),
                None => {}
            }
        }
    });
}

/// Marks that readers leave out when they type: the accents of Latin, Greek and Cyrillic, the vowel points of Arabic and
/// Hebrew. In other scripts a mark is as good as a letter.
fn is_accent(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0487}' | '\u{0591}'..='\u{05c7}' | '\u{0610}'..='\u{061a}'
        | '\u{0640}' | '\u{064b}'..='\u{065f}' | '\u{0670}')
}

/// Letters that are another one with something that Unicode does not take for an accent.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for (text, folded) in [
            ("Vučić VUČIĆ Vuc\u{30c}ic\u{301}", "vucic vucic vucic"),
            ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
            ("Ærø Łódź Đoković Þór İstanbul ısı", "aero lodz dokovic thor istanbul isi"),
            ("Αθήνα ΑΘΗΝΑ λόγος ΛΌΓΟΣ", "αθηνα αθηνα λογοσ λογοσ"),
            ("Ёлка йод", "елка иод"),
            ("ﬁne ＡＢＣ ½", "fine abc 12"),
            ("مُحَمَّد محمد", "محمد محمد"),
            ("co\u{ad}op zero\u{200d}width", "coop zerowidth"),
        ] {
            assert_eq!(words(text).join(" "), folded, "{text}");
        }
    }

    #[test]
    fn words_end_where_letters_end_and_scripts_without_spaces_are_cut_into_characters() {
        assert_eq!(words("don’t well-known 3.5% a_b C++ 🦊"), ["don", "t", "well", "known", "3", "5", "a", "b", "c"]);
        assert_eq!(words("東京2026年 NATO加盟"), ["東", "京", "2026", "年", "nato", "加", "盟"]);
        assert_eq!(words("ข่าว").len(), 3);
        assert_eq!(words("ガ ｶﾞ が"), ["カ\u{3099}", "カ\u{3099}", "か\u{3099}"]);
        assert_eq!(words("हिन्दी समाचार").len(), 2);
        assert_eq!(words(" \u{301} … \0 \"' ").len(), 0);
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(60)]);
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "“Vučić” — 東京";
        let mut places = Vec::new();
        each_word(text, |word| places.push((text[word.place.clone()].to_owned(), word.alone)));
        assert_eq!(places, [("Vučić".to_owned(), false), ("東".to_owned(), true), ("京".to_owned(), true)]);
    }
}
