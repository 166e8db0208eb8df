//! The tiles that everybody asks for, in memory.
//!
//! Reading a small file costs several times as much as sending it. Names of tiles hold their hash, so nothing kept here
//! is ever stale; the only question is what to drop. Two generations answer it: what is asked for goes into the young
//! one, and when that is full it becomes the old one and the old one goes. A tile that is asked for at least once a
//! generation stays.

use crate::metrics::CacheFigures;
use axum::body::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

#[derive(Default)]
struct Generations {
    young: HashMap<String, Bytes>,
    young_bytes: usize,
    old: HashMap<String, Bytes>,
    old_bytes: usize,
}

/// Bytes by name, at most a given number of them.
pub(crate) struct Cache {
    generation_bytes: usize,
    generations: Mutex<Generations>,
    figures: CacheFigures,
}

impl Cache {
    /// Keeps at most `bytes` bytes.
    pub(crate) fn new(bytes: usize, figures: CacheFigures) -> Self {
        Self {
            generation_bytes: bytes / 2,
            generations: Mutex::default(),
            figures,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = generations.young.get(name) {
            self.figures.hits.inc();
            return Some(bytes.clone());
        }
        let Some((name, bytes)) = generations.old.remove_entry(name) else {
            self.figures.misses.inc();
            return None;
        };
        generations.old_bytes -= bytes.len();
        self.figures.hits.inc();
        self.insert(&mut generations, name, bytes.clone());
        Some(bytes)
    }

    pub(crate) fn put(&self, name: String, bytes: Bytes) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        self.insert(&mut generations, name, bytes);
    }

    fn insert(&self, generations: &mut Generations, name: String, bytes: Bytes) {
        // A file that would push out everything else is cheaper to read again.
        if bytes.len() > self.generation_bytes / 8 {
            return;
        }
        if generations.young_bytes + bytes.len() > self.generation_bytes {
            generations.old = std::mem::take(&mut generations.young);
            generations.old_bytes = std::mem::take(&mut generations.young_bytes);
        }
        generations.young_bytes += bytes.len();
        if let Some(replaced) = generations.young.insert(name, bytes) {
            generations.young_bytes -= replaced.len();
        }
        let kept = generations.young_bytes + generations.old_bytes;
        self.figures.bytes.set(kept as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(size: usize) -> Bytes {
        Bytes::from(vec![0; size])
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_goes() {
        let cache = Cache::new(2000, CacheFigures::default());
        for number in 0..100 {
            cache.put(format!("tile{number}"), bytes(100));
            cache.put("favourite".to_owned(), bytes(100));
            assert!(cache.get("favourite").is_some());
        }
        assert!(cache.get("tile99").is_some());
        assert!(cache.get("tile0").is_none());
        let generations = cache.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = generations
            .young
            .values()
            .chain(generations.old.values())
            .map(Bytes::len)
            .sum();
        assert!(kept <= 2000, "{kept}");
    }

    #[test]
    fn a_file_larger_than_its_share_is_not_kept() {
        let cache = Cache::new(2000, CacheFigures::default());
        cache.put("giant".to_owned(), bytes(500));
        assert!(cache.get("giant").is_none());
    }

    #[test]
    fn putting_the_same_name_again_counts_once() {
        let cache = Cache::new(2000, CacheFigures::default());
        for _ in 0..50 {
            cache.put("one".to_owned(), bytes(100));
        }
        cache.put("two".to_owned(), bytes(100));
        assert!(cache.get("one").is_some() && cache.get("two").is_some());
    }
}
