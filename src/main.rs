//! The `sidegate` command.

/// Gives memory back when callers have gone; see `docs/decisions/0010-the-allocator.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sidegate::cli::main()
}
