//! What is sent behind the headers, or in the query: `-d` and its kin, `--json`, `-G`, `--url-query`.

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::Refusal;
use super::form::FormPart;
use super::options::{Followed, flag, valued};
use super::shell::Word;
use super::value::Value;

/// The body of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// None; not even an empty one.
    #[default]
    Nothing,
    /// Pieces of data, one behind the other.
    Data(Vec<Data>),
    /// A form in several parts.
    Form(Vec<FormPart>),
}

/// A piece of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// What it says.
    pub content: DataContent,
    /// Whether it is of `--json`, before which no `&` stands.
    pub json: bool,
}

/// What a piece of data says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataContent {
    /// As it was given.
    Text(Value),
    /// Percent-encoded; the name, where there is one, is not.
    Encoded {
        /// What stands before `=`.
        name: Option<Value>,
        /// What is encoded.
        value: Value,
    },
    /// What a file has in it.
    File(Value),
    /// What a file has in it, without ends of lines and zero bytes.
    FileWithoutNewlines(Value),
    /// What a file has in it, percent-encoded.
    EncodedFile {
        /// What stands before `=`.
        name: Option<Value>,
        /// The file.
        path: Value,
    },
}

pub(super) const OPTIONS: &[Followed] = &[
    valued("data")
        .or('d')
        .takes(|draft, word| read_data(draft, word, DataContent::FileWithoutNewlines)),
    valued("data-ascii")
        .takes(|draft, word| read_data(draft, word, DataContent::FileWithoutNewlines)),
    valued("data-binary").takes(|draft, word| read_data(draft, word, DataContent::File)),
    valued("data-raw").takes(|draft, word| {
        push(draft, word, DataContent::Text(word.value.clone()));
        Ok(())
    }),
    valued("data-urlencode").takes(|draft, word| {
        let content = encoded(&word.value)?;
        push(draft, word, content);
        Ok(())
    }),
    flag("get").or('G').switches(|draft, on| draft.get = on),
    valued("json").takes(|draft, word| {
        let content = text_or_file(&word.value, DataContent::File)?;
        draft.data.push(Data {
            content,
            json: true,
        });
        draft.last_body = Some(word.clone());
        Ok(())
    }),
    valued("url-query").takes(|draft, word| {
        let content = match word.value.strip_prefix("+") {
            Some(plain) => DataContent::Text(plain),
            None => encoded(&word.value)?,
        };
        draft.command.query.push(Data {
            content,
            json: false,
        });
        Ok(())
    }),
];

fn push(draft: &mut Draft, word: &Word, content: DataContent) {
    draft.data.push(Data {
        content,
        json: false,
    });
    draft.last_body = Some(word.clone());
}

fn read_data(
    draft: &mut Draft,
    word: &Word,
    file: fn(Value) -> DataContent,
) -> Result<(), Refusal> {
    let content = text_or_file(&word.value, file)?;
    push(draft, word, content);
    Ok(())
}

fn text_or_file(value: &Value, file: fn(Value) -> DataContent) -> Result<DataContent, Refusal> {
    match value.strip_prefix("@") {
        Some(path) => Ok(file(path_of_file(path)?)),
        None => Ok(DataContent::Text(value.clone())),
    }
}

/// `value`, `=value`, `name=value`, `@file` or `name@file`.
fn encoded(value: &Value) -> Result<DataContent, Refusal> {
    let named = |name: Value| Some(name).filter(|name| !name.is_empty());
    if let Some((name, value)) = value.split_once('=') {
        return Ok(DataContent::Encoded {
            name: named(name),
            value,
        });
    }
    if let Some((name, path)) = value.split_once('@') {
        return Ok(DataContent::EncodedFile {
            name: named(name),
            path: path_of_file(path)?,
        });
    }
    Ok(DataContent::Encoded {
        name: None,
        value: value.clone(),
    })
}

/// The path behind an `@`.
pub(super) fn path_of_file(path: Value) -> Result<Value, Refusal> {
    match path.as_text() {
        Some("-" | "/dev/stdin") => Err(Refusal::new(
            "reads standard input, which a check does not have",
            "write the text itself, or `@FILE`",
        )),
        Some("") => Err(Refusal::new(
            "names no file",
            "write the file's path behind `@`",
        )),
        _ => Ok(path),
    }
}
