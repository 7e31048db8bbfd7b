//! The `sidegate` command.

fn main() -> std::process::ExitCode {
    sidegate::cli::main()
}
