//! What a change set needs leave for, one by one; what lets code run apart, since no glob grants that.

use serde::Serialize;

use super::{
    ChangeSet, Changed, Content, ContentChange, Mode, Presence, Reference, Setting, SettingsChange,
    SettingsKind, Stated, Subject, Touched,
};
use crate::kong::conf::{executes_code, executes_code_as, key_of_variable};

/// Something that needs leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// What.
    #[serde(flatten)]
    pub subject: Subject,
    /// Why code may run by it, as the end of a sentence that begins with it; `None` where it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// Variables by which programs are told to load code, and what they do.
const VARIABLES: [(&str, &str); 12] = [
    ("LD_PRELOAD", LOADED),
    ("LD_LIBRARY_PATH", LOADED),
    ("LD_AUDIT", LOADED),
    ("GCONV_PATH", LOADED),
    ("OPENSSL_CONF", LOADED),
    ("OPENSSL_MODULES", LOADED),
    ("OPENSSL_ENGINES", LOADED),
    ("LUA_PATH", LOADED),
    ("LUA_CPATH", LOADED),
    ("LUA_INIT", "is Lua that is run first"),
    ("PATH", "says where programs are looked for"),
    ("BASH_ENV", "names a script that shells run first"),
];

/// What most of them do.
const LOADED: &str = "says which libraries are loaded, or from where";

/// Endings of files that hold nothing that is run. Others may: a script, Lua, a library, a configuration that includes one.
const INERT: [&str; 6] = ["pem", "crt", "cer", "key", "txt", "md"];

/// Everything that needs leave, in the order of the change set.
#[must_use]
pub fn needs(set: &ChangeSet) -> Vec<Need> {
    let mut needs = Vec::new();
    for change in &set.settings {
        let settings = change.change.iter().map(|setting| Need {
            subject: Subject::Setting {
                location: change.file.location.clone(),
                name: setting.name.clone(),
            },
            code: code_of_setting(change, setting),
        });
        if change.file.presence != Presence::Stays {
            needs.push(whole(&change.file, None));
        }
        needs.extend(settings);
        needs.extend(attributes(&change.file));
    }
    for change in &set.template {
        let code = Some(
            "is what nginx's configuration is made of, which may load modules, include files and hold Lua",
        );
        needs.push(whole(&change.file, code));
        needs.extend(attributes(&change.file));
    }
    for change in &set.content {
        if change.before.is_some() || change.after.is_some() {
            needs.push(whole(&change.file, code_of_file(change)));
        }
        needs.extend(attributes(&change.file));
    }
    needs
}

/// A file as a whole, with its mode where it is added.
fn whole(file: &Touched, code: Option<&'static str>) -> Need {
    let mode = file
        .mode
        .as_ref()
        .filter(|_| file.presence == Presence::Added);
    let location = file.location.clone();
    Need {
        subject: Subject::File { location },
        code: code.or_else(|| mode.and_then(code_of_mode)),
    }
}

/// The mode and the owner of a file that stays; those of others belong to the whole.
fn attributes(file: &Touched) -> impl Iterator<Item = Need> {
    let stays = (file.presence == Presence::Stays).then_some(file);
    let location = || file.location.clone();
    let mode = stays.and_then(|file| file.mode.as_ref()).map(|mode| Need {
        subject: Subject::Mode {
            location: location(),
        },
        code: code_of_mode(mode),
    });
    let owner = stays.and_then(|file| file.owner.as_ref()).map(|_| Need {
        subject: Subject::Owner {
            location: location(),
        },
        code: None,
    });
    mode.into_iter().chain(owner)
}

/// Why a mode lets code run.
pub(super) fn code_of_mode(mode: &Changed<Mode>) -> Option<&'static str> {
    let runs = mode.after.is_some_and(Mode::runs);
    runs.then_some("lets the file be executed")
}

/// Why a setting lets code run.
pub(super) fn code_of_setting(change: &SettingsChange, setting: &Setting) -> Option<&'static str> {
    let name = setting.name.as_str();
    let key = match change.kind {
        SettingsKind::KongConf => Some(name.to_owned()),
        SettingsKind::EnvironmentFile | SettingsKind::Unit => key_of_variable(name),
    };
    let by_name = match key {
        Some(key) => match &setting.after {
            Some(Stated::Plain(text)) => executes_code_as(&key, text),
            // What a secret will say, nobody knows; and what is taken away may be a sandbox.
            Some(Stated::Secret(_)) | None => executes_code(&key),
        },
        None => code_of_variable(name),
    };
    by_name.or_else(|| match &setting.after {
        Some(Stated::Secret(secret)) => code_of_reference(secret.reference.as_ref()),
        _ => None,
    })
}

fn code_of_variable(name: &str) -> Option<&'static str> {
    // `LUA_PATH_5_1` is read before `LUA_PATH`.
    let is_named =
        |known: &str| name == known || (known.starts_with("LUA_") && name.starts_with(known));
    let mut variables = VARIABLES.iter();
    variables
        .find(|(known, _)| is_named(known))
        .map(|(_, why)| *why)
}

/// Why a file lets code run.
pub(super) fn code_of_file(change: &ContentChange) -> Option<&'static str> {
    if let Some(Content::Secret { reference, .. }) = &change.after
        && let Some(why) = code_of_reference(reference.as_ref())
    {
        return Some(why);
    }
    let is_inert = INERT.contains(&change.file.location.extension().as_str());
    (!is_inert).then_some("may be run, or say what is run")
}

fn code_of_reference(reference: Option<&Reference>) -> Option<&'static str> {
    let is_command = matches!(reference, Some(Reference::Command(_)));
    is_command.then_some("has its secret printed by a program")
}
