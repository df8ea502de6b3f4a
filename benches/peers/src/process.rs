//! A process that answers with lines of numbers: a peer, whose rounds so take turns with ours, or a copy of this program.
//!
//! Guarantees that the process ends with its handle.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::failure::Failure;

/// A running process.
pub struct Process {
    who: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// If the system does not start it.
    pub fn start(who: &'static str, command: &mut Command) -> Result<Self, Failure> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child =
            piped.map_err(|error| Failure::Process { who, detail: format!("cannot be started: {error}") })?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Process { who, detail: "has no pipes".to_owned() });
        };
        Ok(Self { who, child, questions, answers: BufReader::new(answers) })
    }

    /// Asks and returns the numbers of the answer.
    ///
    /// # Errors
    /// If it ends, or answers anything but so many numbers.
    pub fn ask<const N: usize>(&mut self, question: &str) -> Result<[u64; N], Failure> {
        self.tell(question)?;
        self.answer()
    }

    /// Asks and does not wait for the answer.
    ///
    /// # Errors
    /// If it ended.
    pub fn tell(&mut self, question: &str) -> Result<(), Failure> {
        writeln!(self.questions, "{question}").map_err(|error| self.failed(format!("does not listen: {error}")))
    }

    /// Returns the numbers of the next line.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub fn answer<const N: usize>(&mut self) -> Result<[u64; N], Failure> {
        let mut answer = String::new();
        let read = self.answers.read_line(&mut answer);
        if read.map_err(|error| self.failed(format!("does not answer: {error}")))? == 0 {
            return Err(self.failed("ended without an answer; what it has to say stands above".to_owned()));
        }
        let numbers: Vec<u64> = answer.split_whitespace().map_while(|word| word.parse().ok()).collect();
        numbers.try_into().map_err(|_| self.failed(format!("answered `{}`", answer.trim())))
    }

    fn failed(&self, detail: String) -> Failure {
        Failure::Process { who: self.who, detail }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; that nobody waits for it any more is all that matters.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
