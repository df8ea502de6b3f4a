//! Telling somebody how far the demo is.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Is told about each task: it begins with a number of steps, advances, and ends.
pub trait Progress {
    /// A task begins; 0 steps if nobody knows how many.
    fn begin(&mut self, task: &'static str, steps: u64);
    /// Some steps are done.
    fn advance(&mut self, steps: u64);
    /// The task is done.
    fn end(&mut self);
    /// Something beside the report that a person should know.
    fn note(&mut self, text: &str);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn note(&mut self, _: &str) {}
}

/// A bar on standard error if that is a terminal, and notes there in any case.
#[derive(Debug, Default)]
pub struct Bar {
    bar: Option<ProgressBar>,
}

impl Progress for Bar {
    fn begin(&mut self, task: &'static str, steps: u64) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        let template = match steps {
            0 => "{msg:24} {human_pos}",
            _ => "{msg:24} {wide_bar} {human_pos}/{human_len} {eta:>4}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(task);
        self.bar = Some(bar);
    }

    fn advance(&mut self, steps: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(steps);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn note(&mut self, text: &str) {
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}
