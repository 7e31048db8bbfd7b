//! placeholder
pub mod client_ip { 
 //! placeholder
 /// placeholder
 #[derive(Clone, Copy, Debug)]
 pub struct Client { /// ip
 pub ip: std::net::IpAddr, /// trusted
 pub peer_trusted: bool } }
