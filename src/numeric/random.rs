//! Random numbers that are the same everywhere: xoshiro256++ (Blackman and Vigna, 2019).

use super::probability::normal_quantile;

/// A stream of random numbers; equal seeds give equal streams.
#[derive(Clone, Debug)]
pub struct Random([u64; 4]);

impl Random {
    /// The stream of a seed, spread by splitmix64.
    pub fn new(seed: u64) -> Random {
        let mut state = seed;
        Random(std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Brings a list into a random order (Fisher, Yates 1938).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for k in (1..list.len()).rev() {
            list.swap(k, (self.bits() % (k as u64 + 1)) as usize);
        }
    }

    /// A number in (0, 1), uniformly.
    pub fn uniform(&mut self) -> f64 {
        /// Multiples of 2⁻⁵³, moved by half of that away from 0.
        const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
        ((self.bits() >> 11) as f64 + 0.5) * STEP
    }

    /// A standard normal number, by the inverse of its distribution.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_normal_distribution() {
        let mut random = Random::new(7);
        let count = 200_000;
        let values: Vec<f64> = (0..count).map(|_| random.normal()).collect();
        let moment = |k: i32| values.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(count);
        // Standard errors of the first four moments are 1, √2, √15 and √96 over √count.
        for (k, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 1.41), (3, 0.0, 3.87), (4, 3.0, 9.8)]
        {
            let error = (moment(k) - expected).abs() * f64::from(count).sqrt() / spread;
            assert!(error < 4.0, "moment {k}: {}", moment(k));
        }
        assert_ne!(Random::new(1).bits(), Random::new(2).bits());
    }
}
