//! Charts as folders: walks, leaves out what `.helmignore` says, follows links.

use super::archive::{MAX_DECOMPRESSED_SIZE, MAX_FILES, without_bom};
use super::ignore::Rules;
use super::{Chart, ChartError, ChartErrorKind, File, Place, archive, error, loader};
use crate::source::{ReadError, World};
use std::path::Path;
use std::sync::Arc;

/// How many bytes of names may be held against how many bytes of rules, multiplied; a chart of 1,000 files may have
/// rules of 50 kB. At worst that takes two seconds.
const MAX_MATCHES: u64 = 3_000_000_000;

/// Deeper than any chart; a link that points to a folder above itself ends here.
const MAX_DEPTH: usize = 64;

pub(super) fn load(world: &dyn World, path: &Path) -> Result<Chart, ChartError> {
    if world.list(path).is_ok() {
        return load_dir(world, path);
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

fn load_dir(world: &dyn World, root: &Path) -> Result<Chart, ChartError> {
    let chart_yaml = root.join("Chart.yaml");
    match world.read(&chart_yaml) {
        Ok(_) => {}
        Err(ReadError::NotFound) => return Err(no_chart_yaml(world, root)),
        Err(why) => return Err(unreadable(&chart_yaml, &why)),
    }
    let ignore_file = root.join(".helmignore");
    let text = match world.read(&ignore_file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
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
    walk.folder(root, "", 0)?;
    loader::from_files(walk.files, root, walk.remaining)
}

struct Walk<'a> {
    world: &'a dyn World,
    rules: Rules,
    files: Vec<File>,
    remaining: u64,
    /// Bytes of all names seen.
    names: u64,
}

impl Walk<'_> {
    fn folder(&mut self, dir: &Path, prefix: &str, depth: usize) -> Result<(), ChartError> {
        if depth > MAX_DEPTH {
            return Err(ChartError::new(
                ChartErrorKind::NotAChart,
                format!("folders are nested more than {MAX_DEPTH} deep at `{}`", dir.display()),
            )
            .help("is there a symbolic link to a folder above it?"));
        }
        let entries = self.world.list(dir).map_err(|why| unreadable(dir, &why))?;
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
                self.folder(&path, &format!("{name}/"), depth + 1)?;
                continue;
            }
            let read = match entry.is_file {
                true => self.world.read_named(&path),
                false => self.world.read(&path),
            };
            let data = read.map_err(|why| match self.world.broken_link(&path) {
                Some(broken) => dangling(broken),
                None => unreadable(&path, &why),
            })?;
            let too_much = self.files.len() >= MAX_FILES;
            let Some(remaining) = self.remaining.checked_sub(data.len() as u64).filter(|_| !too_much) else {
                return Err(ChartError::new(
                    ChartErrorKind::Archive,
                    format!("chart exceeds maximum decompressed size of {MAX_DECOMPRESSED_SIZE} bytes"),
                )
                .help(format!("`{name}` is the file that was too much; leave files out with .helmignore")));
            };
            self.remaining = remaining;
            self.files.push(File { name, data: Arc::new(without_bom(data).into()) });
        }
        Ok(())
    }
}

fn dangling(message: String) -> ChartError {
    ChartError::new(ChartErrorKind::NotAChart, message)
        .help("the link leads nowhere: mend it, or take it out of the chart")
}

fn unreadable(path: &Path, why: &ReadError) -> ChartError {
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
