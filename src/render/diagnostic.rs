//! Findings about a playbook, with the line they are about.

use std::fmt::{self, Write as _};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity as Level, SourceCode,
};

use super::{clean, clean_lines};
use crate::journal::{Place, Raised};
use crate::playbook::{Diagnostic, Severity};

/// One finding with the text that it is about, as miette wants it.
#[derive(Debug)]
pub struct Excerpt {
    finding: Diagnostic,
    source: NamedSource<String>,
    offset: usize,
    length: usize,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&clean_lines(&self.finding.message))
    }
}

impl std::error::Error for Excerpt {}

impl miette::Diagnostic for Excerpt {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(clean(&self.finding.code)))
    }

    fn severity(&self) -> Option<Level> {
        Some(match self.finding.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding
            .help
            .as_ref()
            .map(|help| Box::new(clean_lines(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.finding.phase.as_ref().map_or_else(
            || "here".to_owned(),
            |phase| format!("in the phase `{}`", clean(phase)),
        );
        Some(Box::new(std::iter::once(LabeledSpan::new(
            Some(label),
            self.offset,
            self.length,
        ))))
    }
}

/// Renders findings, each with its line; `text` gives the text of a source by its name.
pub fn diagnostics(
    findings: &[Diagnostic],
    text: impl Fn(&str) -> Option<String>,
    color: bool,
) -> String {
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_links(false);
    let mut rendered = String::new();
    for finding in findings {
        let source = clean_lines(&text(&finding.source).unwrap_or_default());
        let (offset, length) = span(&source, finding);
        let source = NamedSource::new(format!("{}.rhai", finding.source), source);
        let excerpt = Excerpt {
            finding: finding.clone(),
            source,
            offset,
            length,
        };
        // Writing to a string does not fail.
        let _ = handler.render_report(&mut rendered, &excerpt);
    }
    rendered
}

/// Renders what a playbook did not catch, with the line that it came from and the calls that led there. Nothing where its place
/// is not known.
pub fn uncaught(
    raised: &Raised,
    left_last: Option<&str>,
    text: impl Fn(&str) -> Option<String>,
    color: bool,
) -> Option<String> {
    let place = raised.place.as_ref()?;
    let line = |place: &Place| {
        let text = text(&place.source).unwrap_or_default();
        let line = text.lines().nth(place.line.saturating_sub(1) as usize);
        line.unwrap_or_default().to_owned()
    };
    // The phase that was left last is the one it came out of only if the failure passed through one.
    let out_of_phase = raised
        .through
        .iter()
        .any(|call| line(call).contains("phase("));
    let length = line(place)
        .chars()
        .skip(place.column.saturating_sub(1) as usize)
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .count();
    let finding = Diagnostic {
        code: raised.failure.code.clone(),
        severity: Severity::Error,
        message: raised.failure.message.clone(),
        source: place.source.clone(),
        line: place.line,
        column: place.column,
        length: u32::try_from(length.max(1)).unwrap_or(1),
        phase: left_last.filter(|_| out_of_phase).map(str::to_owned),
        help: raised.failure.hint.clone(),
    };
    let mut rendered = diagnostics(&[finding], &text, color);
    for call in &raised.through {
        let _ = writeln!(rendered, "  called from {call}");
    }
    Some(rendered.trim_end().to_owned())
}

/// The bytes of a finding: its place is told in characters.
fn span(source: &str, finding: &Diagnostic) -> (usize, usize) {
    // A place that the text does not have is at its end: the numbers are the script's process's own.
    let before = finding.line.saturating_sub(1) as usize;
    let line_start = match before.checked_sub(1) {
        None => 0,
        Some(last) => source
            .match_indices('\n')
            .nth(last)
            .map_or(source.len(), |(end, _)| end + 1),
    };
    let line = source[line_start..].lines().next().unwrap_or_default();
    let offset_of = |characters: u32| {
        line.char_indices()
            .nth(characters as usize)
            .map_or(line.len(), |(at, _)| at)
    };
    let begin = offset_of(finding.column.saturating_sub(1));
    let end = offset_of(
        finding
            .column
            .saturating_sub(1)
            .saturating_add(finding.length),
    );
    (line_start + begin, end.saturating_sub(begin))
}
