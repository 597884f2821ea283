//! `practice`: small files, for trying out playbooks.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::call;
use crate::primitive::{Intent, Remove, Write};
use crate::script::child::{text_argument, values_argument};

#[export_module]
pub(super) mod practice {
    /// Writes a text to one or several small files in a directory of cutover's own, for trying out playbooks.
    ///
    /// # Needs
    /// `practice.write`
    /// # Effect
    /// The files `STORAGE/practice/NAME` hold the text.
    /// # Undo
    /// Each file gets back the text it had, or is removed.
    /// # On resume
    /// A file that holds the text is done; any other is written.
    /// # Errors
    /// `practice.name`: the name could lead out of the directory. `practice.write`: the file cannot be written.
    /// # Example
    /// ```rhai
    /// practice::write(["one", "two"], "hello");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn write(
        context: NativeCallContext,
        files: Dynamic,
        text: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let files = values_argument(files);
        let files = files
            .iter()
            .map(|file| text_argument("a file", file))
            .collect::<Result<_, _>>()?;
        call(
            &context,
            Intent::Write(Write {
                files,
                text: text.to_owned(),
            }),
        )
    }

    /// Removes one of those files.
    ///
    /// # Needs
    /// `practice.remove`
    /// # Effect
    /// The file `STORAGE/practice/NAME` is not there.
    /// # Undo
    /// The file gets back the text it had.
    /// # On resume
    /// A file that is not there is done.
    /// # Errors
    /// `practice.name`: the name could lead out of the directory. `practice.write`: the file cannot be removed.
    /// # Example
    /// ```rhai
    /// practice::remove("one");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn remove(context: NativeCallContext, file: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        call(
            &context,
            Intent::Remove(Remove {
                file: file.to_owned(),
            }),
        )
    }
}
