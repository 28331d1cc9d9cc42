//! The ledger's stream as a doorbell: a record tells whose chain grew, and nothing else of it is read.

use serde::{Deserialize, Serialize};
use storage::Subject;

use crate::Publisher;

/// Records of a DynamoDB stream, as Lambda hands them over.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    /// In the order of the shard.
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

/// A record, as far as it counts.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamRecord {
    dynamodb: Written,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    keys: Keys,
    sequence_number: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    s: String,
}

/// What Lambda is answered: which records are to come again (`ReportBatchItemFailures`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// One per record that failed.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

impl StreamRecord {
    /// Whose chain grew; `None` for records of other things.
    fn subject(&self) -> Option<Subject> {
        self.dynamodb.keys.pk.s.parse().ok()
    }
}

impl Publisher {
    /// Publishes what the records' subjects are now, in whatever order and however often they come.
    pub async fn heard(&self, event: &StreamEvent) -> Outcome {
        let subjects = event.records.iter().filter_map(StreamRecord::subject);
        let mut subjects: Vec<Subject> = subjects.collect();
        subjects.sort_unstable();
        subjects.dedup();
        let failed = self.changed(&subjects).await;
        let again = |record: &&StreamRecord| {
            let subject = record.subject();
            subject.is_some_and(|subject| failed.contains(&subject))
        };
        Outcome {
            batch_item_failures: event
                .records
                .iter()
                .filter(again)
                .map(|record| BatchItemFailure {
                    item_identifier: record.dynamodb.sequence_number.clone(),
                })
                .collect(),
        }
    }
}
