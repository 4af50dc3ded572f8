//! Charts as folders: walks, leaves out what `.helmignore` says, follows links.

use super::archive::{MAX_DECOMPRESSED_SIZE, MAX_FILES};
use super::ignore::Rules;
use super::{Chart, ChartError, ChartErrorKind, Place, RawFile, archive, error, loader};
use crate::source::{Entry, Opened, ReadError, World};
use std::path::Path;
use std::sync::Arc;

/// How many bytes of names may be held against how many bytes of rules, multiplied; a chart of 1,000 files may have
/// rules of 50 kB. At worst that takes two seconds.
const MAX_MATCHES: u64 = 3_000_000_000;

/// Deeper than any chart; a link that points to a folder above itself ends here.
const MAX_DEPTH: usize = 64;

pub(super) fn load(world: &dyn World, path: &Path) -> Result<Chart, ChartError> {
    if let Ok(entries) = world.list(path) {
        return load_dir(world, path, entries);
    }
    match world.read(path) {
        Ok(bytes) => {
            let mut budget = MAX_DECOMPRESSED_SIZE;
            let files = archive::read(&bytes, path, &mut budget)?;
            loader::from_files(files, path, budget)
        }
        Err(ReadError::NotFound) => Err(error::missing(path)),
        Err(why) => Err(unreadable(path, &why)),
    }
}

fn load_dir(world: &dyn World, root: &Path, entries: Vec<Entry>) -> Result<Chart, ChartError> {
    let listed = |name: &str| entries.iter().find(|e| e.name == name);
    // What is a file is read in its turn.
    if !listed("Chart.yaml").is_some_and(|e| e.is_file) {
        let chart_yaml = root.join("Chart.yaml");
        match world.read(&chart_yaml) {
            Ok(_) => {}
            Err(ReadError::NotFound) => return Err(no_chart_yaml(world, root)),
            Err(why) => return Err(unreadable(&chart_yaml, &why)),
        }
    }
    let ignore_file = root.join(".helmignore");
    let text = match listed(".helmignore").map(|_| world.read(&ignore_file)) {
        Some(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    let rules = Rules::parse(&text).map_err(|(line, why)| {
        ChartError::new(ChartErrorKind::Metadata, why).at(Place {
            path: ignore_file,
            text: Arc::from(text.as_str()),
            line,
            column: 0,
        })
    })?;
    let mut walk = Walk { world, rules, files: Vec::new(), remaining: MAX_DECOMPRESSED_SIZE, names: 0 };
    walk.folder(root, entries, "", 0)?;
    loader::from_files(walk.files, root, walk.remaining)
}

struct Walk<'a> {
    world: &'a dyn World,
    rules: Rules,
    files: Vec<RawFile>,
    remaining: u64,
    /// Bytes of all names seen.
    names: u64,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        dir: &Path,
        entries: Vec<Entry>,
        prefix: &str,
        depth: usize,
    ) -> Result<(), ChartError> {
        if depth > MAX_DEPTH {
            return Err(ChartError::new(
                ChartErrorKind::NotAChart,
                format!("folders are nested more than {MAX_DEPTH} deep at `{}`", dir.display()),
            )
            .help("is there a symbolic link to a folder above it?"));
        }
        for entry in entries {
            let name = format!("{prefix}{}", entry.name);
            let path = dir.join(&entry.name);
            self.names += name.len() as u64;
            if self.names.saturating_mul(self.rules.len() as u64) > MAX_MATCHES {
                return Err(ChartError::new(
                    ChartErrorKind::Archive,
                    format!(
                        ".helmignore has {} bytes of rules, too many for so many files",
                        self.rules.len()
                    ),
                ));
            }
            if self.rules.ignores(&name, entry.is_dir) {
                // Helm follows links before it asks whether they count.
                let regular = entry.is_dir || entry.is_file;
                if let (false, Some(broken)) = (regular, self.world.broken_link(&path)) {
                    return Err(dangling(broken));
                }
                continue;
            }
            if entry.is_dir {
                let inside = self.world.list(&path).map_err(|why| unreadable(&path, &why))?;
                self.folder(&path, inside, &format!("{name}/"), depth + 1)?;
                continue;
            }
            let read = match entry.is_file {
                true if loader::looks_into(&name) => self.world.read_named(&path).map(Opened::Read),
                true => self.world.open(&path),
                false => self.world.read(&path).map(Opened::Read),
            };
            let opened = read.map_err(|why| match self.world.broken_link(&path) {
                Some(broken) => dangling(broken),
                None => unreadable(&path, &why),
            })?;
            let size = match &opened {
                Opened::Read(data) => data.len() as u64,
                Opened::Unread(file) => file.len(),
            };
            let too_much = self.files.len() >= MAX_FILES;
            let Some(remaining) = self.remaining.checked_sub(size).filter(|_| !too_much) else {
                return Err(ChartError::new(
                    ChartErrorKind::Archive,
                    format!("chart exceeds maximum decompressed size of {MAX_DECOMPRESSED_SIZE} bytes"),
                )
                .help(format!("`{name}` is the file that was too much; leave files out with .helmignore")));
            };
            self.remaining = remaining;
            self.files.push(RawFile::new(name, opened));
        }
        Ok(())
    }
}

fn dangling(message: String) -> ChartError {
    ChartError::new(ChartErrorKind::NotAChart, message)
        .help("the link leads nowhere: mend it, or take it out of the chart")
}

pub(super) fn unreadable(path: &Path, why: &ReadError) -> ChartError {
    if *why == ReadError::Irregular {
        let message =
            format!("cannot load irregular file {} as it has file mode type bits set", path.display());
        return ChartError::new(ChartErrorKind::NotAChart, message)
            .help("a chart holds regular files: no pipes, devices or sockets, nor links to them");
    }
    ChartError::new(ChartErrorKind::NotAChart, format!("error reading {}: {why}", path.display()))
}

/// Says what the folder holds instead, when that helps.
fn no_chart_yaml(world: &dyn World, root: &Path) -> ChartError {
    let message = format!("Chart.yaml file is missing in `{}`", root.display());
    let below: Vec<String> = world
        .list(root)
        .unwrap_or_default()
        .into_iter()
        .filter(|e| e.is_dir && world.read(&root.join(&e.name).join("Chart.yaml")).is_ok())
        .map(|e| e.name)
        .collect();
    let help = match below.as_slice() {
        [] => "a chart is a folder with a Chart.yaml, or a .tgz archive of one".to_owned(),
        [one] => format!("did you mean `{}`?", root.join(one).display()),
        several => format!("these folders inside it are charts: {}", several.join(", ")),
    };
    ChartError::new(ChartErrorKind::NotAChart, message).help(help)
}
