//! A change set as a person reads it: file by file, what was there and what is to be there, and what of it lets code run.
//!
//! All text of files loses what could play with a terminal.

use std::fmt::{self, Write as _};

use super::need::{code_of_file, code_of_mode, code_of_setting};
use super::shown::lines;
use super::{
    ChangeSet, Content, ContentChange, Customisation, Held, Layout, Presence, Setting,
    SettingsChange, Stated, TemplateChange, Touched,
};

/// What stands before what lets code run.
const CODE: &str = "    ! code may run: it ";

/// A change set in words. Secrets are told to be secrets.
#[must_use]
pub fn review(set: &ChangeSet) -> String {
    let mut out = format!(
        "change set from Kong {} to {}\n",
        set.kong.before, set.kong.after
    );
    if set.is_empty() {
        out.push_str("\nnothing is changed\n");
    }
    for change in &set.settings {
        settings(&mut out, change);
    }
    for change in &set.template {
        template(&mut out, change);
    }
    for change in &set.content {
        file(&mut out, change);
    }
    out
}

fn settings(out: &mut String, change: &SettingsChange) {
    touched(out, &change.file);
    for setting in &change.change {
        out.push_str(&line(setting));
        code(out, code_of_setting(change, setting));
    }
    if change.layout == Layout::Differs {
        out.push_str(
            "  (comments or the order of lines were changed too, which is not carried over)\n",
        );
    }
}

fn line(setting: &Setting) -> String {
    let Setting {
        name,
        before,
        after,
    } = setting;
    let missing =
        |stated: &Stated| matches!(stated, Stated::Secret(secret) if secret.reference.is_none());
    let note = match after {
        Some(after) if missing(after) => " (nobody has said yet where it is to be had)",
        _ => "",
    };
    match (before, after) {
        (Some(before), Some(after)) if before == after => {
            format!("  {name}: {after}, written so that both versions read it\n")
        }
        (before, after) => format!(
            "  {name}: {} → {}{note}\n",
            side(before.as_ref()),
            side(after.as_ref())
        ),
    }
}

fn side(stated: Option<&Stated>) -> String {
    stated.map_or_else(|| "nothing".to_owned(), Stated::to_string)
}

fn template(out: &mut String, change: &TemplateChange) {
    touched(out, &change.file);
    for (when, side) in [("before", &change.before), ("after", &change.after)] {
        let Some(Customisation { release, diff, .. }) = side else {
            continue;
        };
        let name = &change.template;
        let short = release.short();
        let heading = format!("{when}, against the release's own `{name}` ({short})");
        out.push_str(&lines(&heading, "  "));
        if diff.is_empty() {
            out.push_str("    nothing\n");
        }
        out.push_str(&lines(diff, "    "));
    }
    if change.after.is_some() {
        code(out, Some("is what nginx's configuration is made of"));
    }
}

fn file(out: &mut String, change: &ContentChange) {
    touched(out, &change.file);
    if change.before.is_none() && change.after.is_none() {
        return;
    }
    if let Some(Held::Secret(_)) = &change.before {
        out.push_str("  its content before is a secret\n");
    }
    match &change.after {
        None => {}
        Some(Content::Text { text, .. }) => {
            out.push_str("  its content is to be\n");
            out.push_str(&lines(text, "    | "));
        }
        Some(Content::Diff { diff, .. }) => out.push_str(&lines(diff, "    ")),
        Some(Content::Binary { digest, base64 }) => {
            let bytes = base64.trim_end_matches('=').len() * 3 / 4;
            say(
                out,
                format_args!(
                    "  its content is to be {bytes} bytes that are no text, SHA-256 {digest}\n"
                ),
            );
        }
        Some(Content::Secret {
            reference: None, ..
        }) => {
            out.push_str(
                "  its content is to be a secret (nobody has said yet where it is to be had)\n",
            );
        }
        Some(Content::Secret {
            reference: Some(reference),
            ..
        }) => say(
            out,
            format_args!("  its content is to be a secret from {reference}\n"),
        ),
    }
    if change.after.is_some() {
        code(out, code_of_file(change));
    }
}

fn touched(out: &mut String, file: &Touched) {
    let presence = match file.presence {
        Presence::Stays => "",
        Presence::Added => " (added)",
        Presence::Removed => " (taken away)",
    };
    say(out, format_args!("\n{}{presence}\n", file.location));
    let mode = file
        .mode
        .as_ref()
        .map(|mode| ("mode", told(mode.before), told(mode.after)));
    let owner = file.owner.as_ref().map(|owner| {
        (
            "owner",
            told(owner.before.as_ref()),
            told(owner.after.as_ref()),
        )
    });
    for (what, before, after) in mode.into_iter().chain(owner) {
        say(out, format_args!("  {what}: {before} → {after}\n"));
    }
    code(out, file.mode.as_ref().and_then(code_of_mode));
}

fn told(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
}

fn code(out: &mut String, why: Option<&str>) {
    if let Some(why) = why {
        out.extend([CODE, why, "\n"]);
    }
}

fn say(out: &mut String, what: fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a text takes everything");
}
