//! Memory that this process holds, as the kernel counts it.

use std::fs;

/// Returns the bytes in memory now; nothing where the kernel does not tell.
pub fn bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_written_is_counted() {
        let before = super::bytes().expect("Linux tells");
        let written = vec![1_u8; 64 << 20];
        let after = super::bytes().expect("Linux tells");
        assert!(after >= before + (60 << 20), "{before} {after}");
        drop(written);
    }
}
