//! Rows from one session to another, without one of them being looked at in between.

use std::pin::pin;

use futures_util::{SinkExt as _, StreamExt as _};

use super::super::session::Session;

/// Gives what `read`, a `COPY … TO STDOUT`, answers to `write`, a `COPY … FROM STDIN` of the same format.
pub(super) async fn pipe(
    from: &Session,
    read: &str,
    to: &Session,
    write: &str,
) -> Result<(), tokio_postgres::Error> {
    let mut rows = pin!(from.copy_out(read).await?);
    let mut sink = pin!(to.copy_in(write).await?);
    while let Some(bytes) = rows.next().await {
        sink.feed(bytes?).await?;
    }
    sink.finish().await.map(drop)
}
