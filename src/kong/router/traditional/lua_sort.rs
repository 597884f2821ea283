//! Lua's way of sorting, which is not stable: where Kong's order says nothing of two routes, it decides which of them comes first.
//!
//! That is the rule rather than the exception: routes that are written together have the same `created_at`, and the expressions of one
//! route differ in nothing. What comes out is the same each time for the same routes in the same order, which is that of the Admin API.

/// Sorts as `table.sort` does. Invariant: `before` orders strictly, so that no search leaves the slice.
pub(super) fn lua_sort<T>(all: &mut [T], before: &impl Fn(&T, &T) -> bool) {
    let mut rest = all;
    while rest.len() > 1 {
        let last = rest.len() - 1;
        let Some(middle) = partition(rest, last, before) else {
            return;
        };
        let (lower, upper) = rest.split_at_mut(middle);
        let upper = &mut upper[1..];
        // The smaller part first: which one comes first makes no difference, but the depth stays small.
        let smaller;
        (smaller, rest) = if lower.len() < upper.len() {
            (lower, upper)
        } else {
            (upper, lower)
        };
        lua_sort(smaller, before);
    }
}

/// Brings an element to its place, those before it to one side and the others to the other; `None` if all are in place already.
fn partition<T>(all: &mut [T], last: usize, before: &impl Fn(&T, &T) -> bool) -> Option<usize> {
    if before(&all[last], &all[0]) {
        all.swap(0, last);
    }
    if last == 1 {
        return None;
    }
    let middle = last / 2;
    if before(&all[middle], &all[0]) {
        all.swap(middle, 0);
    } else if before(&all[last], &all[middle]) {
        all.swap(middle, last);
    }
    if last == 2 {
        return None;
    }
    let pivot = last - 1;
    all.swap(middle, pivot);
    let (mut from_left, mut from_right) = (0, pivot);
    loop {
        from_left += 1;
        while before(&all[from_left], &all[pivot]) {
            from_left += 1;
        }
        from_right -= 1;
        while before(&all[pivot], &all[from_right]) {
            from_right -= 1;
        }
        if from_right < from_left {
            break;
        }
        all.swap(from_left, from_right);
    }
    all.swap(pivot, from_left);
    Some(from_left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Lua makes of numbers that are compared by what `key` says of them alone.
    fn sorted(count: usize, key: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        lua_sort(&mut all, &|one, other| key(*one) < key(*other));
        all
    }

    #[test]
    fn what_is_equal_comes_out_as_in_lua() {
        let by_three = sorted(20, |number| number * 7 % 3);
        let recorded = [
            0, 18, 12, 15, 6, 9, 3, 4, 1, 16, 13, 19, 7, 10, 17, 5, 8, 14, 11, 2,
        ];
        assert_eq!(by_three, recorded);
        assert_eq!(sorted(3, |_| 1), [0, 1, 2]);
        assert_eq!(sorted(6, |_| 1), [0, 3, 4, 2, 1, 5]);
    }

    #[test]
    fn what_differs_is_in_order() {
        for count in 0..200 {
            let all = sorted(count, |number| number * 7919 % 1009);
            assert!(all.is_sorted_by_key(|number| number * 7919 % 1009));
            assert_eq!(all.len(), count);
        }
    }
}
