//! All that `build/` makes is made here, also what the crate makes with the feature `mock` only.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(feature, values(\"mock\"))");
    println!("cargo::rustc-cfg=feature=\"mock\"");
}
