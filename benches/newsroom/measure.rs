//! Measures side by side: A B A B, so that whatever the machine does besides falls on all alike.

use super::Result;
use super::load::{Driver, Load, Work};
use super::machine;
use super::program::Serving;

/// The median of several rounds, with the lowest and the highest.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

/// What several rounds of one contestant came to.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Requests in a second.
    pub rate: Spread,
    /// Milliseconds.
    pub p50: Spread,
    /// Milliseconds.
    pub p99: Spread,
    /// Processor time of the server for one request, in microseconds.
    pub processor: Spread,
}

/// One round of one contestant.
pub struct Sample {
    load: Load,
    processor: f64,
}

/// Somebody who is measured: each call is one round.
pub type Contestant<'a> = Box<dyn Fn() -> Result<Sample> + 'a>;

/// How long and how often everything is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often each contestant has its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub seconds: u64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        Spread { median: at(values.len() / 2), low: at(0), high: at(values.len().saturating_sub(1)) }
    }
}

impl Sample {
    /// A round whose processor time is not known.
    pub fn of_load(load: Load) -> Sample {
        Sample { load, processor: 0.0 }
    }
}

impl Figures {
    fn of(samples: &[Sample]) -> Figures {
        let spread = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(value).collect());
        Figures {
            rate: spread(|sample| sample.load.rate()),
            p50: spread(|sample| sample.load.p50()),
            p99: spread(|sample| sample.load.p99()),
            processor: spread(|sample| sample.processor / sample.load.requests().max(1) as f64),
        }
    }
}

/// A server under this load.
pub fn server<'a>(driver: &'a Driver, serving: &'a Serving, work: &'a Work, plan: Plan) -> Contestant<'a> {
    Box::new(move || {
        let before = machine::processor_time(serving.process())?;
        let load = driver.run(serving.address(), work, plan.seconds)?;
        Ok(Sample { load, processor: machine::processor_time(serving.process())? - before })
    })
}

/// The figures of all contestants, in their order, after one round each that does not count.
pub fn compare<const COUNT: usize>(plan: Plan, contestants: [Contestant; COUNT]) -> Result<[Figures; COUNT]> {
    let mut samples: [Vec<Sample>; COUNT] = std::array::from_fn(|_| Vec::new());
    for round in 0..=plan.rounds {
        for (contestant, samples) in contestants.iter().zip(&mut samples) {
            let sample = contestant()?;
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    Ok(samples.map(|samples| Figures::of(&samples)))
}
