//! The cookie that binds a sign-in to the browser that began it. It signs nobody in: it only says that whoever comes back
//! from the provider is who went there.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::ticket::{BrowserToken, LIFETIME};

/// How the cookie is called, and whether it travels by TLS only.
#[derive(Debug, Clone, Copy)]
pub struct BrowserCookie {
    name: &'static str,
    attributes: &'static str,
}

impl BrowserCookie {
    /// For a site with this address. Where there is no TLS the site is on this machine.
    pub fn of_site(site: &str) -> BrowserCookie {
        match site.starts_with("https://") {
            // No other site, and no neighbour below the same domain, can set one of this name.
            true => BrowserCookie { name: "__Host-dateline-sign-in", attributes: "HttpOnly; SameSite=Lax; Secure" },
            false => BrowserCookie { name: "dateline-sign-in", attributes: "HttpOnly; SameSite=Lax" },
        }
    }

    /// What the browser came with, when it is one, and only one.
    pub fn of(self, request: &HttpRequest) -> Option<BrowserToken> {
        let headers = request.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = headers.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => BrowserToken::parse(value),
            _ => None,
        }
    }

    /// The header that gives it to the browser.
    pub fn give(self, token: BrowserToken) -> String {
        let BrowserCookie { name, attributes } = self;
        format!("{name}={}; Path=/; Max-Age={}; {attributes}", token.into_text(), LIFETIME.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_browser_is_known_by_one_cookie_of_the_right_name() {
        let cookie = BrowserCookie::of_site("https://news.example.org");
        let given = cookie.give(BrowserToken::make().unwrap());
        assert!(given.starts_with("__Host-dateline-sign-in=dlb_"), "{given}");
        assert!(given.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{given}");
        let pair = given.split(';').next().unwrap();
        let of = |text: String| cookie.of(&TestRequest::default().append_header(("Cookie", text)).to_http_request());
        assert!(of(format!("a=b; {pair}")).is_some());
        for wrong in [String::new(), format!("{pair}; {pair}"), pair.replace("__Host-", ""), format!("{pair}x")] {
            assert!(of(wrong.clone()).is_none(), "{wrong}");
        }
    }
}
