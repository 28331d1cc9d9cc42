//! Looking at everything in a table or bucket.

use futures_util::future::try_join_all;
use storage::{Bucket, Store, StoredItem, StoredObject, Table};

use crate::Failure;

/// Objects that are under way at once.
pub(crate) const UNDER_WAY: usize = 16;

/// Shows every item of a table.
pub(crate) async fn each_item(
    store: &Store,
    table: Table,
    mut show: impl FnMut(StoredItem) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut from = None;
    loop {
        let (items, next) = store.items(table, from).await?;
        for item in items {
            show(item)?;
        }
        match next {
            None => return Ok(()),
            next => from = next,
        }
    }
}

/// Shows every object of a bucket whose name begins with a prefix, with its name. What is gone since it was listed is gone.
pub(crate) async fn each_object(
    store: &Store,
    bucket: Bucket,
    prefix: &str,
    mut show: impl FnMut(&str, StoredObject) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let names = store.object_names(bucket, prefix).await?;
    for names in names.chunks(UNDER_WAY) {
        let read = names.iter().map(|name| store.stored_object(bucket, name));
        for (name, object) in names.iter().zip(try_join_all(read).await?) {
            if let Some(object) = object {
                show(name, object)?;
            }
        }
    }
    Ok(())
}
