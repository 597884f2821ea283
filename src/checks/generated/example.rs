//! A text that a regular expression matches, so that a route with one can be asked for.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

/// More is not made up of one expression, in characters.
const LONGEST: usize = 512;

/// A short text that `expression` matches from its beginning; nothing where none is found.
pub(super) fn example(expression: &str) -> Option<String> {
    found(expression, Choice::First)
}

/// Another one, as far from the first as the expression lets it be: an expression that was narrowed may leave it out.
pub(super) fn other_example(expression: &str) -> Option<String> {
    let first = example(expression);
    let mut others = FURTHER
        .iter()
        .filter_map(|more| found(expression, Choice::Last(*more)));
    others.find(|other| first.as_ref() != Some(other))
}

/// How much more of what may be repeated is tried, where it is not too much.
const FURTHER: [u32; 2] = [6, 1];

/// Which of several is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    First,
    /// And so much more of what may be repeated.
    Last(u32),
}

fn found(expression: &str, choice: Choice) -> Option<String> {
    let hir = regex_syntax::parse(expression).ok()?;
    let mut text = String::new();
    append(&hir, choice, &mut text)?;
    // What is made up goes by the parts of the expression one by one; what they demand of one another is seen here.
    let whole = regex::Regex::new(&format!("^(?:{expression})")).ok()?;
    whole.is_match(&text).then_some(text)
}

fn append(hir: &Hir, choice: Choice, text: &mut String) -> Option<()> {
    if text.len() > LONGEST {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            text.push_str(std::str::from_utf8(&literal.0).ok()?);
            Some(())
        }
        HirKind::Class(class) => {
            text.push(one_of(class, choice)?);
            Some(())
        }
        HirKind::Repetition(repetition) => {
            // Once where it may be left out: `/items/(\d+)?` with an item says more than without.
            let times = repetition.min.max(u32::from(repetition.max != Some(0)));
            let more = match choice {
                Choice::First => 0,
                Choice::Last(more) => repetition.max.map_or(more, |max| more.min(max - times)),
            };
            (0..(times + more).min(64)).try_for_each(|_| append(&repetition.sub, choice, text))
        }
        HirKind::Capture(capture) => append(&capture.sub, choice, text),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, choice, text)),
        HirKind::Alternation(branches) => {
            let branch = match choice {
                Choice::First => branches.first(),
                Choice::Last(_) => branches.last(),
            };
            append(branch?, choice, text)
        }
    }
}

/// A character of a class, of those that stand in a path as they are where there is one.
fn one_of(class: &Class, choice: Choice) -> Option<char> {
    let plain = match choice {
        Choice::First => ['a', '1', 'A', '-', '_', '.', '~'],
        Choice::Last(_) => ['9', 'z', 'Z', '~', '.', '_', '-'],
    };
    match class {
        Class::Unicode(class) => {
            let has = |c: char| {
                class
                    .iter()
                    .any(|range| range.start() <= c && c <= range.end())
            };
            let plain = plain.into_iter().find(|c| has(*c));
            plain.or_else(|| class.iter().next().map(ClassUnicodeRange::start))
        }
        Class::Bytes(class) => {
            let has = |c: char| {
                u8::try_from(c).is_ok_and(|byte| {
                    class
                        .iter()
                        .any(|range| range.start() <= byte && byte <= range.end())
                })
            };
            plain.into_iter().find(|c| has(*c))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{example, other_example};

    #[test]
    fn an_example_is_matched() {
        for (expression, text) in [
            (r"/items/\d+$", Some("/items/1")),
            (r"/(?<version>v[12])/orders(/[^/]+)?", Some("/v1/orders/a")),
            ("/a|/b", Some("/a")),
            (r"/x{3}\.json", Some("/xxx.json")),
            ("(", None),
            ("/a$b", None),
        ] {
            assert_eq!(example(expression).as_deref(), text, "{expression}");
        }
        for (expression, text) in [
            (r"/items/\d+$", Some("/items/9999999")),
            ("/a|/b", Some("/b")),
            ("/same", None),
        ] {
            assert_eq!(other_example(expression).as_deref(), text, "{expression}");
        }
    }
}
