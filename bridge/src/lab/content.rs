//! Bodies of any size, the same bytes at every time and place.
//!
//! A body is a row of blocks of 65,521 bytes (a prime, so that no segment size and no buffer size
//! lines up with it). A block is noise, always the same, after its own number in eight bytes: a
//! segment lost, doubled or misplaced changes the body's digest.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

const BLOCK_LEN: usize = 65_521;
const NUMBER_LEN: usize = 8;

/// The largest body that the lab serves.
pub const MAX_LEN: u64 = 1 << 32;

static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    // Marsaglia's xorshift64, from an arbitrary seed.
    let mut state = 0x5359_4e45_4d41_0001_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next)
        .flatten()
        .take(BLOCK_LEN)
        .collect()
});

/// The body of `len` bytes, block by block.
pub fn blocks(len: u64) -> impl Iterator<Item = Vec<u8>> + Send {
    let block_len = BLOCK_LEN as u64;
    (0..len.div_ceil(block_len)).map(move |number| {
        let mut block = NOISE.clone();
        block[..NUMBER_LEN].copy_from_slice(&number.to_le_bytes());
        let rest = len - number * block_len;
        block.truncate(usize::try_from(rest).unwrap_or(usize::MAX).min(BLOCK_LEN));
        block
    })
}

/// The SHA-256 of the body of `len` bytes, as 64 hexadecimal digits.
pub fn sha256_hex(len: u64) -> String {
    static KNOWN: Mutex<BTreeMap<u64, String>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(digest) = known().get(&len) {
        return digest.clone();
    }
    let mut hasher = Sha256::new();
    blocks(len).for_each(|block| hasher.update(block));
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut known = known();
    // Whoever asks for all sizes shall not fill the memory.
    if known.len() >= 1024 {
        known.clear();
    }
    known.insert(len, digest.clone());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_long_as_asked_and_their_blocks_differ() {
        for len in [0, 1, 7, 65_520, 65_521, 65_522, 1_000_000] {
            let total: usize = blocks(len).map(|block| block.len()).sum();
            assert_eq!(total as u64, len);
        }
        let two: Vec<_> = blocks(2 * BLOCK_LEN as u64).collect();
        assert_ne!(two[0], two[1]);
        assert_eq!(two[0][8..], two[1][8..]);
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        // Of nothing: FIPS 180-4's well-known value.
        assert_eq!(
            sha256_hex(0),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let body: Vec<u8> = blocks(100_000).flatten().collect();
        let digest: String = Sha256::digest(&body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(sha256_hex(100_000), digest);
        assert_ne!(sha256_hex(100_000), sha256_hex(100_001));
    }
}
