//! Objects by id, in the order in which they were made.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many objects there are on all shelves of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) struct Shelf<T> {
    places: HashMap<String, u64>,
    items: BTreeMap<u64, T>,
    next: u64,
    count: Count,
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

    pub(crate) fn put(&mut self, id: &str, item: T) -> &mut T {
        let place = self.next;
        self.next += 1;
        self.count.0.fetch_add(1, Ordering::Relaxed);
        self.places.insert(id.to_owned(), place);
        self.items.entry(place).or_insert(item)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.items.get(self.places.get(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.items.get_mut(self.places.get(id)?)
    }

    pub(crate) fn take(&mut self, id: &str) -> Option<T> {
        let item = self.items.remove(&self.places.remove(id)?);
        if item.is_some() {
            self.count.0.fetch_sub(1, Ordering::Relaxed);
        }
        item
    }

    /// The place of an object among the others.
    pub(crate) fn place(&self, id: &str) -> Option<u64> {
        self.places.get(id).copied()
    }

    /// The objects, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.items.values()
    }

    /// The objects with their places, the oldest first.
    pub(crate) fn places(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.items.iter().map(|(place, item)| (*place, item))
    }
}

impl<T> Drop for Shelf<T> {
    fn drop(&mut self) {
        self.count.0.fetch_sub(self.items.len(), Ordering::Relaxed);
    }
}
