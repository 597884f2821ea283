//! A command while its options are read, and what becomes of it at the end: which method, which body, and whether it fits together.

use super::address;
use super::body::{Body, Data, DataContent};
use super::command::CurlCommand;
use super::error::{CurlError, Refusal};
use super::form::FormPart;
use super::head::{Header, HeaderValue};
use super::headers;
use super::shell::Word;
use super::value::Value;

/// A command of which more is to come.
pub(super) struct Draft {
    pub(super) command: CurlCommand,
    /// The word `curl` itself, where nothing else is to blame.
    program: Word,
    pub(super) urls: Vec<Word>,
    /// What is put before a URL that has no scheme.
    pub(super) default_scheme: &'static str,
    /// Whether braces and brackets in the URL mean themselves.
    pub(super) literal_url: bool,
    /// What `-X` says.
    pub(super) method: Option<String>,
    /// Whether the data belongs to the query.
    pub(super) get: bool,
    pub(super) head: bool,
    pub(super) data: Vec<Data>,
    /// What chose the body last, which is to blame where it does not fit.
    pub(super) last_body: Option<Word>,
    pub(super) form: Vec<FormPart>,
}

impl Draft {
    pub(super) fn new(program: Word) -> Self {
        Self {
            command: CurlCommand::default(),
            program,
            urls: Vec::new(),
            default_scheme: "http",
            literal_url: false,
            method: None,
            get: false,
            head: false,
            data: Vec::new(),
            last_body: None,
            form: Vec::new(),
        }
    }

    /// The command, now that all of it is known.
    pub(super) fn finish(mut self) -> Result<CurlCommand, CurlError> {
        self.check_methods()?;
        self.command.url = self.url()?;
        let own = if self.head {
            "HEAD"
        } else if self.get || (self.data.is_empty() && self.form.is_empty()) {
            "GET"
        } else {
            "POST"
        };
        self.command.method = self.method.take().unwrap_or_else(|| own.to_owned());
        if self.data.iter().any(|data| data.json) {
            self.add_header("Content-Type");
            self.add_header("Accept");
        }
        if self.get {
            self.command.query.extend(self.data);
        } else if !self.form.is_empty() {
            self.command.body = Body::Form(self.form);
        } else if !self.data.is_empty() {
            self.command.body = Body::Data(self.data);
        }
        Ok(self.command)
    }

    /// A header that `--json` brings along, unless it was given.
    fn add_header(&mut self, name: &str) {
        if !self.command.head.says(name) {
            self.command.head.headers.push(Header {
                name: name.to_owned(),
                value: HeaderValue::Sent(Value::from("application/json")),
            });
        }
    }

    fn url(&self) -> Result<Value, CurlError> {
        let word = match &self.urls[..] {
            [] => {
                return Err(self
                    .program
                    .refused(Refusal::new("has no URL", "paste the whole command line")));
            }
            [word] => word,
            [_, second, ..] => {
                let refusal = Refusal::new(
                    "is a second URL",
                    "paste one command line for each; a value with blanks stands in quotes",
                );
                return Err(second.refused(refusal));
            }
        };
        let url = address::complete(&word.value, self.default_scheme, self.literal_url);
        url.map_err(|refusal| word.refused(refusal))
    }

    /// What is wrong where options contradict each other, of which curl says the most too.
    fn check_methods(&self) -> Result<(), CurlError> {
        let blame = self.last_body.as_ref().unwrap_or(&self.program);
        let has_form = !self.form.is_empty();
        let has_body = !self.data.is_empty() && !self.get;
        let choices = [has_form, has_body, self.head];
        let chosen = choices.into_iter().filter(|chosen| *chosen).count();
        if chosen > 1 || (self.get && has_form) {
            return Err(blame.refused(Refusal::new(
                "does not go together with the rest: `-I`, `-F` and data each choose a method",
                "keep one of them; `-G` puts data into the query",
            )));
        }
        let mut types = self
            .command
            .head
            .headers
            .iter()
            .filter(|header| header.is("Content-Type"));
        if has_form && !types.all(is_form) {
            return Err(blame.refused(Refusal::new(
                "is a form, and the header `Content-Type` says something else",
                "leave the header out",
            )));
        }
        if self.get && !self.data.is_empty() && !self.command.query.is_empty() {
            return Err(blame.refused(Refusal::new(
                "is put into the query by `-G`, where `--url-query` is lost",
                "write either `-G` with data or `--url-query`",
            )));
        }
        if self.get && self.data.iter().any(has_blank) {
            return Err(blame.refused(Refusal::new(
                "is put into the URL by `-G`, where no blank can stand",
                "write `--data-urlencode`",
            )));
        }
        Ok(())
    }
}

fn is_form(header: &Header) -> bool {
    match &header.value {
        HeaderValue::Sent(value) => value.beginning().starts_with(headers::FORM),
        HeaderValue::Removed => false,
    }
}

fn has_blank(data: &Data) -> bool {
    match &data.content {
        DataContent::Text(text) => text.contains(address::cannot_stand_in_url),
        _ => false,
    }
}
