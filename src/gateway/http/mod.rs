//! A request, its answer, and what an answer must be, as plain data.

mod answer;
mod differences;
mod expectation;
mod place;
mod request;
mod wanted;

pub use answer::{HttpAnswer, ServerCertificate};
pub use differences::{Difference, differences, is_secret_header};
pub use expectation::{CertificateWanted, Expectation, StatusWanted};
pub use place::{Reach, at};
pub use request::{
    Body, HttpRequest, HttpVersion, Login, MultipartPart, OneOrMore, SecretText, Text,
};
pub use wanted::{Predicate, Wanted};
