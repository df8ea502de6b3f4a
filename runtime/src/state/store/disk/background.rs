//! The thread that hands the batches of the log to the engine, oldest first, and removes segments that are not needed any more.
//!
//! Guarantees that the engine has the batches without a gap, and that a segment goes only when the engine has its batches on the
//! disk. What fails here stops the writer; nothing that was committed is lost, because the log has it. A writer waits while
//! too much is on its way ([`WAITING_BYTES_MAX`], [`WAITING_BATCHES_MAX`]).

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};

use super::super::StoreError;
use super::engine::Engine;
use super::layers::Layer;
use super::log::Sealed;
use super::{View, io_error};

/// The most bytes that are on their way to the engine before a writer waits.
pub(super) const WAITING_BYTES_MAX: usize = 16 << 20;

/// The most batches that are on their way to the engine before a writer waits: each of them is looked into by every read.
pub(super) const WAITING_BATCHES_MAX: usize = 16;

/// What the writer, the readers and the thread share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    /// What everybody reads: replaced, never changed.
    pub(super) view: RwLock<Arc<View>>,
    queue: Mutex<Queue>,
    /// Something in the queue has changed.
    changed: Condvar,
}

/// What is on its way.
#[derive(Default)]
struct Queue {
    /// Batches that the engine has not taken, the oldest first.
    waiting: VecDeque<Arc<Layer>>,
    bytes: usize,
    /// Segments that may go when the engine has what is in them, the oldest first.
    sealed: VecDeque<Sealed>,
    /// Nothing will be added.
    ends: bool,
    /// Why nothing more is taken.
    stopped: Option<StoreError>,
}

impl Shared {
    pub(super) fn new(engine: Engine) -> Self {
        let view = View { base: engine.database.snapshot(), layers: Vec::new() };
        Self { engine, view: RwLock::new(Arc::new(view)), queue: Mutex::default(), changed: Condvar::new() }
    }

    /// Returns the tables as the newest batch left them.
    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there is room for another batch.
    ///
    /// # Errors
    /// Why nothing more is taken.
    pub(super) fn wait_for_room(&self) -> Result<(), StoreError> {
        let is_full = |queue: &Queue| queue.bytes > WAITING_BYTES_MAX || queue.waiting.len() >= WAITING_BATCHES_MAX;
        self.wait_while(is_full)
    }

    /// Waits until the engine has every batch.
    ///
    /// # Errors
    /// Why nothing more is taken.
    pub(super) fn wait_until_taken(&self) -> Result<(), StoreError> {
        self.wait_while(|queue| !queue.waiting.is_empty() || !queue.sealed.is_empty())
    }

    fn wait_while(&self, is_busy: impl Fn(&Queue) -> bool) -> Result<(), StoreError> {
        let mut queue = self.queue();
        while queue.stopped.is_none() && is_busy(&queue) {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.stopped.clone().map_or(Ok(()), Err)
    }

    /// Shows a batch that the log has to everybody, and lets the engine have it.
    pub(super) fn add(&self, layer: Layer, sealed: Option<Sealed>) {
        let layer = Arc::new(layer);
        self.replace_view(|view| view.layers.push(Arc::clone(&layer)));
        let mut queue = self.queue();
        queue.bytes = queue.bytes.saturating_add(layer.bytes);
        queue.waiting.push_back(layer);
        queue.sealed.extend(sealed);
        self.changed.notify_all();
    }

    /// Lets a segment go when the engine has what is in it.
    pub(super) fn retire(&self, sealed: Sealed) {
        self.queue().sealed.push_back(sealed);
        self.changed.notify_all();
    }

    /// Reads the engine as it is now from here on, and no more as the last batch left it: what it has replaced since, files of tables
    /// among it, goes when nobody else looks at it.
    pub(super) fn renew_view(&self) {
        self.replace_view(|view| view.base = self.engine.database.snapshot());
    }

    /// Takes nothing more.
    pub(super) fn stop(&self, why: StoreError) {
        self.queue().stopped.get_or_insert(why);
        self.changed.notify_all();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace_view(&self, change: impl FnOnce(&mut View)) {
        let mut shared = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let mut view = View { base: shared.base.clone(), layers: shared.layers.clone() };
        change(&mut view);
        *shared = Arc::new(view);
    }
}

/// What the thread does next.
enum Task {
    Apply(Arc<Layer>),
    Remove(Sealed),
}

/// The thread, until it is told to end.
pub(super) struct Background {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts the thread. The engine has everything up to a batch.
    ///
    /// # Errors
    /// What the system says if it gives no thread.
    pub(super) fn start(shared: Arc<Shared>, number: u64) -> Result<Self, StoreError> {
        let run = {
            let shared = Arc::clone(&shared);
            move || Worker { shared, applied: number }.run()
        };
        let thread = Builder::new().name("store".to_owned()).spawn(run).map_err(|error| io_error(&error))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Lets the engine have everything that is on its way, then ends the thread.
    ///
    /// # Errors
    /// Why the engine does not have it.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        self.shared.queue().ends = true;
        self.shared.changed.notify_all();
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        let stopped = self.shared.queue().stopped.clone();
        ended.map_err(|_| StoreError::Stopped).and(stopped.map_or(Ok(()), Err))
    }
}

/// What the thread knows.
struct Worker {
    shared: Arc<Shared>,
    /// The newest batch that the engine has.
    applied: u64,
}

impl Worker {
    fn run(mut self) {
        while let Some(task) = self.next() {
            if let Err(error) = self.perform(task) {
                self.shared.stop(error);
            }
        }
    }

    /// Waits for something to do; nothing at the end.
    fn next(&self) -> Option<Task> {
        let mut queue = self.shared.queue();
        loop {
            if queue.stopped.is_some() {
                return None;
            }
            if queue.sealed.front().is_some_and(|sealed| sealed.last <= self.applied) {
                return queue.sealed.pop_front().map(Task::Remove);
            }
            if let Some(layer) = queue.waiting.front() {
                return Some(Task::Apply(Arc::clone(layer)));
            }
            if queue.ends {
                return None;
            }
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn perform(&mut self, task: Task) -> Result<(), StoreError> {
        let engine = &self.shared.engine;
        match task {
            Task::Apply(layer) => {
                engine.apply(layer.number, layer.parts())?;
                self.applied = layer.number;
                let base = engine.database.snapshot();
                self.shared.replace_view(|view| {
                    view.base = base;
                    view.layers.retain(|other| other.number > layer.number);
                });
                let mut queue = self.shared.queue();
                queue.waiting.pop_front();
                queue.bytes = queue.bytes.saturating_sub(layer.bytes);
            }
            Task::Remove(sealed) => sealed.remove()?,
        }
        self.shared.changed.notify_all();
        Ok(())
    }
}
