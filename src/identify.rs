//! Who is calling and what for: the client's address, the route, the credential. Takes heads apart and decides
//! nothing about admission; the checks above do.

pub mod client_ip;
pub mod credential;
pub mod facts;
pub mod route;
