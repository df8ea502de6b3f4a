//! Operations on lists of weights (economy E33), on integers, for contracts and for whoever checks them.
//!
//! Weights are ratios in ppm. Guarantees results in ppm, each rounded down once, and typed errors in place of panics:
//! nothing here depends on the order of a map or on a machine's floating point.
//!
//! - [`normalize`]: by sum, by maximum, by minimum and maximum.
//! - [`matrix`]: rows of weights, checked once.
//! - [`consensus`]: mean, median, maximum and minimum over lists of one length.
//! - [`select`]: decay, clip, the top k.
//! - [`weighted`]: what holders of stake agree on about one miner.
//! - [`sparse`]: from places to lists and back.
//! - [`z_score`]: distances from the mean in standard deviations, in fixed point.

pub mod consensus;
pub mod matrix;
pub mod normalize;
pub mod select;
pub mod sparse;
pub mod weighted;
pub mod z_score;

pub use consensus::{Consensus, ShapeError, consensus};
pub use matrix::{MatrixError, WeightMatrix};
pub use normalize::{by_max, by_min_max, by_sum};
pub use select::{ClipError, clip, decay, top_k};
pub use sparse::{PlaceError, to_dense, to_sparse};
pub use weighted::{Voice, weighted_median, weighted_score};
pub use z_score::by_z_score;
