//! How a server is reached: what there is at its address, and what it shows of itself when TLS is spoken there.

/// What there is at a server's address.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Address {
    /// A server without TLS, `http://`.
    Plain,
    /// A server with TLS, `https://`.
    Tls(Tls),
    /// `https://`, where what is said stands in place of TLS.
    InPlaceOfTls,
    /// A port that is taken and on which nobody listens.
    Refused,
    /// A name that no resolver can look up.
    Unresolvable,
    /// An address to which no machine has a way.
    Unroutable,
    /// A server whose queue of connections is full, and which takes none out of it.
    Full,
}

/// A server's side of TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tls {
    pub(crate) certificate: Certificate,
    /// What it agrees to speak inside.
    pub(crate) speaks: Speaks,
    /// Whether it speaks nothing newer than TLS 1.2.
    pub(crate) is_old: bool,
    /// Whether it wants a certificate of the client too.
    pub(crate) wants_certificate: bool,
}

/// A good certificate, HTTP/1.1 and any version of TLS.
pub(crate) const TLS: Tls = Tls {
    certificate: Certificate::Good,
    speaks: Speaks::Http1,
    is_old: false,
    wants_certificate: false,
};

/// What a server shows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Certificate {
    /// For `127.0.0.1`, valid, by the authority that the client is told of. All others differ from it in one thing.
    Good,
    Expired,
    NotYetValid,
    /// For another address and another name.
    OtherHost,
    /// For no host at all: the address is in the common name alone, where nobody looks any more.
    NameInSubject,
    /// By an authority of which the client knows nothing.
    OtherIssuer,
    SelfSigned,
    /// By an intermediate authority, which the server leaves out.
    WithoutIntermediate,
    /// By an intermediate authority, which has expired.
    ExpiredIntermediate,
    /// For clients, not for servers.
    ForClients,
}

/// What is agreed upon by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http1,
    Http2,
    /// Nothing: the server does not know ALPN.
    Whatever,
}
