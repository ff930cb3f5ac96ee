//! What a fuzzer begins with: inputs of several lengths, the same each time.

use crate::Choices;

/// Lengths of the inputs, bytes.
const LENGTHS: [usize; 6] = [40, 80, 160, 400, 1000, 3000];
/// Inputs of each length.
const EACH: u64 = 40;

/// The inputs, for any target: each is a choice for every byte that a target asks for.
pub fn all() -> impl Iterator<Item = Vec<u8>> {
    let lengths = LENGTHS.into_iter().zip(0u64..);
    lengths.flat_map(|(len, nth)| {
        (0..EACH).map(move |seed| {
            let mut bytes = Vec::with_capacity(len);
            Choices::seeded(nth * EACH + seed).fill(len, &mut bytes);
            bytes
        })
    })
}
