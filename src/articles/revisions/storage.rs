//! How revisions are packed. A whole one now and then stands alone; those after it are compressed with it as a
//! dictionary, so that a save of a long story costs what was changed in it, and reading one unpacks at most two.

use std::cell::Cell;

use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::hash::sha256;
use crate::live::CorrectionKind;

/// How many revisions lean on one that stands alone, at most.
const LEANING: i32 = 16;

/// How hard the compressor tries: its usual level.
const LEVEL: i32 = 3;

/// Largest revision that is unpacked, in bytes: more than any story can have.
const LARGEST: usize = 64 * 1024 * 1024;

/// What a revision holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The name in addresses.
    pub slug: String,
    /// The document, as JSON.
    pub document: String,
    /// The text in Markdown.
    pub body: String,
    /// For colleagues.
    pub editor_note: Option<String>,
    /// The hash of the text as HTML: what the next publication will say, made from the text and never brought back.
    pub body_html: String,
    /// Until when readers must not see it.
    pub embargo_until: Option<Timestamp>,
    /// The public notes, as far as a save makes them; which publication carries them is the door's to say.
    pub notes: Vec<Note>,
}

/// A public note, as it was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Names the note.
    pub id: String,
    /// What it says.
    pub kind: CorrectionKind,
    /// The note.
    pub text: String,
}

/// A packed revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Number of the revision that it leans on; `None` when it stands alone.
    pub base: Option<i32>,
    /// The compressed bytes.
    pub bytes: Vec<u8>,
}

impl Content {
    /// The bytes that are packed, and whose hash the log keeps.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(Error::internal)
    }

    /// What was packed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Content> {
        serde_json::from_slice(bytes).map_err(Error::internal)
    }
}

/// The hash that the log keeps of a revision.
pub fn digest(bytes: &[u8]) -> String {
    sha256(bytes)
}

/// The revision that the one with this number leans on; itself, when it stands alone.
pub fn base_of(number: i32) -> i32 {
    number - (number - 1).rem_euclid(LEANING)
}

thread_local! {
    /// Making one costs as much as packing a story with it.
    static COMPRESSOR: Cell<Option<Compressor<'static>>> = const { Cell::new(None) };
}

/// Packs a revision; `base` is the number and the unpacked bytes of the one that it may lean on.
pub fn pack(bytes: &[u8], base: Option<(i32, &[u8])>) -> Result<Packed> {
    let (number, dictionary) = base.unzip();
    let bytes = compress(bytes, dictionary.unwrap_or_default()).map_err(Error::internal)?;
    Ok(Packed { base: number, bytes })
}

/// Compresses with a dictionary; an empty one is none.
fn compress(bytes: &[u8], dictionary: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = match COMPRESSOR.take() {
        Some(compressor) => compressor,
        None => Compressor::new(LEVEL)?,
    };
    compressor.set_dictionary(LEVEL, dictionary)?;
    let packed = compressor.compress(bytes)?;
    // Only one that did what it should is kept.
    COMPRESSOR.set(Some(compressor));
    Ok(packed)
}

/// Unpacks a revision with the unpacked bytes of the one that it leans on.
pub fn unpack(packed: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().unwrap_or(0);
    let size = usize::try_from(size).unwrap_or(LARGEST).min(LARGEST);
    match base {
        None => zstd::bulk::decompress(packed, size),
        Some(dictionary) => zstd::bulk::Decompressor::with_dictionary(dictionary)
            .and_then(|mut decompressor| decompressor.decompress(packed, size)),
    }
    .map_err(|error| Error::internal(format!("a revision cannot be unpacked: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_packed_comes_back() {
        let story = "The ferry came back to Harrow Bay on Monday. ".repeat(120);
        let huge: String =
            (0..700_000_u32).map(|number| format!("{:x} ", number.wrapping_mul(2_654_435_761))).collect();
        let texts = [String::new(), "x".to_owned(), story.clone(), story.replace("Monday", "Tuesday"), huge];
        for text in &texts {
            for base in [None, Some(""), Some("x"), Some(story.as_str()), Some(texts[4].as_str())] {
                let packed = pack(text.as_bytes(), base.map(|base| (1, base.as_bytes()))).unwrap();
                assert_eq!(packed.base, base.map(|_| 1));
                assert_eq!(unpack(&packed.bytes, base.map(str::as_bytes)).unwrap(), text.as_bytes());
            }
        }
    }

    #[test]
    fn a_small_change_of_a_long_story_costs_little() {
        let story: String = (0..800).map(|number| format!("word{} ", number * 7919 % 1009)).collect();
        let changed = story.replace("word500 ", "another ");
        let alone = pack(changed.as_bytes(), None).unwrap().bytes.len();
        let leaning = pack(changed.as_bytes(), Some((1, story.as_bytes()))).unwrap().bytes.len();
        assert!(leaning < 120 && leaning * 10 < alone, "{leaning} of {alone} bytes");
    }

    #[test]
    fn one_in_sixteen_stands_alone() {
        let bases: Vec<i32> = [1, 2, 16, 17, 18, 33].into_iter().map(base_of).collect();
        assert_eq!(bases, [1, 1, 1, 17, 17, 33]);
    }
}
