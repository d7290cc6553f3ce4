mod align;
mod casts;
mod constants;
mod layouts;
mod partition;
mod random;
mod size;
mod transforms;
