//! A body that is announced and never sent: whether the server would take it.
//!
//! Source: RFC 9110, 10.1.1. A server that would refuse the request for what its head says answers at once; one that wants the body says
//! `100 Continue`, and has nothing to pass on yet.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::stream::{Pending, pending};
use http_body_util::{Either, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Request, StatusCode};
use tokio::sync::Notify;
use url::Url;

use crate::gateway::{HttpAnswer, ServerCertificate};

/// The body of a request: whole, or one that never comes.
pub(super) type Outgoing =
    Either<Full<Bytes>, StreamBody<Pending<Result<Frame<Bytes>, Infallible>>>>;

/// A body that is whole.
pub(super) fn whole(bytes: Bytes) -> Outgoing {
    Either::Left(Full::new(bytes))
}

/// A body that never comes.
pub(super) fn never() -> Outgoing {
    Either::Right(StreamBody::new(pending()))
}

/// Is told when the server wants the body of `request`.
pub(super) fn wanted(request: &mut Request<Outgoing>) -> Arc<Notify> {
    let wanted = Arc::new(Notify::new());
    let told = Arc::clone(&wanted);
    hyper::ext::on_informational(request, move |answer| {
        if answer.status() == StatusCode::CONTINUE {
            told.notify_one();
        }
    });
    wanted
}

/// The answer of a server that wants the body.
pub(super) fn would_take(url: &Url, certificate: Option<ServerCertificate>) -> HttpAnswer {
    HttpAnswer {
        url: url.to_string(),
        status: StatusCode::CONTINUE.as_u16(),
        version: "1.1".to_owned(),
        headers: std::collections::BTreeMap::new(),
        body: String::new(),
        bytes: 0,
        milliseconds: 0,
        redirects: 0,
        certificate,
    }
}
