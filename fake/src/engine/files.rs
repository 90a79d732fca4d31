//! Removes files, on request and when they expire.

use std::time::SystemTime;

use crate::clock::unix_seconds;
use crate::store::memory::Store;

/// Removes a file, also from all vector stores.
pub(crate) fn remove(store: &mut Store, id: &str, now: SystemTime) {
    store.files.remove(id);
    for vector_store in store.vector_stores.iter_mut() {
        // A batch that has ended keeps its counts.
        vector_store.advance(now);
        vector_store.files.remove(id);
    }
}

/// Removes the files that have expired.
pub(crate) fn remove_expired(store: &mut Store, now: SystemTime) {
    let seconds = unix_seconds(now);
    let files = store.files.iter();
    let expired = files.filter(|file| file.expires_at.is_some_and(|time| time <= seconds));
    let expired: Vec<String> = expired.map(|file| file.id.clone()).collect();
    for id in expired {
        remove(store, &id, now);
    }
}
