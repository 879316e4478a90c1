//! The table.

use super::measure::{Figures, Spread};

/// One line of the table: a thing that was measured, and whether it is as it should be.
#[derive(Debug)]
pub struct Line {
    work: String,
    ours: String,
    reference: String,
    result: String,
    target: String,
    met: Option<bool>,
    latency: String,
    processor: String,
}

impl Line {
    /// Ours should be at least so many times as fast as the other.
    pub fn at_least(work: impl Into<String>, (ours, other): (&Figures, &Figures), times: f64) -> Line {
        let ratio = ours.rate.median / other.rate.median;
        let target = format!("≥ {times} ×");
        Line { met: Some(ratio >= times), ..Line::ratio(work.into(), ours, other, (ratio, target)) }
    }

    /// Ours should take at most so many times as long as the other, over as many connections.
    pub fn at_most(work: impl Into<String>, (ours, other): (&Figures, &Figures), times: f64) -> Line {
        let ratio = other.rate.median / ours.rate.median;
        let target = format!("≤ {times} × the time");
        Line { met: Some(ratio <= times), ..Line::ratio(work.into(), ours, other, (ratio, target)) }
    }

    fn ratio(work: String, ours: &Figures, other: &Figures, (ratio, target): (f64, String)) -> Line {
        let pair = |of: fn(&Figures) -> String| format!("{} / {}", of(ours), of(other));
        Line {
            work,
            ours: rate(&ours.rate),
            reference: rate(&other.rate),
            result: format!("{ratio:.2} ×"),
            target,
            met: None,
            latency: pair(latency),
            processor: pair(|figures| match figures.processor.median {
                0.0 => "–".to_owned(),
                median => format!("{median:.0}"),
            }),
        }
    }

    /// A value by itself should be no higher than this.
    pub fn value(work: impl Into<String>, value: Spread, unit: &str, at_most: f64) -> Line {
        let Spread { median, low, high } = value;
        Line {
            work: work.into(),
            ours: format!("{median:.1} ({low:.1}–{high:.1}) {unit}"),
            reference: String::new(),
            result: format!("{median:.1} {unit}"),
            target: format!("≤ {at_most} {unit}"),
            met: Some(median <= at_most),
            latency: String::new(),
            processor: String::new(),
        }
    }

    /// What could not be measured, and why.
    pub fn not_measured(work: impl Into<String>, reason: &str) -> Line {
        let empty = String::new;
        Line {
            work: work.into(),
            ours: reason.to_owned(),
            reference: empty(),
            result: empty(),
            target: empty(),
            met: None,
            latency: empty(),
            processor: empty(),
        }
    }

    fn markdown(&self) -> String {
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "–",
        };
        let Line { work, ours, reference, result, target, latency, processor, .. } = self;
        format!("| {work} | {ours} | {reference} | {result} | {target} | {met} | {latency} | {processor} |")
    }
}

/// Prints the head of the table.
pub fn begin(machine: &str, about: &str) {
    println!("{machine}.\n\n{about}\n");
    println!(
        "| work | Dateline, requests/s | reference, requests/s | result | target | met | p50 · p99 ms, Dateline / reference | µs of processor a request |"
    );
    println!("|---|---|---|---|---|---|---|---|");
}

/// Prints one line of it, as soon as it is known.
pub fn add(line: &Line) {
    println!("{}", line.markdown());
}

fn rate(Spread { median, low, high }: &Spread) -> String {
    format!("{} ({}–{})", thousands(*median), thousands(*low), thousands(*high))
}

fn latency(figures: &Figures) -> String {
    format!("{:.2} · {:.2}", figures.p50.median, figures.p99.median)
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
