//! A mail server for one test: it takes every letter and keeps it, or refuses all of them while it is told to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long a letter is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A letter as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Who it is for, as the envelope says.
    pub to: String,
    /// Head and text, with the line breaks of quoted-printable taken out.
    pub text: String,
}

impl Received {
    /// The link, taken apart: its page, and what stands behind the `#`, as purpose and token.
    #[track_caller]
    pub fn link(&self) -> (String, String, String) {
        let start = self.text.find("http").unwrap_or_else(|| panic!("no link: {}", self.text));
        let link = self.text[start..].split_whitespace().next().unwrap_or_default();
        let (page, rest) = link.split_once('#').expect("a link has a #");
        let (purpose, token) = rest.split_once('=').expect("a purpose and a token");
        (page.to_owned(), purpose.to_owned(), token.to_owned())
    }
}

/// The mail server. Its threads end with the test.
pub struct MailServer {
    address: SocketAddr,
    refuses: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
    letters: Mutex<Receiver<Received>>,
}

impl MailServer {
    /// Listens on a free port.
    pub fn start() -> MailServer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, letters) = channel();
        let (refuses, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (is_refusing, count) = (Arc::clone(&refuses), Arc::clone(&refused));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_refusing.load(Ordering::SeqCst) {
                    count.fetch_add(1, Ordering::SeqCst);
                    let _ = (&stream).write_all(b"421 not now\r\n");
                    continue;
                }
                let sender = sender.clone();
                thread::spawn(move || speak(&stream, &sender));
            }
        });
        MailServer { address, refuses, refused, letters: Mutex::new(letters) }
    }

    /// The address, as the setting takes it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on takes nothing, or everything again.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Waits until this many attempts were refused.
    #[track_caller]
    pub fn wait_for_refusals(&self, times: usize) {
        for _ in 0..600 {
            if self.refused.load(Ordering::SeqCst) >= times {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("only {} attempts were refused", self.refused.load(Ordering::SeqCst));
    }

    /// The next letter, while `meanwhile` is done again and again.
    #[track_caller]
    pub fn next_while(&self, meanwhile: impl Fn()) -> Received {
        let letters = self.letters.lock().expect("one test");
        let arrived = (0..60).find_map(|_| {
            meanwhile();
            letters.recv_timeout(Duration::from_secs(1)).ok()
        });
        arrived.expect("a letter arrives")
    }

    /// The next letter.
    #[track_caller]
    pub fn next(&self) -> Received {
        self.letters.lock().expect("one test").recv_timeout(PATIENCE).expect("a letter arrives")
    }

    /// Every letter that has arrived by now.
    pub fn all(&self) -> Vec<Received> {
        self.letters.lock().expect("one test").try_iter().collect()
    }
}

/// One connection, as far as lettre speaks (RFC 5321).
fn speak(stream: &TcpStream, letters: &Sender<Received>) {
    let answer = |text: &str| {
        let mut stream = stream;
        // Whoever has hung up is no longer answered.
        let _ = stream.write_all(format!("{text}\r\n").as_bytes());
    };
    let mut lines = BufReader::new(stream).lines();
    let mut to = String::new();
    answer("220 test");
    while let Some(Ok(line)) = lines.next() {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "RCPT" => to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned(),
            "DATA" => {
                answer("354 go on");
                let body: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                let text = body.join("\n").replace("=\n", "").replace("=3D", "=");
                let _ = letters.send(Received { to: to.clone(), text });
            }
            "QUIT" => {
                answer("221 bye");
                return;
            }
            _ => {}
        }
        answer("250 ok");
    }
}
