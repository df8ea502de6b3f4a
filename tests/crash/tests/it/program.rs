//! This test program as the child of its tests.

use std::process::Command;

use florin_crash::child::Task;

/// Starts this test program as another process that runs nothing but the test below.
pub(crate) fn program() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "program::a_process_does_its_task", "--nocapture", "--test-threads=1"]);
    command
}

/// The child of the other tests; by itself it has no task.
#[test]
fn a_process_does_its_task() {
    if let Some(task) = Task::of_this_process() {
        task.perform().unwrap();
    }
}

/// Tells whether processes can be watched here; says so if a test is skipped for it.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn can_watch() -> bool {
    let allowed = florin_crash::watch::is_allowed(program()).unwrap();
    if !allowed {
        eprintln!("skipped: this system does not let a process trace its children (ptrace)");
    }
    allowed
}
