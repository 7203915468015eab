//! Looking rising keys up in a sorted map: in one pass, where each by itself would cost a search. For whoever looks at a whole fleet.

use std::collections::BTreeMap;

/// A lookup in `map` for keys that never fall from one call to the next; `view` shows a key as those who ask have it.
pub(crate) fn rising<'m, K, V, Q: Ord>(
    map: &'m BTreeMap<K, V>,
    view: impl Fn(&'m K) -> Q,
) -> impl FnMut(Q) -> Option<&'m V> {
    let mut entries = map.iter().peekable();
    move |key| {
        while entries.next_if(|(other, _)| view(other) < key).is_some() {}
        entries.peek().filter(|(other, _)| view(other) == key).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_keys_find_what_the_map_has() {
        let map: BTreeMap<u32, u32> = [2, 3, 5, 7].map(|key| (key, 10 * key)).into();
        let mut of = rising(&map, |key| *key);
        for key in [0, 2, 2, 3, 4, 7, 7, 9] {
            assert_eq!(of(key), map.get(&key), "{key}");
        }
    }
}
