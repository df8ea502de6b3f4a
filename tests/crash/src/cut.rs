//! Power cuts: what a process did to its disk is recorded once, and the power goes at many points of the recording.

use std::process::Command;

use crate::check::{Told, check};
use crate::child::Task;
use crate::dice::Dice;
use crate::disk::{Disk, Image, Left, Operation};
use crate::model::Model;
use crate::story::Story;
use crate::watch::{Fault, Recording, watch};
use crate::{Tally, Trouble};

/// A story on a disk whose power goes again and again.
#[derive(Debug)]
pub struct Cuts {
    model: Model,
    memtable_bytes: u64,
    dice: Dice,
    /// What the disk holds, and what was told until it came to hold that.
    image: Image,
    told: Told,
    tally: Tally,
}

impl Cuts {
    /// Begins a story on an empty disk.
    pub fn new(story: Story, memtable_bytes: u64) -> Self {
        Self {
            model: Model::new(story),
            memtable_bytes,
            dice: Dice::new(story.seed),
            image: Image::default(),
            told: Told::default(),
            tally: Tally::default(),
        }
    }

    /// Takes a disk, and what was told until it came to hold that.
    pub fn begin_with(&mut self, image: Image, told: Told) {
        (self.image, self.told) = (image, told);
    }

    /// Returns what was told until the disk came to hold what it does.
    pub const fn told(&self) -> &Told {
        &self.told
    }

    /// Lets a process commit so many blocks on the disk as the last power cut left it.
    ///
    /// # Errors
    /// If it cannot be watched.
    pub fn record(&self, program: Command, blocks: u64, fault: Option<Fault>) -> Result<Recording, Trouble> {
        let folder = tempfile::tempdir()?;
        self.image.write(folder.path())?;
        let task = Task {
            folder: folder.path().to_owned(),
            story: self.model.story,
            memtable_bytes: self.memtable_bytes,
            last: self.told.committed.unwrap_or(0) + blocks,
        };
        watch(task.give(program), folder.path(), fault)
    }

    /// Cuts the power at points of a recording, which are numbers of operations that have ended, and checks what is left; findings
    /// are counted.
    ///
    /// # Errors
    /// What hinders the test.
    pub fn cut(&mut self, recording: &Recording, mut points: Vec<usize>) -> Result<(), Trouble> {
        points.sort_unstable();
        let mut disk = Disk::new(&recording.before).0;
        let mut told = self.told.clone();
        let mut happened = 0;
        for point in points {
            advance(&mut disk, &mut told, &recording.operations[happened..point]);
            happened = point;
            let left = Left::ALL[self.dice.place(Left::ALL.len())];
            let image = disk.cut(left, &mut self.dice);
            let found = self.check(&image, &told).map(drop);
            if found.is_err() {
                eprintln!("power cut after operation {point} of {}, {left:?} left", recording.operations.len());
            }
            self.tally.count(found)?;
        }
        Ok(())
    }

    /// Leaves the disk as a power cut at some point of a recording leaves it, for the next process.
    pub fn leave(&mut self, recording: &Recording) {
        let point = self.dice.place(recording.operations.len() + 1);
        let mut disk = Disk::new(&recording.before).0;
        advance(&mut disk, &mut self.told, &recording.operations[..point]);
        self.image = disk.cut(Left::Sectors, &mut self.dice);
    }

    /// Throws so many points: any, or one just before or behind an operation that orders others.
    pub fn points(&mut self, recording: &Recording, count: u64) -> Vec<usize> {
        (0..count).map(|_| self.point(&recording.operations)).collect()
    }

    /// Opens a disk and checks it.
    ///
    /// # Errors
    /// What is lost or half, or hinders the test.
    pub fn check(&mut self, image: &Image, told: &Told) -> Result<u64, Trouble> {
        let folder = tempfile::tempdir()?;
        image.write(folder.path())?;
        check(folder.path(), &mut self.model, self.memtable_bytes, told).map(|(head, _)| head)
    }

    fn point(&mut self, operations: &[Operation]) -> usize {
        let from = self.dice.place(operations.len() + 1);
        if self.dice.coin() {
            return from;
        }
        let orders = |operation: &Operation| {
            !matches!(operation, Operation::Wrote { .. } | Operation::Cut { .. } | Operation::Told(_))
        };
        let behind = operations[from..].iter().position(orders).map_or(operations.len(), |place| from + place);
        (behind + self.dice.place(2)).min(operations.len())
    }

    /// Returns what was found so far.
    pub const fn tally(&self) -> Tally {
        self.tally
    }
}

/// Lets operations happen to a disk, and hears what is told meanwhile.
pub fn advance(disk: &mut Disk, told: &mut Told, operations: &[Operation]) {
    for operation in operations {
        disk.happen(operation);
        if let Operation::Told(line) = operation {
            told.hear(line);
        }
    }
}
