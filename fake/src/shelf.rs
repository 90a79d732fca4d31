//! Objects by id, in the order in which they were made.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::length::length;

/// What there is on all shelves of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<[AtomicUsize; 2]>);

impl Count {
    /// How many objects there are.
    pub(crate) fn objects(&self) -> usize {
        self.0[0].load(Ordering::Relaxed)
    }

    /// How long their JSON is.
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
}

pub(crate) struct Shelf<T> {
    places: HashMap<String, u64>,
    items: BTreeMap<u64, Item<T>>,
    next: u64,
    count: Count,
}

/// An object, and how long its JSON was when it was weighed.
struct Item<T> {
    object: T,
    bytes: usize,
}

impl<T> Shelf<T> {
    pub(crate) fn new(count: &Count) -> Self {
        Self {
            places: HashMap::new(),
            items: BTreeMap::new(),
            next: 0,
            count: count.clone(),
        }
    }

    pub(crate) fn put(&mut self, id: &str, object: T) -> &mut T
    where
        T: Serialize,
    {
        let place = self.next;
        self.next += 1;
        let bytes = length(&object);
        self.count.add(bytes);
        self.places.insert(id.to_owned(), place);
        let item = self.items.entry(place);
        &mut item.or_insert(Item { object, bytes }).object
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        let item = self.items.get(self.places.get(id)?)?;
        Some(&item.object)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let item = self.items.get_mut(self.places.get(id)?)?;
        Some(&mut item.object)
    }

    pub(crate) fn take(&mut self, id: &str) -> Option<T> {
        let item = self.items.remove(&self.places.remove(id)?)?;
        self.count.subtract(item.bytes);
        Some(item.object)
    }

    /// Counts an object as large as it has become.
    pub(crate) fn weigh(&mut self, id: &str)
    where
        T: Serialize,
    {
        let item = self.places.get(id).and_then(|at| self.items.get_mut(at));
        if let Some(item) = item {
            self.count.subtract(item.bytes);
            item.bytes = length(&item.object);
            self.count.add(item.bytes);
        }
    }

    /// The place of an object among the others.
    pub(crate) fn place(&self, id: &str) -> Option<u64> {
        self.places.get(id).copied()
    }

    /// The objects, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values().map(|item| &item.object)
    }

    /// The objects with their places, the oldest first.
    pub(crate) fn places(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let items = self.items.iter();
        items.map(|(place, item)| (*place, &item.object))
    }
}

impl<T> Drop for Shelf<T> {
    fn drop(&mut self) {
        for item in self.items.values() {
            self.count.subtract(item.bytes);
        }
    }
}
