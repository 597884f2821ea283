//! Telling a record: as it happens and long after, for people and for programs, always the same way.

use jiff::Timestamp;
use serde_json::json;

use super::{OutputFormat, output};
use crate::journal::{Event, Record, RunDirectory, RunState, StepNo};
use crate::plan::WaysChange;
use crate::render;
use crate::script::Sources;

/// What a person sees of a record, if it deserves a line; `state` is the run after it.
pub(super) fn told(directory: &RunDirectory, record: &Record, state: &RunState) -> Option<String> {
    if let Event::Raised(raised) = &record.event {
        let folder = state.sources_folder();
        let text = |name: &str| Sources::stored_text(directory, &folder, name);
        return render::uncaught(raised, state.left_last(), text, output::color());
    }
    render::record_line(record, state)
}

/// A record as a line for programs.
pub(super) fn line(record: &Record) -> String {
    serde_json::to_string(record).expect("records are plain data")
}

/// How far a step is, as a line for programs. Told apart from a record by its one key: a record has none called `progress`.
pub(super) fn progress_line(step: Option<StepNo>, text: &str) -> String {
    let progress = json!({ "at": Timestamp::now(), "step": step, "text": text });
    json!({ "progress": progress }).to_string()
}

/// Where the ways back of a plan change, as a line for programs, told apart in the same way.
pub(super) fn ways_back_line(change: &WaysChange) -> String {
    json!({ "ways_back": change }).to_string()
}

/// The last words of a run: on standard output, unless that is for records alone.
pub(super) fn last_words(format: OutputFormat, text: &str) {
    match format {
        OutputFormat::Text => output::data(text),
        OutputFormat::Ndjson => output::people(text),
    }
}
