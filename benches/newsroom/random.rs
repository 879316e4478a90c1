//! Numbers that are the same for ever: a crate's generator may change with its next version, and with it every story.

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of one seed and one thing that is made from it.
    pub fn new(seed: u64, thing: u64) -> Random {
        let mut random = Random(seed ^ thing.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let range = u128::from(self.next()) * end as u128;
        (range >> 64) as usize
    }

    /// Whether one of `parts` cases has come.
    pub fn one_in(&mut self, parts: usize) -> bool {
        self.below(parts) == 0
    }

    /// One of these.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Popularity as it is: the second is named half as often as the first, the third a third as often (Zipf).
#[derive(Debug)]
pub struct Zipf {
    cumulated: Vec<f64>,
}

impl Zipf {
    /// Over the ranks from 0 to `count` - 1.
    pub fn new(count: usize) -> Zipf {
        let mut total = 0.0;
        let add = |rank| {
            total += 1.0 / (rank as f64);
            total
        };
        Zipf { cumulated: (1..=count).map(add).collect() }
    }

    /// A rank; 0 is the most popular.
    pub fn rank(&self, random: &mut Random) -> usize {
        let end = self.cumulated.last().copied().unwrap_or_default();
        let sought = random.fraction() * end;
        self.cumulated.partition_point(|reached| *reached <= sought).min(self.cumulated.len() - 1)
    }
}
