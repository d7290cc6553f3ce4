mod align;
mod casts;
mod layouts;
mod partition;
mod random;
mod size;
mod transforms;
