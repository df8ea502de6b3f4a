//! Ends of the process and of the disk that the durable state survives. Those of the disk need a Linux that lets a process trace
//! its children, on x86-64 or aarch64; elsewhere they are skipped.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic, on small figures")]

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod cuts;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod failures;
mod kills;
mod program;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod rot;

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[test]
fn ends_of_the_disk_are_skipped_here() {
    eprintln!("skipped: power cuts, failing disks and flipped bits need Linux on x86-64 or aarch64");
}
