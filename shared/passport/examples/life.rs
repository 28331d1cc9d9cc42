//! Writes `LIFE.md` as the catalogue has it: `cargo run -q -p passport --example life > shared/passport/LIFE.md`.

#![allow(clippy::print_stdout, reason = "it is there to print")]

fn main() {
    print!("{}", passport::life(passport::catalogue()));
}
