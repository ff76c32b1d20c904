//! The known word somebody most likely meant.

/// The candidate nearest to a word, if one is near enough to be meant: at most one typing
/// error per three letters, and never more than three.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements that turn one word into the other; two
/// neighbours in the wrong order count as one.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (position, here) in left.chars().enumerate() {
        let mut next = vec![position + 1];
        for (column, &there) in right.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let replaced = at(&row, column) + usize::from(here != there);
            let dropped = at(&row, column + 1) + 1;
            let added = at(&next, column) + 1;
            let swapped = match column.checked_sub(1) {
                Some(earlier) if previous == Some(there) && right.get(earlier) == Some(&here) => {
                    at(&before, earlier) + 1
                }
                _ => usize::MAX,
            };
            next.push(replaced.min(dropped).min(added).min(swapped));
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(here);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_typing_errors() {
        for (left, right, expected) in [
            ("listen", "listen", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("listne", "listen", 1),
            ("lsten", "listen", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn a_word_is_suggested_only_when_it_is_near() {
        let known = ["admin", "data_dir", "log"];
        assert_eq!(nearest("amdin", known), Some("admin"));
        assert_eq!(nearest("datadir", known), Some("data_dir"));
        assert_eq!(nearest("worker", known), None);
    }
}
