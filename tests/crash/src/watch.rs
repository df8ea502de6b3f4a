//! A process whose operations on one folder are recorded, and fail at will.
//!
//! The process is traced (ptrace(2)): it stops before and after each of its system calls, whoever makes them. A library that is
//! loaded before others (`LD_PRELOAD`) would need `unsafe`, and would not see all: the database renames through a crate that
//! calls the system by itself. The recording is exact: bytes as they were handed over, places as the system
//! tells them, and the lines that the process tells in their order among the operations.
//!
//! Cost: two stops a system call, of some 5 us each. Needs a Linux that lets a process trace its children.

mod call;
mod files;
mod registers;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use std::{fs, io};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::Trouble;
use crate::child::Task;
use crate::disk::{Image, Operation};
use crate::story::Story;
use call::{Call, Process};
use files::Files;
use registers::Registers;

/// The longest that a watched process may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Operations of a kind, which are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Writing, making longer, making a file or a folder: what takes room.
    Room,
    /// Making a file or a folder: what takes an entry of the file system's table of files.
    Name,
    /// Whatever changes anything, syncing included.
    Change,
    /// Syncing a file or a folder.
    Sync,
    /// Reading.
    Read,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operations of which one is hit.
    pub kind: Kind,
    /// Which of them, from 1.
    pub number: u64,
    /// Whether all later ones are hit too.
    pub for_ever: bool,
    /// What happens to it.
    pub harm: Harm,
}

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It fails: input or output.
    Io,
    /// It fails: no space left.
    NoSpace,
    /// It fails: the file system is read-only.
    ReadOnly,
    /// One bit of what was read, by its number modulo the bits, is turned over.
    Flip(u64),
}

impl Harm {
    const fn errno(self) -> Option<Errno> {
        match self {
            Self::Io => Some(Errno::EIO),
            Self::NoSpace => Some(Errno::ENOSPC),
            Self::ReadOnly => Some(Errno::EROFS),
            Self::Flip(_) => None,
        }
    }
}

/// What a process did.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The folder as it was before.
    pub before: Image,
    /// What it did there, and what it told.
    pub operations: Vec<Operation>,
    /// Operations that were hit.
    pub hits: u64,
    /// Its exit code; nothing if a signal ended it.
    pub code: Option<i32>,
}

/// Runs a process to its end, watching what it does in a folder. It is let go by a line on its standard input.
///
/// # Errors
/// If it cannot be traced, does what is not understood, or takes too long.
pub fn watch(mut command: Command, folder: &Path, fault: Option<Fault>) -> Result<Recording, Trouble> {
    let before = Image::read(folder)?;
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let leader = Pid::from_raw(i32::try_from(child.id()).map_err(|error| Trouble::Watch(error.to_string()))?);
    // Ends the process, not the tracer, if it is stuck.
    let (ended, wait) = channel::<()>();
    let dog = thread::spawn(move || {
        let stuck = wait.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
        if stuck {
            kill(leader, Signal::SIGKILL).unwrap_or_default();
        }
        stuck
    });
    let mut tracer = Tracer {
        leader,
        threads: HashMap::new(),
        files: Files::new(folder, &before),
        process: Process::open(leader)?,
        fault,
        counted: 0,
        hits: 0,
    };
    let watched = tracer.attach().and_then(|()| {
        let mut gate = child.stdin.take().ok_or_else(|| Trouble::Watch("no standard input".to_owned()))?;
        io::Write::write_all(&mut gate, b"\n")?;
        tracer.run()
    });
    if watched.is_err() {
        kill(leader, Signal::SIGKILL).unwrap_or_default();
    }
    drop(ended);
    let stuck = dog.join().unwrap_or(true);
    let code = watched?;
    if stuck {
        return Err(Trouble::Watch(format!("the process took more than {} s", LIMIT.as_secs())));
    }
    Ok(Recording { before, operations: tracer.files.operations, hits: tracer.hits, code })
}

/// Tells whether this system lets a process trace its children, by a process of this program that does nothing.
///
/// # Errors
/// If the process cannot be started.
pub fn is_allowed(program: Command) -> Result<bool, Trouble> {
    // It waits for a line that never comes, so that it is there to be held.
    let nothing = Task { folder: PathBuf::new(), story: Story::default(), memtable_bytes: 0, last: 0 };
    let mut child = nothing.give(program).stdout(Stdio::null()).spawn()?;
    let leader = Pid::from_raw(i32::try_from(child.id()).map_err(|error| Trouble::Watch(error.to_string()))?);
    let seized = ptrace::seize(leader, Options::empty());
    child.kill()?;
    child.wait()?;
    Ok(seized.is_ok())
}

struct Tracer {
    leader: Pid,
    /// The threads, and the call in which each is.
    threads: HashMap<Pid, Option<Entered>>,
    files: Files,
    process: Process,
    fault: Option<Fault>,
    /// Operations of the fault's kind so far.
    counted: u64,
    hits: u64,
}

/// A call between its two stops.
struct Entered {
    call: Option<Call>,
    /// How many operations had ended when it began.
    since: usize,
    /// The registers as the process had set them, if the call was made to fail.
    spoilt: Option<(Registers, Errno)>,
    /// One bit of what it reads is turned over.
    flip: Option<u64>,
}

impl Tracer {
    /// Takes hold of every thread that the process has; it waits for a line meanwhile.
    ///
    /// Each is stopped until all are found: one that is held in the middle of starting another has that one neither held nor listed.
    fn attach(&mut self) -> Result<(), Trouble> {
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
        let mut stopped = Vec::new();
        loop {
            let mut is_new = false;
            for entry in fs::read_dir(format!("/proc/{}/task", self.leader))? {
                let Some(thread) = entry?.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid::from_raw)
                else {
                    continue;
                };
                if self.threads.contains_key(&thread) {
                    continue;
                }
                match ptrace::seize(thread, options) {
                    Ok(()) => {
                        ptrace::interrupt(thread).map_err(|errno| failed("interrupt", errno))?;
                        stopped
                            .push(waitpid(thread, Some(WaitPidFlag::__WALL)).map_err(|errno| failed("wait", errno))?);
                    }
                    // Made by a thread that is held already, and so held from its start.
                    Err(Errno::EPERM) if self.is_held(thread) => {}
                    Err(errno) => return Err(failed("seize", errno)),
                }
                self.threads.insert(thread, None);
                is_new = true;
            }
            if !is_new {
                break;
            }
        }
        stopped.into_iter().try_for_each(|status| match status {
            WaitStatus::PtraceEvent(thread, _, _) => go_on(thread, None),
            WaitStatus::Stopped(thread, signal) => go_on(thread, Some(signal)),
            other => Err(Trouble::Watch(format!("not stopped when it was held: {other:?}"))),
        })
    }

    /// Tells whether a thread of the process is traced.
    fn is_held(&self, thread: Pid) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/task/{thread}/status", self.leader)).unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    }

    /// Goes from stop to stop until the process ends.
    fn run(&mut self) -> Result<Option<i32>, Trouble> {
        loop {
            // Of this thread's tracees only, as other tests may have children too.
            let status = waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD));
            let (thread, signal) = match status.map_err(|errno| failed("wait", errno))? {
                WaitStatus::Exited(thread, code) if thread == self.leader => return Ok(Some(code)),
                WaitStatus::Signaled(thread, _, _) if thread == self.leader => return Ok(None),
                WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, _, _) => {
                    self.threads.remove(&thread);
                    continue;
                }
                WaitStatus::PtraceSyscall(thread) => {
                    let stopped = self.stop(thread);
                    // A thread that was killed in the middle has no memory any more.
                    if Registers::of(thread).is_ok() {
                        stopped?;
                    }
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, _) => (thread, None),
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Continued(_) | WaitStatus::StillAlive => continue,
            };
            go_on(thread, signal)?;
        }
    }

    fn stop(&mut self, thread: Pid) -> Result<(), Trouble> {
        let registers = Registers::of(thread).map_err(|errno| failed("registers", errno))?;
        match self.threads.remove(&thread).flatten() {
            // The end of a call that began before the thread was held.
            None if !registers.is_before() => drop(self.threads.insert(thread, None)),
            None => {
                let entered = self.enter(thread, &registers)?;
                self.threads.insert(thread, Some(entered));
            }
            Some(entered) => {
                self.leave(thread, registers, entered)?;
                self.threads.insert(thread, None);
            }
        }
        Ok(())
    }

    fn enter(&mut self, thread: Pid, registers: &Registers) -> Result<Entered, Trouble> {
        let call = Call::read(registers, &self.process, &self.files)?;
        if let Some(Call::Close { descriptor }) = &call {
            // Before the system can give the number to what another thread opens.
            self.files.close(*descriptor);
        }
        let mut entered = Entered { call, since: self.files.operations.len(), spoilt: None, flip: None };
        let harm = entered.call.as_ref().and_then(|call| self.harm(call));
        match harm {
            None => {}
            Some(Harm::Flip(bit)) => entered.flip = Some(bit),
            Some(harm) => {
                if let Some(errno) = harm.errno() {
                    // A call that cannot succeed takes its place.
                    let mut spoilt = *registers;
                    spoilt.spoil();
                    spoilt.put(thread).map_err(|errno| failed("registers", errno))?;
                    entered.spoilt = Some((*registers, errno));
                }
            }
        }
        Ok(entered)
    }

    /// Counts the call if it is of the fault's kind, and returns what happens to it.
    fn harm(&mut self, call: &Call) -> Option<Harm> {
        let fault = self.fault?;
        if !call.is(fault.kind, &self.files) {
            return None;
        }
        self.counted += 1;
        let is_hit = self.counted == fault.number || (fault.for_ever && self.counted > fault.number);
        self.hits += u64::from(is_hit);
        is_hit.then_some(fault.harm)
    }

    fn leave(&mut self, thread: Pid, mut registers: Registers, entered: Entered) -> Result<(), Trouble> {
        let mut result = registers.result();
        if let Some((asked, errno)) = entered.spoilt {
            result = -i64::from(errno as i32);
            registers.restore(&asked, result);
            registers.put(thread).map_err(|errno| failed("registers", errno))?;
        }
        let Some(call) = entered.call else { return Ok(()) };
        if let (Some(bit), Call::Read { to, .. }, Ok(length @ 1..)) = (entered.flip, &call, u64::try_from(result)) {
            self.process.flip(*to, bit % (length * 8))?;
        }
        self.files.happen(call, result, entered.since, &self.process)
    }
}

/// Lets a thread go to its next stop, with a signal that it was about to get.
fn go_on(thread: Pid, signal: Option<Signal>) -> Result<(), Trouble> {
    match ptrace::syscall(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(failed("continue", errno)),
    }
}

fn failed(what: &str, errno: Errno) -> Trouble {
    Trouble::Watch(format!("{what}: {errno:?}"))
}
