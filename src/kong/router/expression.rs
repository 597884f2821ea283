//! Expressions, in the two ways in which Kong understands them: PCRE over bytes, and the crate `regex` over characters.
//!
//! PCRE's part is played by `regex` over bytes, which means the same for what both take, and by `fancy-regex` for look-around,
//! back-references and possessive repetitions. What neither of them takes for the same is not judged.

use regex::bytes;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

use crate::kong::routes::{Difference, Fit, fit};

/// How much of a path is left behind what an expression takes, as Kong 2 asks for it.
const REST: &str = "uri_postfix";

/// Whose expressions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Those of Kong 2, and of `traditional`.
    Pcre,
    /// Those of `traditional_compatible`.
    Characters,
}

/// An expression in a path.
#[derive(Debug)]
pub(super) struct Expression {
    engine: Engine,
    /// Texts that stand in every path that it matches.
    demanded: Vec<Vec<u8>>,
}

/// What evaluates an expression.
#[derive(Debug)]
pub(super) enum Engine {
    Bytes(bytes::Regex),
    Characters(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

impl Expression {
    /// The expression of a path, without its `~`; the error says why there is none.
    pub(super) fn of_path(text: &str, dialect: Dialect) -> Result<Self, String> {
        let given = match dialect {
            // Anchored as a whole, and behind it Kong's group for the rest: in `/a|/b` it belongs to the second branch.
            Dialect::Pcre => format!(r"\A(?:{text}(?P<{REST}>.*))"),
            // `^` holds the first branch alone.
            Dialect::Characters => format!("^{}", text.replace("?<", "?P<")),
        };
        let engine = Engine::of(&given, text, dialect)?;
        let demanded = match engine {
            Engine::Backtracking(_) => Vec::new(),
            _ => demanded(&given, dialect),
        };
        Ok(Self { engine, demanded })
    }

    /// The longest text that stands in every path that it matches; empty if none is known.
    pub(super) fn demanded(&self) -> &[u8] {
        let longest = self.demanded.iter().max_by_key(|text| text.len());
        longest.map(Vec::as_slice).unwrap_or_default()
    }

    /// How much of a path it takes, if it matches.
    pub(super) fn taken(&self, path: &[u8]) -> Option<usize> {
        // Most do not match, which is found out sooner without an engine.
        let has = |text: &Vec<u8>| path.windows(text.len()).any(|window| window == text);
        if !self.demanded.iter().all(has) {
            return None;
        }
        let text = || str::from_utf8(path).ok();
        // Where the group for the rest is in another branch, Kong takes what it takes without a path: the slash.
        let before = |rest: Option<usize>| rest.map_or(1, |rest| path.len() - rest);
        match &self.engine {
            Engine::Bytes(regex) => {
                let found = regex.captures(path)?;
                Some(before(found.name(REST).map(|rest| rest.len())))
            }
            Engine::Backtracking(regex) => {
                let found = regex.captures(text()?).ok()??;
                Some(before(found.name(REST).map(|rest| rest.as_str().len())))
            }
            // What is found may stand anywhere: its length is what counts, and of nothing Kong makes the slash.
            Engine::Characters(regex) => Some(regex.find(text()?)?.len().max(1)),
        }
    }
}

impl Engine {
    /// The expression of a header's value, which may stand anywhere in it.
    pub(super) fn of_header(text: &str, dialect: Dialect) -> Result<Self, String> {
        Self::of(text, text, dialect)
    }

    /// Whether it is found in a value.
    pub(super) fn is_in(&self, value: &str) -> bool {
        match self {
            Self::Bytes(regex) => regex.is_match(value.as_bytes()),
            Self::Characters(regex) => regex.is_match(value),
            Self::Backtracking(regex) => regex.is_match(value).unwrap_or(false),
        }
    }

    fn of(given: &str, text: &str, dialect: Dialect) -> Result<Self, String> {
        if dialect == Dialect::Characters {
            let regex = regex::Regex::new(given);
            return regex
                .map(Self::Characters)
                .map_err(|error| last_line(&error.to_string()));
        }
        let by = match fit(text) {
            Fit::Same => Vec::new(),
            Fit::Different { by } => by,
            Fit::Rejected { .. } => return Self::backtracking(given),
        };
        let unlike = [Difference::Class, Difference::Escape, Difference::Spaces];
        if let Some(difference) = by.iter().find(|difference| unlike.contains(difference)) {
            return Err(format!("not as in PCRE here: {difference}"));
        }
        if by.contains(&Difference::Possessive) {
            return Self::backtracking(given);
        }
        let regex = bytes::RegexBuilder::new(given).unicode(false).build();
        regex
            .map(Self::Bytes)
            .map_err(|error| last_line(&error.to_string()))
    }

    fn backtracking(given: &str) -> Result<Self, String> {
        let regex = fancy_regex::Regex::new(given);
        regex
            .map(Self::Backtracking)
            .map_err(|error| last_line(&error.to_string()))
    }
}

/// The texts that stand in every path that `given` matches, as far as that can be told from it.
fn demanded(given: &str, dialect: Dialect) -> Vec<Vec<u8>> {
    let is_unicode = dialect == Dialect::Characters;
    let parser = ParserBuilder::new().unicode(is_unicode).utf8(false).build();
    let mut texts = Vec::new();
    if let Ok(hir) = { parser }.parse(given) {
        collect(&hir, &mut texts);
    }
    texts
}

fn collect(hir: &Hir, texts: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Literal(literal) => texts.push(literal.0.to_vec()),
        HirKind::Capture(group) => collect(&group.sub, texts),
        HirKind::Repetition(one) if one.min > 0 => collect(&one.sub, texts),
        HirKind::Concat(all) => all.iter().for_each(|one| collect(one, texts)),
        _ => {}
    }
}

/// The engines draw what they do not understand, and say in the last line why.
fn last_line(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
