//! Tables of fixed columns: where each begins, and what stands there.

/// Where `headings` begin in `head`, in letters; `None` unless all are there in this order.
pub(super) fn columns(head: &str, headings: &[&str]) -> Option<Vec<usize>> {
    let mut starts = Vec::new();
    let mut from = 0;
    for heading in headings {
        let at = from + head.get(from..)?.find(heading)?;
        starts.push(head[..at].chars().count());
        from = at + heading.len();
    }
    Some(starts)
}

/// The fields of `text`, without the blanks behind them. `None` unless each begins at its column: a longer field would have shifted them.
pub(super) fn fields(text: &str, starts: &[usize]) -> Option<Vec<String>> {
    let letters: Vec<char> = text.chars().collect();
    let ends = starts.iter().skip(1).copied().chain([letters.len()]);
    let field = |(start, end): (&usize, usize)| {
        let field = letters.get(*start..end)?;
        let begins = field.first().is_some_and(|first| *first != ' ');
        begins.then(|| field.iter().collect::<String>().trim_end().to_owned())
    };
    starts.iter().zip(ends).map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_headings() {
        let starts = columns("Ä a  b b  c", &["Ä a", "b b", "c"]).expect("found");
        assert_eq!(starts, [0, 5, 10]);
        let read = ["ü x", "y", "z z"].map(str::to_owned);
        assert_eq!(fields("ü x  y    z z ", &starts), Some(read.to_vec()));
        assert_eq!(columns("b a", &["a", "b"]), None);
    }

    #[test]
    fn shifted_and_short_lines_are_none() {
        for text in ["", "a    b", "a     b   c", " a   b    c"] {
            assert_eq!(fields(text, &[0, 5, 10]), None, "{text}");
        }
    }
}
