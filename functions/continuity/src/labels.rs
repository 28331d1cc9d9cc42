//! What has to resolve.

use storage::{Store, Table};

use crate::Failure;
use crate::belongings::Belongings;
use crate::everything::each_item;

/// The path of every label that was ever issued, `/<unit>/<label>`, in order.
///
/// # Errors
/// [`Failure`] where the table does not answer.
pub async fn labels(store: &Store) -> Result<Vec<String>, Failure> {
    let mut labels = Vec::new();
    each_item(store, Table::Records, |item| {
        let (pk, sk) = item.place();
        if let (Some(unit), Some(label)) = (pk.strip_prefix("U#"), sk.strip_prefix("0#LABEL#")) {
            labels.push(format!("/{unit}/{label}"));
        }
        Ok(())
    })
    .await?;
    labels.sort_unstable();
    Ok(labels)
}

/// Those of the batteries that an organisation is responsible for.
///
/// # Errors
/// [`Failure`] where the table does not answer, or where there is no such organisation.
pub async fn labels_of(store: &Store, organisation: &str) -> Result<Vec<String>, Failure> {
    let own = Belongings::of(store, organisation).await?;
    let mut labels = labels(store).await?;
    labels.retain(|label| own.has_label(label));
    Ok(labels)
}
