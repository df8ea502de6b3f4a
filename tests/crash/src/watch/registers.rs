//! Where a system call's number, arguments and result stand, on each processor.

use nix::errno::Errno;
use nix::libc::user_regs_struct;
use nix::sys::ptrace;
use nix::unistd::Pid;

/// The registers of a stopped thread.
#[derive(Clone, Copy)]
pub(super) struct Registers(user_regs_struct);

impl Registers {
    pub(super) fn of(thread: Pid) -> Result<Self, Errno> {
        ptrace::getregs(thread).map(Self)
    }

    pub(super) fn put(&self, thread: Pid) -> Result<(), Errno> {
        ptrace::setregs(thread, self.0)
    }
}

#[cfg(target_arch = "x86_64")]
impl Registers {
    pub(super) const fn number(&self) -> u64 {
        self.0.orig_rax
    }

    /// Tells whether the thread stands before the call, where the system puts the error of a call that does not exist.
    pub(super) const fn is_before(&self) -> bool {
        self.result() == -(nix::libc::ENOSYS as i64)
    }

    pub(super) const fn argument(&self, index: usize) -> u64 {
        match index {
            0 => self.0.rdi,
            1 => self.0.rsi,
            2 => self.0.rdx,
            3 => self.0.r10,
            _ => self.0.r8,
        }
    }

    /// Makes the call one that cannot succeed: a descriptor or a path that is none, at either place.
    pub(super) const fn spoil(&mut self) {
        self.0.rdi = u64::MAX;
        self.0.rsi = 0;
    }

    pub(super) const fn result(&self) -> i64 {
        self.0.rax.cast_signed()
    }

    /// Sets the result, and the arguments as the process had set them.
    pub(super) const fn restore(&mut self, asked: &Self, result: i64) {
        self.0.rdi = asked.0.rdi;
        self.0.rsi = asked.0.rsi;
        self.0.rax = result.cast_unsigned();
    }
}

#[cfg(target_arch = "aarch64")]
impl Registers {
    pub(super) const fn number(&self) -> u64 {
        self.0.regs[8]
    }

    /// Tells whether the thread stands before the call: the system shows it in a register that calls do not use.
    pub(super) const fn is_before(&self) -> bool {
        self.0.regs[7] == 0
    }

    pub(super) const fn argument(&self, index: usize) -> u64 {
        self.0.regs[if index < 6 { index } else { 5 }]
    }

    /// Makes the call one that cannot succeed: a descriptor or a path that is none, at either place.
    pub(super) const fn spoil(&mut self) {
        self.0.regs[0] = u64::MAX;
        self.0.regs[1] = 0;
    }

    pub(super) const fn result(&self) -> i64 {
        self.0.regs[0].cast_signed()
    }

    /// Sets the result, which stands where the first argument stood, and the second argument as the process had set it.
    pub(super) const fn restore(&mut self, asked: &Self, result: i64) {
        self.0.regs[1] = asked.0.regs[1];
        self.0.regs[0] = result.cast_unsigned();
    }
}
