//! Going through an expression for what it can match otherwise.
//!
//! Only a path's beginning is matched, so what may be missing at the end of an expression makes no difference and is not looked at.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassBracketed, ClassSet, ClassSetItem, Flag, Flags,
    FlagsItemKind, GroupKind, Literal, LiteralKind, Repetition, RepetitionKind, SpecialLiteralKind,
};

use super::difference::Difference;
use super::shape::{
    begins_with_a_range_of_brackets, cannot_begin, folds, is_ambiguous, is_assertion, is_code,
    is_everything, is_fixed, is_flags, is_nullable, is_unbounded, is_word_boundary, least,
    never_matches, rewrites_no_group, takes_every_path,
};

/// What an expression that the engine takes can match otherwise, each once.
pub(super) fn differences(expression: &str) -> Vec<Difference> {
    let mut walk = Walk {
        text: expression,
        flags: Set::default(),
        found: Vec::new(),
    };
    if rewrites_no_group(expression) {
        walk.find(Difference::NamedGroup);
    }
    let Ok(ast) = Parser::new().parse(expression) else {
        // The engine has taken it as Kong gives it; what is read otherwise without that differs by that alone.
        return walk.found;
    };
    if never_matches(&ast) {
        return Vec::new();
    }
    if let Ast::Alternation(branches) = &ast
        && !branches.asts.iter().any(takes_every_path)
    {
        walk.find(Difference::Anchor);
    }
    walk.visit(&ast, Position::LAST);
    walk.found.sort_unstable();
    walk.found
}

/// The flags that are in force.
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of an expression are just that, each by itself"
)]
#[derive(Debug, Clone, Copy, Default)]
struct Set {
    any_case: bool,
    any_line: bool,
    spaced: bool,
    dot_is_all: bool,
}

impl Set {
    fn with(mut self, flags: &Flags) -> Self {
        let mut value = true;
        for item in &flags.items {
            match &item.kind {
                FlagsItemKind::Negation => value = false,
                FlagsItemKind::Flag(Flag::CaseInsensitive) => self.any_case = value,
                FlagsItemKind::Flag(Flag::MultiLine) => self.any_line = value,
                FlagsItemKind::Flag(Flag::IgnoreWhitespace) => self.spaced = value,
                FlagsItemKind::Flag(Flag::DotMatchesNewLine) => self.dot_is_all = value,
                FlagsItemKind::Flag(_) => {}
            }
        }
        self
    }
}

/// Where something stands.
#[derive(Debug, Clone, Copy)]
struct Position {
    /// Nothing behind it must match.
    is_last: bool,
    /// It is repeated without bounds, by itself.
    is_repeated: bool,
}

impl Position {
    const LAST: Self = Self {
        is_last: true,
        is_repeated: false,
    };
}

struct Walk<'a> {
    text: &'a str,
    flags: Set,
    found: Vec<Difference>,
}

impl Walk<'_> {
    fn find(&mut self, difference: Difference) {
        if !self.found.contains(&difference) {
            self.found.push(difference);
        }
    }

    fn visit(&mut self, ast: &Ast, at: Position) {
        match ast {
            Ast::Empty(_) | Ast::ClassUnicode(_) => {}
            Ast::Flags(flags) => self.set(&flags.flags),
            Ast::Literal(literal) => self.literal(literal),
            Ast::Dot(_) => self.any_character(at),
            Ast::Assertion(assertion) => self.assertion(assertion),
            Ast::ClassPerl(_) => self.find(Difference::Unicode),
            Ast::ClassBracketed(class) => self.class(class, at),
            Ast::Repetition(one) => self.repetition(one, at),
            Ast::Group(group) => {
                let before = self.flags;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.set(flags);
                }
                self.visit(&group.ast, at);
                self.flags = before;
            }
            Ast::Alternation(branches) => {
                // A flag in one branch is in force in those behind it.
                for branch in &branches.asts {
                    self.visit(branch, at);
                }
            }
            Ast::Concat(all) => self.sequence(&all.asts, at),
        }
    }

    fn set(&mut self, flags: &Flags) {
        let crlf = FlagsItemKind::Flag(Flag::CRLF);
        if flags.items.iter().any(|item| item.kind == crlf) {
            self.find(Difference::Escape);
        }
        self.flags = self.flags.with(flags);
        // The crate passes over every space of Unicode there, and PCRE over those of ASCII.
        if self.flags.spaced
            && self
                .text
                .chars()
                .any(|c| !c.is_ascii() && c.is_whitespace())
        {
            self.find(Difference::Unicode);
        }
    }

    fn sequence(&mut self, all: &[Ast], at: Position) {
        // Flags are read from the front, so each is visited in order; where the needed ones end is found from behind.
        let nullable = all.iter().rev().take_while(|ast| is_nullable(ast));
        let needed = all.len() - nullable.count();
        for (index, ast) in all.iter().enumerate() {
            if at.is_last && index >= needed && !is_flags(ast) {
                self.left_out(ast);
                continue;
            }
            let here = Position {
                is_last: at.is_last && index + 1 == needed,
                is_repeated: false,
            };
            let (before, behind) = (index.checked_sub(1).map(|at| &all[at]), all.get(index + 1));
            match ast {
                Ast::Assertion(one) if is_word_boundary(one) && is_fixed(before, behind) => {}
                Ast::Assertion(one)
                    if one.kind == AssertionKind::EndLine && self.takes_newlines(before) => {}
                Ast::Repetition(one) => {
                    self.possessive(one, &all[index + 1..], here);
                    self.repetition(one, here);
                }
                ast => self.visit(ast, here),
            }
        }
    }

    /// What may be missing at the end: only what PCRE repeats the last byte of makes a difference there, and what it gives up on.
    fn left_out(&mut self, ast: &Ast) {
        let inner = match ast {
            Ast::Repetition(one) => &one.ast,
            ast => ast,
        };
        let mut aside = Walk {
            text: self.text,
            flags: self.flags,
            found: Vec::new(),
        };
        aside.visit(inner, Position::LAST);
        if aside.found.contains(&Difference::Backtracking) {
            self.find(Difference::Backtracking);
        }
        if let Ast::Repetition(one) = ast
            && matches!(&*one.ast, Ast::Literal(literal) if !literal.c.is_ascii() && literal.kind == LiteralKind::Verbatim)
        {
            self.find(Difference::Bytes);
        }
    }

    fn literal(&mut self, literal: &Literal) {
        if literal.kind == LiteralKind::Special(SpecialLiteralKind::VerticalTab) {
            self.find(Difference::Escape);
        }
        if is_code(literal) && !literal.c.is_ascii() {
            self.find(Difference::Bytes);
        }
        let folds = matches!(literal.c, 'k' | 'K' | 's' | 'S') || !literal.c.is_ascii();
        if self.flags.any_case && folds {
            self.find(Difference::Unicode);
        }
    }

    fn any_character(&mut self, at: Position) {
        if !at.is_last && !at.is_repeated {
            self.find(Difference::Bytes);
        }
    }

    fn assertion(&mut self, assertion: &Assertion) {
        match assertion.kind {
            AssertionKind::EndLine if !self.flags.any_line => self.find(Difference::FinalNewline),
            AssertionKind::WordBoundary | AssertionKind::NotWordBoundary => {
                self.find(Difference::Unicode);
            }
            AssertionKind::StartLine
            | AssertionKind::EndLine
            | AssertionKind::StartText
            | AssertionKind::EndText => {}
            _ => self.find(Difference::Escape),
        }
    }

    fn class(&mut self, class: &ClassBracketed, at: Position) {
        let source = &self.text[class.span.start.offset..class.span.end.offset];
        if begins_with_a_range_of_brackets(source) {
            self.find(Difference::Class);
        }
        if self.flags.spaced && source.contains([' ', '\t', '#']) {
            self.find(Difference::Class);
        }
        if is_everything(source) {
            return self.any_character(at);
        }
        if class.negated {
            self.any_character(at);
        }
        self.class_set(&class.kind, class.negated, at);
        if self.flags.any_case && !class.negated && folds(source) {
            self.find(Difference::Unicode);
        }
    }

    fn class_set(&mut self, set: &ClassSet, negated: bool, at: Position) {
        match set {
            ClassSet::BinaryOp(_) => self.find(Difference::Class),
            ClassSet::Item(item) => self.class_item(item, negated, at),
        }
    }

    fn class_item(&mut self, item: &ClassSetItem, negated: bool, at: Position) {
        match item {
            ClassSetItem::Bracketed(_) => self.find(Difference::Class),
            ClassSetItem::Perl(_) => self.find(Difference::Unicode),
            ClassSetItem::Union(union) => {
                for item in &union.items {
                    self.class_item(item, negated, at);
                }
            }
            ClassSetItem::Literal(literal) => {
                if literal.kind == LiteralKind::Special(SpecialLiteralKind::VerticalTab) {
                    self.find(Difference::Escape);
                }
                // A single letter's bytes, repeated, are that letter again.
                let is_itself = at.is_repeated && !negated;
                if !literal.c.is_ascii() && !is_itself {
                    self.find(Difference::Bytes);
                }
            }
            ClassSetItem::Range(range) => {
                if !range.end.c.is_ascii() {
                    self.find(Difference::Bytes);
                }
            }
            ClassSetItem::Ascii(class) => {
                if class.negated {
                    self.any_character(at);
                }
            }
            ClassSetItem::Empty(_) | ClassSetItem::Unicode(_) => {}
        }
    }

    fn repetition(&mut self, one: &Repetition, at: Position) {
        let source = &self.text[one.op.span.start.offset..one.op.span.end.offset];
        if source.contains(' ') {
            self.find(Difference::Spaces);
        }
        if least(one) == 0 && is_assertion(&one.ast) {
            return;
        }
        if at.is_last && least(one) == 0 {
            return self.left_out(&Ast::Repetition(Box::new(one.clone())));
        }
        if let Ast::Literal(literal) = &*one.ast
            && !literal.c.is_ascii()
            && !(at.is_last && matches!(one.op.kind, RepetitionKind::OneOrMore))
        {
            self.find(Difference::Bytes);
        }
        if let Ast::Group(group) = &*one.ast
            && !at.is_last
            && is_unbounded(one)
            && is_ambiguous(&group.ast)
        {
            self.find(Difference::Backtracking);
        }
        let inner = Position {
            // Of `x+` at the end one is enough.
            is_last: at.is_last && least(one) == 1,
            is_repeated: is_unbounded(one) && least(one) < 2,
        };
        self.visit(&one.ast, inner);
    }

    /// `x*+`: nothing is given back in PCRE. In the crate it is repeated again, which gives back.
    fn possessive(&mut self, outer: &Repetition, behind: &[Ast], at: Position) {
        let Ast::Repetition(inner) = &*outer.ast else {
            return;
        };
        if !matches!(outer.op.kind, RepetitionKind::OneOrMore) || at.is_last {
            return;
        }
        let is_same = is_unbounded(inner) && {
            let source = &self.text[inner.ast.span().start.offset..inner.ast.span().end.offset];
            behind
                .first()
                .is_some_and(|next| cannot_begin(source, next))
        };
        if !is_same {
            self.find(Difference::Possessive);
        }
    }

    /// Whether what stands before `$` takes a newline as well, so that it makes no difference where the path ends.
    fn takes_newlines(&self, before: Option<&Ast>) -> bool {
        let one = match before {
            Some(Ast::Group(group)) => return self.takes_newlines(Some(&group.ast)),
            Some(Ast::Concat(all)) => return self.takes_newlines(all.asts.last()),
            Some(Ast::Repetition(one)) => one,
            _ => return false,
        };
        let takes = match &*one.ast {
            Ast::Dot(_) => self.flags.dot_is_all,
            ast => {
                let source = &self.text[ast.span().start.offset..ast.span().end.offset];
                regex::Regex::new(source).is_ok_and(|class| class.is_match("\n"))
            }
        };
        takes && is_unbounded(one)
    }
}
