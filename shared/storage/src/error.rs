//! What can go wrong below the rules.

/// The store could not do what was asked; nothing was changed unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The endpoint refused, failed or did not answer. Retrying is safe.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A stored item is not what was written.
    #[error("stored data are damaged: {0}")]
    Damaged(String),
    /// More than the store can keep at once; a retry would not help.
    #[error("too large to be kept: {0}")]
    TooLarge(String),
    /// The environment lacks what the store needs.
    #[error("the store is not configured: {0}")]
    Misconfigured(String),
    /// This function holds no keys, so sealed parts stay closed.
    #[error("this function may read public parts only")]
    NoKeys,
}

impl StoreError {
    /// An error of the SDK or the endpoint, with its whole chain of causes.
    pub(crate) fn unavailable(error: impl std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::Unavailable(text)
    }

    /// An event that cannot be sealed.
    pub(crate) fn seal(error: ledger::SealError) -> Self {
        match error {
            ledger::SealError::TooLong(_) | ledger::SealError::TooManyDisclosures(_) => {
                Self::TooLarge(error.to_string())
            }
            other => Self::damaged(other),
        }
    }

    pub(crate) fn damaged(cause: impl std::fmt::Display) -> Self {
        Self::Damaged(cause.to_string())
    }
}
