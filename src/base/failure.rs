//! What goes wrong in the world while a request is served: the app, the network, the caller's connection, ourselves.
//! Policy verdicts are `check::Deny`; wrong config is `config::Problem`.

/// A failure of the world during one request. Closed: every use matches all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The app refused the connection or its address cannot be reached.
    UpstreamConnect,
    /// No connection to the app within `connect_timeout`.
    UpstreamConnectTimeout,
    /// All upstream connections are busy and the waiting room is full.
    UpstreamOverloaded,
    /// The app did not send a response head within `timeout`.
    UpstreamTimeout,
    /// The app closed or reset the connection before it answered.
    UpstreamReset,
    /// The app sent something that is no valid HTTP response.
    UpstreamProtocol,
    /// The caller's body stopped before its declared end, or broke its framing.
    ClientBody,
    /// The caller's body was too slow: idle, under the slowest rate, or not whole in time.
    ClientBodyTimeout,
    /// The body turned out larger than allowed while it streamed.
    ClientBodyTooLarge,
    /// The space for buffered bodies is used up.
    BufferFull,
    /// The caller went away before an answer could be given.
    ClientGone,
    /// A panic or an impossible state in the gate itself.
    Internal,
}

/// Where a failure arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The app or the way to it.
    Upstream,
    /// The caller or the way to it.
    Client,
    /// The gate itself.
    Gate,
}

impl Failure {
    /// Where it arose.
    pub fn origin(self) -> Origin {
        match self {
            Self::UpstreamConnect
            | Self::UpstreamConnectTimeout
            | Self::UpstreamOverloaded
            | Self::UpstreamTimeout
            | Self::UpstreamReset
            | Self::UpstreamProtocol => Origin::Upstream,
            Self::ClientBody | Self::ClientBodyTimeout | Self::ClientBodyTooLarge | Self::ClientGone => {
                Origin::Client
            }
            Self::BufferFull | Self::Internal => Origin::Gate,
        }
    }

    /// The stable word for metrics, audit lines and logs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::UpstreamConnect => "upstream_connect",
            Self::UpstreamConnectTimeout => "upstream_connect_timeout",
            Self::UpstreamOverloaded => "upstream_overloaded",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamReset => "upstream_reset",
            Self::UpstreamProtocol => "upstream_protocol",
            Self::ClientBody => "client_body",
            Self::ClientBodyTimeout => "client_body_timeout",
            Self::ClientBodyTooLarge => "client_body_too_large",
            Self::BufferFull => "buffer_full",
            Self::ClientGone => "client_gone",
            Self::Internal => "internal",
        }
    }

    /// All failures, for metric series and documentation.
    pub const ALL: [Self; 12] = [
        Self::UpstreamConnect,
        Self::UpstreamConnectTimeout,
        Self::UpstreamOverloaded,
        Self::UpstreamTimeout,
        Self::UpstreamReset,
        Self::UpstreamProtocol,
        Self::ClientBody,
        Self::ClientBodyTimeout,
        Self::ClientBodyTooLarge,
        Self::BufferFull,
        Self::ClientGone,
        Self::Internal,
    ];

    /// The HTTP status the caller gets, when one can still be sent.
    pub fn status(self) -> u16 {
        match self {
            Self::UpstreamConnect | Self::UpstreamReset | Self::UpstreamProtocol => 502,
            Self::UpstreamOverloaded | Self::BufferFull => 503,
            Self::UpstreamConnectTimeout | Self::UpstreamTimeout => 504,
            Self::ClientBody | Self::ClientGone => 400,
            Self::ClientBodyTimeout => 408,
            Self::ClientBodyTooLarge => 413,
            Self::Internal => 500,
        }
    }
}
