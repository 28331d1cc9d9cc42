//! The one way anything is changed: a single `TransactWriteItems`, wholly or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use ledger::Timestamp;

use crate::change::{Change, Guard, Receipt, Row};
use crate::journal::EventItem;
use crate::requests::Earlier;
use crate::store::decode;
use crate::{Store, StoreError, Subject, Table};

/// How often a conflict with another transaction is tried again before the caller is asked to come back.
const CONFLICT_ATTEMPTS: u32 = 6;
/// Subjects one change may touch; more become an order.
pub const MAX_SUBJECTS: usize = 12;

/// Why a change was not made. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another change came first: read again and decide again.
    #[error("the record was changed meanwhile")]
    Stale,
    /// What was to be created exists.
    #[error("it exists already")]
    Exists,
    /// The host name is another organisation's.
    #[error("the host name `{0}` is registered for `{1}`, and stays so: batteries carry it")]
    Taken(identity::Host, String),
    /// This request was answered before: the answer is to be repeated.
    #[error("the request was answered before")]
    Answered(Earlier),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Too many changes of the same record at once: try again.
    #[error("too many changes at once")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes a change: every part, version, event, disclosure and pending row of it, and the row of its request, in one
    /// transaction. Receipts come in the order of the subjects.
    ///
    /// A lost answer is put right: where the transaction took effect, its own event is found and the receipt returned.
    ///
    /// # Errors
    /// [`CommitError`]; nothing was written.
    pub async fn commit(
        &self,
        log: &str,
        change: Change,
        now: Timestamp,
    ) -> Result<Vec<Receipt>, CommitError> {
        if change.subjects.len() > MAX_SUBJECTS {
            return Err(StoreError::Damaged(format!(
                "a change of {} subjects, {MAX_SUBJECTS} are the most",
                change.subjects.len()
            ))
            .into());
        }
        let mut rows = change.rows;
        let mut receipts = Vec::with_capacity(change.subjects.len());
        for subject in &change.subjects {
            let key = match subject.next_key() {
                Some(number) => self.key_in_place(&subject.subject, number).await?,
                None => self.data_key_for_change(&subject.subject).await?,
            };
            let worked = subject.work_out(log, &key.key, now)?;
            rows.extend(worked.rows);
            rows.extend(key.row());
            receipts.push(worked.receipt);
        }
        if let Some(request) = change.request {
            rows.push(request.row(receipts.first(), now)?);
        }
        self.write(rows).await?;
        Ok(receipts)
    }

    pub(crate) async fn write(&self, rows: Vec<Row>) -> Result<(), CommitError> {
        let written = self.write_once(&rows).await;
        // Also where nobody knows whether it was: an answer was lost.
        self.tell_watcher(|| subjects(&rows));
        written
    }

    async fn write_once(&self, rows: &[Row]) -> Result<(), CommitError> {
        crate::size::fits(rows)?;
        let token = uuid::Uuid::new_v4().to_string();
        for attempt in 0..CONFLICT_ATTEMPTS {
            let puts = rows.iter().map(|row| self.action(row));
            let sent = self
                .dynamodb()
                .transact_write_items()
                .client_request_token(&token)
                .set_transact_items(Some(puts.collect::<Result<_, _>>()?))
                .send()
                .await;
            let Err(error) = sent else {
                return Ok(());
            };
            match judge(rows, error.into_service_error())? {
                Verdict::Conflict => tokio::time::sleep(pause(attempt)?).await,
                Verdict::Refused(refused) => {
                    return self.explain(rows, &refused).await;
                }
            }
        }
        Err(CommitError::Busy)
    }

    pub(crate) fn action(&self, row: &Row) -> Result<TransactWriteItem, StoreError> {
        if matches!(row.guard, Guard::Gone) {
            let gone = Delete::builder()
                .table_name(self.table(row.table))
                .set_key(Some(row.key()))
                .condition_expression("attribute_exists(pk)");
            let gone = gone.build().map_err(StoreError::unavailable)?;
            return Ok(TransactWriteItem::builder().delete(gone).build());
        }
        let put = Put::builder()
            .table_name(self.table(row.table))
            .set_item(Some(row.item.clone()));
        let put = match &row.guard {
            Guard::New | Guard::Request => put.condition_expression("attribute_not_exists(pk)"),
            Guard::At { seq, event_hash } => put
                .condition_expression("seq = :seq AND eventHash = :hash")
                .expression_attribute_values(":seq", AttributeValue::N(seq.to_string()))
                .expression_attribute_values(":hash", AttributeValue::S(event_hash.to_string())),
            Guard::Covered | Guard::Gone => put,
        };
        let put = put.build().map_err(StoreError::unavailable)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Finds out what a refused condition means for the caller.
    async fn explain(&self, rows: &[Row], refused: &[usize]) -> Result<(), CommitError> {
        let refused: Vec<&Row> = refused
            .iter()
            .filter_map(|index| rows.get(*index))
            .collect();
        if self.took_effect(rows).await? {
            return Ok(());
        }
        if let Some(row) = refused
            .iter()
            .find(|row| matches!(row.guard, Guard::Request))
        {
            return Err(self.answered(row).await?);
        }
        let stale = refused.iter().any(|row| {
            matches!(row.guard, Guard::At { .. })
                || matches!(row.table, Table::Keys | Table::Ledger)
        });
        Err(if stale {
            CommitError::Stale
        } else {
            CommitError::Exists
        })
    }

    /// Whether our own event stands in the ledger: then an earlier attempt succeeded and only its answer was lost.
    async fn took_effect(&self, rows: &[Row]) -> Result<bool, StoreError> {
        let Some(row) = rows.iter().find(|row| row.table == Table::Ledger) else {
            return Ok(false);
        };
        let ours: EventItem = decode(row.item.clone())?;
        let stored: Option<EventItem> = self.get(Table::Ledger, &ours.pk, Some(&ours.sk)).await?;
        Ok(stored.is_some_and(|event| event.hash == ours.hash))
    }
}

/// Whose records rows belong to.
fn subjects(rows: &[Row]) -> Vec<Subject> {
    let records = rows.iter().filter(|row| row.table == Table::Records);
    let mut subjects: Vec<Subject> = records
        .filter_map(|row| row.item.get("pk")?.as_s().ok()?.parse().ok())
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects
}

enum Verdict {
    Conflict,
    /// Positions of the rows whose conditions did not hold.
    Refused(Vec<usize>),
}

/// Reads why a transaction was cancelled. Only a conflict with another transaction is worth a retry; the SDK does not
/// retry it by itself.
fn judge(rows: &[Row], error: TransactWriteItemsError) -> Result<Verdict, CommitError> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = &error else {
        return Err(StoreError::unavailable(error).into());
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or("None"))
        .collect();
    let refused: Vec<usize> = codes
        .iter()
        .take(rows.len())
        .enumerate()
        .filter(|(_, code)| **code == "ConditionalCheckFailed")
        .map(|(index, _)| index)
        .collect();
    if !refused.is_empty() {
        return Ok(Verdict::Refused(refused));
    }
    let passing = [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ];
    if codes.iter().any(|code| passing.contains(code)) {
        return Ok(Verdict::Conflict);
    }
    Err(StoreError::unavailable(error).into())
}

/// Full jitter: a random time up to 20 ms doubled by every attempt.
pub(crate) fn pause(attempt: u32) -> Result<Duration, StoreError> {
    let most = 20_u64 << attempt.min(6);
    let random = u64::from_le_bytes(crate::change::random()?);
    Ok(Duration::from_millis(random % most))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;

    use super::*;

    fn cancelled(codes: &[&str]) -> Result<Verdict, CommitError> {
        let row = Row {
            table: Table::Records,
            item: std::collections::HashMap::new(),
            guard: Guard::New,
        };
        let reasons = codes
            .iter()
            .map(|code| CancellationReason::builder().code(*code).build());
        let error = TransactionCanceledException::builder()
            .set_cancellation_reasons(Some(reasons.collect()))
            .build();
        judge(
            &vec![row; codes.len()],
            TransactWriteItemsError::TransactionCanceledException(error),
        )
    }

    #[test]
    fn only_a_passing_conflict_is_tried_again() {
        for code in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ] {
            assert!(
                matches!(cancelled(&["None", code]), Ok(Verdict::Conflict)),
                "{code}"
            );
        }
        for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "None"] {
            assert!(
                matches!(cancelled(&["None", code]), Err(CommitError::Store(_))),
                "{code}"
            );
        }
    }

    #[test]
    fn a_refused_condition_is_never_tried_again_and_names_its_row() {
        let verdict = cancelled(&["TransactionConflict", "ConditionalCheckFailed", "None"]);
        assert!(matches!(verdict, Ok(Verdict::Refused(rows)) if rows == [1]));
    }
}
