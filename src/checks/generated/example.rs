//! A text that a regular expression matches, so that a route with one can be asked for.

use regex_syntax::hir::{Class, Hir, HirKind};

/// More is not made up of one expression, in characters.
const LONGEST: usize = 512;

/// A short text that `expression` matches from its beginning; nothing where none is found.
pub(super) fn example(expression: &str) -> Option<String> {
    let hir = regex_syntax::parse(expression).ok()?;
    let mut text = String::new();
    append(&hir, &mut text)?;
    // What is made up goes by the parts of the expression one by one; what they demand of one another is seen here.
    let whole = regex::Regex::new(&format!("^(?:{expression})")).ok()?;
    whole.is_match(&text).then_some(text)
}

fn append(hir: &Hir, text: &mut String) -> Option<()> {
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
            text.push(one_of(class)?);
            Some(())
        }
        HirKind::Repetition(repetition) => {
            // Once where it may be left out: `/items/(\d+)?` with an item says more than without.
            let times = repetition.min.max(u32::from(repetition.max != Some(0)));
            (0..times.min(64)).try_for_each(|_| append(&repetition.sub, text))
        }
        HirKind::Capture(capture) => append(&capture.sub, text),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, text)),
        HirKind::Alternation(choices) => append(choices.first()?, text),
    }
}

/// A character of a class, of those that stand in a path as they are where there is one.
fn one_of(class: &Class) -> Option<char> {
    let plain = ['a', '1', 'A', '-', '_', '.', '~'];
    match class {
        Class::Unicode(class) => {
            let has = |c: char| {
                class
                    .iter()
                    .any(|range| range.start() <= c && c <= range.end())
            };
            let plain = plain.into_iter().find(|c| has(*c));
            plain.or_else(|| class.iter().next().map(|range| range.start()))
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
    use super::example;

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
    }
}
