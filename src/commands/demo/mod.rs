//! `dateline demo`: a newsroom to try things on, in one command.

mod newsroom;

use std::io::Write;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::json;

use super::CommandError;
use crate::app::App;
use crate::auth::{NewUser, UserInput};
use crate::config::Settings;
use crate::error::Error;
use crate::events::Actor;
use crate::http::etag::IfMatch;
use crate::http::input::{Complete, Partial};
use crate::http::query::WriteOptions;
use crate::server::{Server, take_port};

/// The account of the demo.
const EDITOR: &str = "editor@packet.example";

/// Try Dateline with an invented newsroom in it
///
/// Makes a database of its own in the folder `demo` inside the data folder, fills it at the first start, serves it, and
/// prints what to do next. A second start keeps what is there.
#[derive(Debug, Args)]
pub struct Demo {}

impl Demo {
    /// Serves until Ctrl-C.
    pub fn run(self, mut settings: Settings) -> Result<(), CommandError> {
        // Never the newsroom's own database: playing must not leave invented stories in it.
        settings.data_dir = settings.data_dir.join("demo");
        if settings.database_url.take().is_some() {
            eprintln!("the demo has a database of its own; DATELINE_DATABASE_URL is left alone");
        }
        let port = take_port(settings.bind)?;
        let app = super::open(settings)?;
        actix_web::rt::System::new().block_on(async move {
            newsroom::fill(&app.ledger()).await?;
            let password = editor_for_this_run(&app).await?;
            let server = Server::new(app, port)?;
            welcome(server.address(), &password);
            server.run().await?;
            Ok(())
        })
    }
}

/// Makes the editor's account, or gives it a new password, and tells it.
async fn editor_for_this_run(app: &App) -> Result<String, CommandError> {
    let mut random = [0_u8; 15];
    SysRng.try_fill_bytes(&mut random).map_err(|error| CommandError::Other(error.to_string()))?;
    let password = URL_SAFE_NO_PAD.encode(random);
    let accounts = app.accounts();
    match accounts.find(EDITOR).await {
        Ok(user) => {
            let input = Partial::<UserInput>::from_value(json!({ "password": password, "active": true }))?;
            accounts.update((Actor::Operator, WriteOptions::default()), user.id, IfMatch::Any, input).await?;
        }
        Err(Error::NotFound(_)) => {
            let members = json!({ "email": EDITOR, "name": "Demo Editor", "role": "editor", "password": password });
            let input = Complete::<UserInput>::from_value(members)?;
            accounts.create(Actor::Operator, WriteOptions::default(), NewUser::try_from(input)?).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(password)
}

/// What to do next: lines that work exactly as they are printed.
fn welcome(address: SocketAddr, password: &str) {
    let mut output = std::io::stdout();
    let url = format!("http://{address}");
    let story = newsroom::SHOWN;
    // Whoever started us may have closed the pipe; that is no reason not to serve.
    let _ = write!(
        output,
        r#"
Dateline is running with an invented newsroom in it.

  API docs    {url}/docs
  Sign in as  {EDITOR}
  Password    {password}    (of this run)

Try it, in another terminal and in this order:

  curl '{url}/v1/articles?limit=3'

  curl '{url}/v1/articles/{story}'

  TOKEN=$(curl -s {url}/v1/auth/login -H 'Content-Type: application/json' -d '{{"email":"{EDITOR}","password":"{password}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/'); echo $TOKEN

  curl -X POST {url}/v1/articles/$(curl -s {url}/v1/articles -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"title":"Hello from curl","body":"My **first** story.","tags":[{{"name":"Hello"}}]}}' | sed 's/^{{"id":"\([^"]*\)".*/\1/')/publish -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it. The data stays, and `dateline demo` goes on where it was.

listening on {url}
"#
    );
    let _ = output.flush();
}
