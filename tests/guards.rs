//! What no compiler checks and every change must keep: layers, sizes, names, where clocks and the environment are
//! read, and that the documents say what the code does.
//!
//! Each guard is a pure function from text to findings, with tests of its own that show it can fail; one test per
//! guard then feeds it the real tree. A finding says what to do about it.

#[cfg(test)]
#[path = "guards/docs.rs"]
mod docs;
#[cfg(test)]
#[path = "guards/layers.rs"]
mod layers;
#[cfg(test)]
#[path = "guards/places.rs"]
mod places;
#[cfg(test)]
#[path = "guards/shape.rs"]
mod shape;
#[cfg(test)]
#[path = "guards/text.rs"]
mod text;
#[cfg(test)]
#[path = "guards/tree.rs"]
mod tree;
#[cfg(test)]
#[path = "guards/yaml.rs"]
mod yaml;
