//! Hands letters to a mail server over SMTP (RFC 5321).

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{SmtpTransport, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// How long the mail server may take for one step; a whole letter takes a few, and stays below
/// the time for which the queue leaves it to us.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where letters go, and from whom; checked once.
#[derive(Clone)]
pub struct MailSettings {
    url: SecretString,
    from: Mailbox,
}

impl MailSettings {
    /// `url` is `smtp://` or `smtps://`, with user and password when the server wants them; `from` an address, with or
    /// without a name (`News <news@example.org>`).
    ///
    /// Errors: which of the two cannot be used, and what would be.
    pub fn new(url: &str, from: &str) -> std::result::Result<MailSettings, (&'static str, &'static str)> {
        transport(url).map_err(|_| {
            let reason = "must be smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:587?tls=required";
            ("DATELINE_SMTP_URL", reason)
        })?;
        let wrong_from = |_| ("DATELINE_MAIL_FROM", "must be an address such as News <news@example.org>");
        Ok(MailSettings { url: url.into(), from: from.parse().map_err(wrong_from)? })
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MailSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// A letter that can be sent. Cannot be printed: it may hold a secret.
pub struct Message {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Hands letters to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Mailer {
    /// Opens no connection yet; each letter has its own.
    ///
    /// Errors: [`Error::Internal`] when the settings cannot be used, which [`MailSettings::new`] has looked at.
    pub fn new(settings: &MailSettings) -> Result<Mailer> {
        let transport = transport(settings.url.expose_secret()).map_err(Error::internal)?;
        Ok(Mailer { transport, from: settings.from.clone() })
    }

    /// Sends one letter; `Ok` means that the mail server has it.
    ///
    /// Errors: the mail server is away or refuses. The cause never holds the letter.
    pub async fn send(&self, message: Message) -> Result<()> {
        let mailer = self.clone();
        tokio::task::spawn_blocking(move || mailer.send_now(message)).await.map_err(Error::internal)?
    }

    fn send_now(&self, message: Message) -> Result<()> {
        let letter = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, message.to.parse().map_err(Error::internal)?))
            .subject(message.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(message.text)
            .map_err(Error::internal)?;
        self.transport.send(&letter).map(drop).map_err(Error::internal)
    }
}

fn transport(url: &str) -> std::result::Result<SmtpTransport, lettre::transport::smtp::Error> {
    Ok(SmtpTransport::from_url(url)?.timeout(Some(PATIENCE)).build())
}
