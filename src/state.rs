//! placeholder
pub mod replay { 
 //! placeholder
 /// placeholder
 #[derive(Debug)]
 pub struct Reservation; impl Reservation { /// commit
 pub fn commit(self, _now: crate::base::clock::Mono) {} } }
