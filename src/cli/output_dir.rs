//! `--output-dir`: manifests as files, one for each template that rendered something.

use super::print;
use crate::diag::{Diag, codes};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

pub struct OutputDir {
    dir: PathBuf,
    /// What this run has begun; the next document of the same template is added to it.
    begun: BTreeSet<PathBuf>,
}

impl OutputDir {
    pub fn new(dir: &Path, release: Option<&str>) -> Self {
        let dir = match release {
            Some(name) => dir.join(name),
            None => dir.to_owned(),
        };
        // As Go's `filepath.Join` shows it.
        OutputDir {
            dir: dir.components().filter(|part| *part != Component::CurDir).collect(),
            begun: BTreeSet::new(),
        }
    }

    /// Writes a document of a template, and prints that it did.
    ///
    /// # Errors
    /// The path leads out of the directory, or the system refuses.
    #[expect(clippy::disallowed_methods, reason = "a command's output goes to the disk")]
    pub fn write(&mut self, source: &str, text: &str) -> Result<(), Box<Diag>> {
        let inside = Path::new(source);
        let path = self.dir.join(inside);
        let refused = |why: String| {
            let message = format!("cannot write `{}`: {why}", path.display());
            Box::new(
                Diag::error(codes::CHART_FLAG, message).help("name another directory after `--output-dir`"),
            )
        };
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(refused("the template's path leads out of the directory".to_owned()));
        }
        let whole = format!("---\n# Source: {source}\n{text}\n");
        let written = if self.begun.contains(&path) {
            std::fs::OpenOptions::new()
                .append(true)
                .open(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, whole.as_bytes()))
        } else {
            let parent = path.parent().unwrap_or(&self.dir);
            std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, whole))
        };
        written.map_err(|error| refused(error.to_string()))?;
        print(&format!("wrote {}\n", path.display()));
        self.begun.insert(path);
        Ok(())
    }
}
