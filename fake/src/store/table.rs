//! Tables of objects by ID in order of creation, with the total number and size.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

/// Number and size of the objects in all tables of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals(Arc<[AtomicUsize; 2]>);

impl Totals {
    pub(crate) fn objects(&self) -> usize {
        self.0[0].load(Ordering::Relaxed)
    }

    /// The size of all objects as JSON, and of the content of files in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.0[1].load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0[0].fetch_add(1, Ordering::Relaxed);
        self.0[1].fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.0[0].fetch_sub(1, Ordering::Relaxed);
        self.0[1].fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Adds the content of a file.
    pub(super) fn add_content(&self, bytes: usize) {
        self.0[1].fetch_add(bytes, Ordering::Relaxed);
    }

    /// Subtracts the content of a file.
    pub(super) fn subtract_content(&self, bytes: usize) {
        self.0[1].fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Objects by ID, in order of creation.
pub(crate) struct Table<T> {
    positions: HashMap<String, u64>,
    rows: BTreeMap<u64, Row<T>>,
    next: u64,
    totals: Totals,
}

/// An object, and its size when it was last measured.
struct Row<T> {
    object: T,
    bytes: usize,
}

impl<T> Table<T> {
    pub(crate) fn new(totals: &Totals) -> Self {
        Self {
            positions: HashMap::new(),
            rows: BTreeMap::new(),
            next: 0,
            totals: totals.clone(),
        }
    }

    pub(crate) fn insert(&mut self, id: &str, object: T) -> &mut T
    where
        T: Serialize,
    {
        let position = self.next;
        self.next += 1;
        let bytes = json_size(&object);
        self.totals.add(bytes);
        self.positions.insert(id.to_owned(), position);
        let row = self.rows.entry(position);
        &mut row.or_insert(Row { object, bytes }).object
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        let row = self.rows.get(self.positions.get(id)?)?;
        Some(&row.object)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(self.positions.get(id)?)?;
        Some(&mut row.object)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        let row = self.rows.remove(&self.positions.remove(id)?)?;
        self.totals.subtract(row.bytes);
        Some(row.object)
    }

    /// Updates the size of an object that was changed.
    pub(crate) fn update_size(&mut self, id: &str)
    where
        T: Serialize,
    {
        let position = self.positions.get(id);
        if let Some(row) = position.and_then(|position| self.rows.get_mut(position)) {
            self.totals.subtract(row.bytes);
            row.bytes = json_size(&row.object);
            self.totals.add(row.bytes);
        }
    }

    /// The position of an object in order of creation.
    pub(crate) fn position(&self, id: &str) -> Option<u64> {
        self.positions.get(id).copied()
    }

    /// The objects, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.rows.values().map(|row| &row.object)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.values_mut().map(|row| &mut row.object)
    }

    /// The objects with their positions, the oldest first.
    pub(crate) fn iter_with_positions(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let rows = self.rows.iter();
        rows.map(|(position, row)| (*position, &row.object))
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        for row in self.rows.values() {
            self.totals.subtract(row.bytes);
        }
    }
}

/// The size of an object as JSON, computed without storing the text.
pub(crate) fn json_size(object: &impl Serialize) -> usize {
    let mut size = Size(0);
    // Serialization cannot fail: every key is a string, and the writer accepts everything.
    let _ = serde_json::to_writer(&mut size, object);
    size.0
}

struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
