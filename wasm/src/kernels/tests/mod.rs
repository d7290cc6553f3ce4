mod align;
mod casts;
mod constants;
mod layouts;
mod partition;
pub mod random;
mod size;
mod transforms;
