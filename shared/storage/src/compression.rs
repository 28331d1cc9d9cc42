//! Stored JSON, compressed.

use std::cell::RefCell;

use crate::StoreError;

/// Decompresses and parses JSON that this crate wrote.
pub(crate) fn expand<T: serde::de::DeserializeOwned>(compressed: &[u8]) -> Result<T, StoreError> {
    let size = zstd::zstd_safe::get_frame_content_size(compressed)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= EXPANDED_LIMIT)
        .ok_or_else(|| StoreError::damaged("a compressed item does not tell its size"))?;
    let bytes = DECOMPRESSOR.with(|decompressor| match &mut *decompressor.borrow_mut() {
        Ok(decompressor) => decompressor
            .decompress(compressed, size)
            .map_err(StoreError::damaged),
        Err(error) => Err(StoreError::damaged(error)),
    })?;
    serde_json::from_slice(&bytes).map_err(StoreError::damaged)
}

/// Compresses bytes for storage.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    if bytes.len() > EXPANDED_LIMIT {
        return Err(StoreError::TooLarge(format!(
            "{} bytes, {EXPANDED_LIMIT} are the most",
            bytes.len()
        )));
    }
    COMPRESSOR.with(|compressor| match &mut *compressor.borrow_mut() {
        Ok(compressor) => compressor.compress(bytes).map_err(StoreError::damaged),
        Err(error) => Err(StoreError::damaged(error)),
    })
}

thread_local! {
    /// Setting one up costs more than compressing a part, so each thread keeps its own.
    static COMPRESSOR: RefCell<std::io::Result<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(COMPRESSION_LEVEL));
    static DECOMPRESSOR: RefCell<std::io::Result<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new());
}

/// No stored item expands past this: what was written can be read again.
const EXPANDED_LIMIT: usize = 4 << 20;
const COMPRESSION_LEVEL: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_can_be_read_and_the_rest_is_refused() {
        let longest = serde_json::to_vec(&" ".repeat(EXPANDED_LIMIT - 2)).unwrap();
        assert_eq!(longest.len(), EXPANDED_LIMIT);
        let read: String = expand(&compress(&longest).unwrap()).unwrap();
        assert_eq!(read.len(), EXPANDED_LIMIT - 2);
        let longer = serde_json::to_vec(&" ".repeat(EXPANDED_LIMIT - 1)).unwrap();
        assert!(matches!(compress(&longer), Err(StoreError::TooLarge(_))));
        assert!(matches!(
            expand::<String>(b"not compressed"),
            Err(StoreError::Damaged(_))
        ));
    }
}
