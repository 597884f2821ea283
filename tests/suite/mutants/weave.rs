//! Puts every mutant of a source file into its text at once, each behind a question, so that one build holds them all.

use std::ops::Range;

use super::table::Mutant;

/// What the questions ask. The file is read before a process confines itself, since a confined one can read nothing.
pub(super) const CHOICE: &str = r#"//! Which mutant this process is: the one whose name is in the file `chosen`, or none.

use std::sync::OnceLock;

static CHOSEN: OnceLock<String> = OnceLock::new();

/// Reads the file.
pub fn choose() {
    is("");
}

/// Whether this process is that mutant.
pub fn is(name: &str) -> bool {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/chosen");
    CHOSEN.get_or_init(|| std::fs::read_to_string(file).unwrap_or_default()) == name
}
"#;

/// The text with all `mutants` in it, or what is wrong with one of them.
pub(super) fn weave(text: &str, mutants: &[Mutant]) -> Result<String, String> {
    let mut places: Vec<(Range<usize>, Vec<&Mutant>)> = Vec::new();
    for mutant in mutants {
        let range = place(text, mutant)?;
        match places.iter_mut().find(|(other, _)| *other == range) {
            Some((_, there)) => there.push(mutant),
            None => places.push((range, vec![mutant])),
        }
    }
    places.sort_by_key(|(range, _)| range.start);
    let mut woven = String::new();
    let mut done = 0;
    for (range, there) in places {
        if range.start < done {
            return Err(format!("`{}` overlaps another mutant", there[0].name));
        }
        woven.push_str(&text[done..range.start]);
        woven.push_str(&choice(&text[range.clone()], &there));
        done = range.end;
    }
    woven.push_str(&text[done..]);
    Ok(woven)
}

/// What a mutant replaces.
fn place(text: &str, mutant: &Mutant) -> Result<Range<usize>, String> {
    let find = &mutant.find;
    let (before, replaced) = match (find.split_once('⟦'), find.split_once('⟧')) {
        (Some((before, rest)), Some(_)) => {
            (before, rest.split_once('⟧').map_or(rest, |parts| parts.0))
        }
        _ => ("", find.as_str()),
    };
    let whole = find.replace(['⟦', '⟧'], "");
    let mut found = text.match_indices(&whole);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => {
            let start = at + before.len();
            Ok(start..start + replaced.len())
        }
        (None, _) => Err(format!("the text of `{}` is not there", mutant.name)),
        (Some(_), Some(_)) => Err(format!("the text of `{}` is there twice", mutant.name)),
    }
}

/// What stands in the place of `original`. An expression is bracketed, or what follows it would belong to the last branch.
fn choice(original: &str, mutants: &[&Mutant]) -> String {
    let mut text = String::new();
    for Mutant { name, put, .. } in mutants {
        text.extend(["if crate::mutant::is(\"", name, "\") { ", put, " } else "]);
    }
    text.extend(["{ ", original, " }"]);
    if original.trim_end().ends_with([';', '}']) {
        text
    } else {
        format!("({text})")
    }
}
