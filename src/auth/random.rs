//! Random numbers for secrets.

use rand::TryRng;
use rand::rngs::SysRng;

use crate::error::{Error, Result};

/// Bytes from the operating system's random numbers.
pub fn bytes<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut random = [0_u8; LENGTH];
    SysRng.try_fill_bytes(&mut random).map_err(Error::internal)?;
    Ok(random)
}
