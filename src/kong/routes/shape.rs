//! What can be said of a part of an expression by itself.

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassSet, ClassSetItem, HexLiteralKind, Literal, LiteralKind,
    Repetition, RepetitionKind, RepetitionRange,
};

/// From so many repetitions on, an upper bound is one that no path reaches.
const MANY: u32 = 32;

/// Whether `?<` stands somewhere else than behind the `(` of a group.
pub(super) fn rewrites_no_group(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    let (mut at, mut class) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' if !class => {
                class = true;
                // A `]` in the first place is one of the class.
                at += usize::from(bytes.get(at + 1) == Some(&b'^'));
                at += usize::from(bytes.get(at + 1) == Some(&b']'));
            }
            b']' => class = false,
            b'?' if bytes.get(at + 1) == Some(&b'<') => {
                let opens = at > 0 && bytes[at - 1] == b'(' && !class;
                let is_escaped = at > 1 && bytes[at - 2] == b'\\';
                if !opens || is_escaped {
                    return true;
                }
            }
            _ => {}
        }
        at += 1;
    }
    // An escaped `?` before a `<`.
    expression.contains("\\?<")
}

/// Whether it demands what no path has: a `?` or `#`, or something behind its end.
pub(super) fn never_matches(ast: &Ast) -> bool {
    match ast {
        Ast::Literal(literal) => matches!(literal.c, '?' | '#'),
        Ast::ClassBracketed(class) => match &class.kind {
            ClassSet::Item(ClassSetItem::Literal(literal)) => {
                !class.negated && matches!(literal.c, '?' | '#')
            }
            _ => false,
        },
        Ast::Group(group) => never_matches(&group.ast),
        Ast::Concat(all) => {
            let ends = all.asts.windows(2).any(|two| {
                is_end(&two[0]) && matches!(&two[1], Ast::Literal(literal) if literal.c != '\n')
            });
            ends && !all.asts.iter().any(is_flags) || all.asts.iter().any(never_matches)
        }
        _ => false,
    }
}

pub(super) fn is_end(ast: &Ast) -> bool {
    matches!(ast, Ast::Assertion(one) if one.kind == AssertionKind::EndLine)
}

pub(super) fn is_flags(ast: &Ast) -> bool {
    matches!(ast, Ast::Flags(_))
}

/// Whether it matches where nothing stands, whatever stands around it.
pub(super) fn is_nullable(ast: &Ast) -> bool {
    match ast {
        Ast::Empty(_) | Ast::Flags(_) => true,
        Ast::Repetition(one) => least(one) == 0 || is_nullable(&one.ast),
        Ast::Group(group) => is_nullable(&group.ast),
        Ast::Alternation(branches) => branches.asts.iter().any(is_nullable),
        Ast::Concat(all) => all.asts.iter().all(is_nullable),
        _ => false,
    }
}

/// Whether it matches every path: each begins with a slash.
pub(super) fn takes_every_path(branch: &Ast) -> bool {
    is_nullable(branch) || matches!(branch, Ast::Literal(literal) if literal.c == '/')
}

pub(super) fn is_assertion(ast: &Ast) -> bool {
    match ast {
        Ast::Assertion(_) => true,
        Ast::Group(group) => is_assertion(&group.ast),
        _ => false,
    }
}

/// How often something is repeated at least.
pub(super) fn least(one: &Repetition) -> u32 {
    match &one.op.kind {
        RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => 0,
        RepetitionKind::OneOrMore => 1,
        RepetitionKind::Range(
            RepetitionRange::Exactly(least)
            | RepetitionRange::AtLeast(least)
            | RepetitionRange::Bounded(least, _),
        ) => *least,
    }
}

/// Whether there is no upper bound, or none that a path reaches.
pub(super) fn is_unbounded(one: &Repetition) -> bool {
    match &one.op.kind {
        RepetitionKind::ZeroOrMore
        | RepetitionKind::OneOrMore
        | RepetitionKind::Range(RepetitionRange::AtLeast(_)) => true,
        RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most >= MANY,
        _ => false,
    }
}

pub(super) fn is_word_boundary(one: &Assertion) -> bool {
    matches!(
        one.kind,
        AssertionKind::WordBoundary | AssertionKind::NotWordBoundary
    )
}

/// Whether the characters on both sides are known, and of ASCII. Before the first one nothing stands, or the slash.
pub(super) fn is_fixed(before: Option<&Ast>, behind: Option<&Ast>) -> bool {
    let is_ascii = |ast: &Ast| matches!(ast, Ast::Literal(literal) if literal.c.is_ascii());
    before.is_none_or(is_ascii) && behind.is_some_and(is_ascii)
}

/// Whether a character is written as its number.
pub(super) fn is_code(literal: &Literal) -> bool {
    matches!(
        literal.kind,
        LiteralKind::HexFixed(_) | LiteralKind::HexBrace(HexLiteralKind::X)
    )
}

/// Whether a class's source begins as `[]-a]`: a bracket and a hyphen in the crate, a range in PCRE.
pub(super) fn begins_with_a_range_of_brackets(source: &str) -> bool {
    let inner = source.trim_start_matches('[').trim_start_matches('^');
    let behind = inner.strip_prefix("]-");
    behind.is_some_and(|behind| !behind.starts_with(']'))
}

/// Whether a class takes every character.
pub(super) fn is_everything(source: &str) -> bool {
    let Ok(class) = regex_syntax::parse(source) else {
        return false;
    };
    match class.kind() {
        regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            let all = regex_syntax::hir::ClassUnicodeRange::new('\0', char::MAX);
            class.ranges() == [all]
        }
        _ => false,
    }
}

/// Whether a class has letters that are also those of others where case does not matter.
pub(super) fn folds(source: &str) -> bool {
    regex::Regex::new(source)
        .is_ok_and(|class| ["k", "K", "s", "S"].iter().any(|c| class.is_match(c)))
}

/// Whether something can be split in many ways, so that PCRE tries them all: `(x+)+`, `(x+x+)+`.
pub(super) fn is_ambiguous(ast: &Ast) -> bool {
    match ast {
        Ast::Group(group) => is_ambiguous(&group.ast),
        // PCRE ends a loop whose body took nothing.
        Ast::Repetition(one) => is_unbounded(one) && least(one) > 0,
        Ast::Concat(all) => all.asts.iter().all(is_ambiguous),
        Ast::Alternation(branches) => branches.asts.iter().any(is_ambiguous),
        _ => false,
    }
}

/// Whether what stands next begins with a character that `class` does not take.
pub(super) fn cannot_begin(class: &str, next: &Ast) -> bool {
    let Ast::Literal(literal) = next else {
        return false;
    };
    let taken = regex::Regex::new(&format!("^(?:{class})$"));
    taken.is_ok_and(|class| !class.is_match(&literal.c.to_string()))
}
