//! The state that all requests share: store, IDs, clock and model.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::api_error::ApiError;
use crate::clock::{Clock, unix_seconds};
use crate::ids::Ids;
use crate::model::conversation::Model;
use crate::store::content::Reservation;
use crate::store::event::EventObserver;
use crate::store::memory::Store;
use crate::store::table::json_size;

pub(crate) struct State {
    /// The lock is never held across an `await`.
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) ids: Ids,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) model: Box<dyn Model>,
    pub(crate) event_observer: Option<EventObserver>,
    /// Where the content of files is stored; `None` for memory.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) limits: Limits,
}

/// Limits and times of stored objects and runs.
pub(crate) struct Limits {
    /// Delay between two actions of a run.
    pub(crate) pace: Duration,
    /// Time from the creation of a run to its expiry.
    pub(crate) lifetime: Duration,
    pub(crate) max_objects: usize,
    /// Limit of the size of all objects as JSON, and of files in memory.
    pub(crate) max_bytes: usize,
}

impl State {
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Returns the store if it has room for this request body and number of new objects.
    pub(crate) fn store_with_room(
        &self,
        objects: usize,
        body: &Value,
    ) -> Result<MutexGuard<'_, Store>, ApiError> {
        self.store_with_room_for(objects, json_size(body))
    }

    /// Returns the store if it has room for this number of bytes and new objects.
    pub(crate) fn store_with_room_for(
        &self,
        objects: usize,
        bytes: usize,
    ) -> Result<MutexGuard<'_, Store>, ApiError> {
        let store = self.store();
        let Limits {
            max_objects,
            max_bytes,
            ..
        } = self.limits;
        if objects > max_objects.saturating_sub(store.totals.objects()) {
            Err(ApiError::store_full(max_objects, "objects"))
        } else if bytes > max_bytes.saturating_sub(store.totals.bytes()) {
            Err(ApiError::store_full(max_bytes, "bytes of objects"))
        } else {
            Ok(store)
        }
    }

    /// Reserves memory for a part of an upload, unless files are in a folder.
    pub(crate) fn reserve(&self, room: &mut Reservation, bytes: usize) -> Result<(), ApiError> {
        let limit = self.limits.max_bytes;
        if self.folder.is_some() || room.grow(bytes, limit) {
            Ok(())
        } else {
            Err(ApiError::store_full(limit, "bytes of objects"))
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(crate) fn now_seconds(&self) -> u64 {
        unix_seconds(self.now())
    }
}

pub(crate) fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}
