//! The codings that an answer can be sent in, and which one a caller wants.

use std::io::{self, Write};

use actix_web::HttpMessage;
use actix_web::http::header::{AcceptEncoding, Encoding};
use flate2::write::GzEncoder;

/// Bodies below this, in bytes, go out as they are: they fit into one packet, and compressing them costs more than it
/// saves.
pub const SMALLEST: usize = 1024;

/// Brotli's quality: a text takes milliseconds once, and is sent many times.
const BROTLI_QUALITY: i32 = 6;

/// Brotli's window, as a power of two.
const BROTLI_WINDOW: i32 = 20;

/// Gzip's level.
const GZIP_LEVEL: u32 = 7;

/// How the bytes of a body are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As they are.
    Plain,
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Coding {
    /// What the caller wants most of what we have.
    pub fn wanted(request: &impl HttpMessage) -> Coding {
        let ours = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
        match request.get_header::<AcceptEncoding>().and_then(|asked| asked.negotiate(ours.iter())) {
            Some(encoding) if encoding == Encoding::brotli() => Coding::Brotli,
            Some(encoding) if encoding == Encoding::gzip() => Coding::Gzip,
            _ => Coding::Plain,
        }
    }

    /// The name in `Content-Encoding`; none when the bytes go out as they are.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Plain => None,
            Coding::Brotli => Some("br"),
            Coding::Gzip => Some("gzip"),
        }
    }

    /// The bytes in this coding. Takes milliseconds for a long text.
    pub fn encode(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Coding::Plain => Ok(plain.to_vec()),
            Coding::Brotli => {
                let mut coded = Vec::with_capacity(plain.len() / 3);
                let settings = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: plain.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*plain, &mut coded, &settings)?;
                Ok(coded)
            }
            Coding::Gzip => {
                let mut encoder =
                    GzEncoder::new(Vec::with_capacity(plain.len() / 3), flate2::Compression::new(GZIP_LEVEL));
                encoder.write_all(plain)?;
                encoder.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use actix_web::http::header;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_caller_s_wish_is_followed_as_far_as_we_can() {
        let wanted = |text: &str| {
            Coding::wanted(&TestRequest::default().insert_header((header::ACCEPT_ENCODING, text)).to_http_request())
        };
        assert_eq!(Coding::wanted(&TestRequest::default().to_http_request()), Coding::Plain);
        assert_eq!(wanted("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(wanted("gzip"), Coding::Gzip);
        assert_eq!(wanted("br;q=0.1, gzip"), Coding::Gzip);
        assert_eq!(wanted("*;q=0"), Coding::Plain);
        assert_eq!(wanted("nonsense/"), Coding::Plain);
    }

    #[test]
    fn what_is_coded_can_be_read_again() {
        let text = "the ferry returns to Harrow Bay. ".repeat(200);
        let mut plain = String::new();
        let coded = Coding::Gzip.encode(text.as_bytes()).unwrap();
        flate2::read::GzDecoder::new(&*coded).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, text);
        let coded = Coding::Brotli.encode(text.as_bytes()).unwrap();
        plain.clear();
        brotli::Decompressor::new(&*coded, 4096).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, text);
        assert!(coded.len() < 200);
    }
}
