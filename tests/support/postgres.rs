//! PostgreSQL for tests: the server that `TEST_DATABASE_URL` names, or a private one that is started from the binaries
//! on this machine and ends with the test process.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use dateline::db::{DatabaseUrl, migrate};
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use url::Url;

/// Makes the server, ends it when its input closes, and removes its folder. The input is a pipe that only the test
/// process holds, so this works however that process ends.
const KEEPER: &str = r#"
trap : INT TERM HUP
folder=$(mktemp -d /dev/shm/dateline-postgres-XXXXXX 2>/dev/null || mktemp -d /tmp/dateline-postgres-XXXXXX) || exit 1
log="$folder/log"
if ! "$1/initdb" -D "$folder/data" -U dateline -A trust -E UTF8 --locale=C -N >"$log" 2>&1; then
    echo "failed $(tail -n 3 "$log" | tr '\n' ' ')"; rm -rf "$folder"; exit 1
fi
"$1/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=300 -c shared_buffers=64MB \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off >>"$log" 2>&1 &
server=$!
tries=0
while ! "$1/psql" -h "$folder" -U dateline -d postgres -c 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ] || ! kill -0 $server 2>/dev/null; then
        echo "failed $(tail -n 3 "$log" | tr '\n' ' ')"; kill $server 2>/dev/null; rm -rf "$folder"; exit 1
    fi
    sleep 0.1
done
echo "ready $folder"
cat >/dev/null
kill -INT $server 2>/dev/null
wait $server
rm -rf "$folder"
"#;

/// A server that databases can be made on.
pub struct Server {
    /// Address of a database that always exists.
    maintenance: Url,
    template: String,
    // Its input is the pipe: this must live as long as the process.
    _keeper: Option<Child>,
}

/// A test's database; dropped with it.
pub struct OwnDatabase {
    server: &'static Server,
    name: String,
}

/// The server of this test process, or `None`, said loudly once, when there is none. A server that was asked for by
/// name must be there.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| find().map_err(|reason| complain(&reason)).ok()).as_ref()
}

fn find() -> Result<Server, String> {
    let (maintenance, keeper) = match std::env::var("TEST_DATABASE_URL") {
        Ok(text) => (Url::parse(&text).map_err(|error| format!("TEST_DATABASE_URL: {error}"))?, None),
        Err(_) => start().map(|(url, keeper)| (url, Some(keeper)))?,
    };
    let mut server = Server { maintenance, template: String::new(), _keeper: keeper };
    server.template = server.make_template()?;
    Ok(server)
}

/// Past the test harness, which swallows what passing tests print.
fn complain(reason: &str) {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let required = std::env::var("TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    if required || std::env::var_os("TEST_DATABASE_URL").is_some() {
        panic!("PostgreSQL was asked for by TEST_REQUIRE_POSTGRES or TEST_DATABASE_URL, and is not there: {reason}");
    }
    let text = format!(
        "\n*** PostgreSQL was NOT tested: half of the suite is skipped (its cases run on SQLite again).\n*** {reason}\n\
         *** Install PostgreSQL or set TEST_DATABASE_URL; TEST_REQUIRE_POSTGRES=1 makes this an error.\n\n"
    );
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Starts a private server. It listens on a socket in its own folder only.
fn start() -> Result<(Url, Child), String> {
    let binaries = binaries().ok_or("no initdb found with pg_config, in PATH, or in /usr/lib/postgresql")?;
    let mut command = as_ordinary_user()?;
    command.args(["sh", "-c", KEEPER, "sh"]).arg(&binaries).current_dir("/");
    let mut keeper = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let mut line = String::new();
    if let Some(output) = keeper.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    let folder = line.trim().strip_prefix("ready ").ok_or(format!("PostgreSQL did not start: {}", line.trim()))?;
    let address = format!("postgres://dateline@{}/postgres", folder.replace('/', "%2F"));
    Ok((Url::parse(&address).map_err(|error| error.to_string())?, keeper))
}

/// PostgreSQL refuses to run as root, so root lends the keeper to the user `postgres`, or else to `nobody`.
fn as_ordinary_user() -> Result<Command, String> {
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if output("id", &["-u"]).as_deref() != Some("0") {
        return Ok(Command::new("env"));
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| output("id", &["-u", user]).is_some());
    let user = user.ok_or("running as root, and there is no other user to run PostgreSQL as")?;
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), "--init-groups"]);
    command.arg(format!("--regid={}", output("id", &["-g", user]).unwrap_or_default()));
    Ok(command)
}

/// The folder of PostgreSQL's programs.
fn binaries() -> Option<PathBuf> {
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let in_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort();
    packaged.reverse();
    let all = configured.into_iter().chain(in_path.unwrap_or_default()).chain(packaged);
    all.into_iter().find(|folder| ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file()))
}

impl Server {
    /// A fresh database.
    pub fn make_database(&'static self) -> OwnDatabase {
        let name = format!("dateline_test_{}", uuid::Uuid::now_v7().simple());
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {}", self.template)).expect("a database");
        OwnDatabase { server: self, name }
    }

    /// A database without any table.
    pub fn make_empty_database(&'static self) -> OwnDatabase {
        let name = format!("dateline_test_{}", uuid::Uuid::now_v7().simple());
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a database");
        OwnDatabase { server: self, name }
    }

    /// Makes the template unless an earlier run did; its name changes with the migrations.
    fn make_template(&self) -> Result<String, String> {
        let mut hasher = DefaultHasher::new();
        hash_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres"), &mut hasher);
        let name = format!("dateline_template_{:016x}", hasher.finish());
        let mut connection = self.connect()?;
        // Several test processes may come together; the lock ends with this connection.
        connection.batch_execute("SELECT pg_advisory_lock(7233)").map_err(|error| error.to_string())?;
        let missing = format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}') THEN RAISE 'missing'; END IF; END $$"
        );
        if connection.batch_execute(&missing).is_err() {
            // Under another name until it is whole.
            let half = format!("{name}_half");
            let mut execute = |text: &str| connection.batch_execute(text).map_err(|error| error.to_string());
            execute(&format!("DROP DATABASE IF EXISTS {half}"))?;
            execute(&format!("CREATE DATABASE {half} TEMPLATE template0"))?;
            migrate::up(&self.database(&half)).map_err(|error| error.to_string())?;
            execute(&format!("ALTER DATABASE {half} RENAME TO {name}"))?;
        }
        Ok(name)
    }

    fn database(&self, name: &str) -> DatabaseUrl {
        let mut url = self.maintenance.clone();
        url.set_path(name);
        url.as_str().parse().expect("a database address")
    }

    fn connect(&self) -> Result<PgConnection, String> {
        PgConnection::establish(self.maintenance.as_str()).map_err(|error| error.to_string())
    }

    fn execute(&self, text: &str) -> Result<(), String> {
        self.connect()?.batch_execute(text).map_err(|error| error.to_string())
    }
}

impl OwnDatabase {
    /// Its address.
    pub fn url(&self) -> DatabaseUrl {
        self.server.database(&self.name)
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let _ = self.server.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn hash_files(folder: &Path, hasher: &mut impl Hasher) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_files(&path, hasher);
        } else {
            fs::read(&path).expect("a migration").hash(hasher);
        }
    }
}
