//! Clock, time zone and chance, as they enter from outside; `--reproducible` puts fixed ones in their place.

use super::Context;
use crate::diag::{Diag, codes};
use crate::render::Seed;
use crate::source::World;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::path::Path;

/// 2000-01-01T00:00:00Z: what `now` says under `--reproducible`.
const FIXED: i64 = 946_684_800;

#[derive(Debug, clap::Args)]
pub struct Reproducible {
    /// Render the same bytes every time: random functions, keys and certificates follow from SEED, the clock
    /// stands at SOURCE_DATE_EPOCH, or at 2000-01-01. What is made so is no secret.
    #[arg(long, value_name = "SEED", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    reproducible: Option<String>,
}

impl Reproducible {
    pub fn asked(&self) -> bool {
        self.reproducible.is_some()
    }

    /// What rendering is to take.
    ///
    /// # Errors
    /// SOURCE_DATE_EPOCH is no number.
    pub fn seed(&self, context: &Context<'_>) -> Result<Seed, Box<Diag>> {
        let Some(text) = &self.reproducible else { return Ok(now(context.world)) };
        let seconds = match context.world.env("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
            None => FIXED,
            Some(text) => text.parse().map_err(|_| {
                Box::new(
                    Diag::error(
                        codes::BAD_VARIABLE,
                        format!("expected seconds since 1970 in SOURCE_DATE_EPOCH, found `{text}`"),
                    )
                    .help("for example `SOURCE_DATE_EPOCH=946684800`, or leave it unset"),
                )
            })?,
        };
        Ok(Seed::reproducible(text, seconds))
    }
}

/// The time, the machine's zone, the system's randomness.
#[expect(clippy::disallowed_methods, reason = "the clock enters here, and rendering stays pure")]
pub fn now(world: &dyn World) -> Seed {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Seed {
        seconds: i64::try_from(now.as_secs()).unwrap_or(0),
        nanos: now.subsec_nanos(),
        zone: local_zone(world),
        random: None,
    }
}

/// The zone that Go takes for the machine's: TZ names one or its file, empty is UTC, unset is /etc/localtime.
/// What cannot be read is UTC. Follows `initLocal` of Go's `time`.
fn local_zone(world: &dyn World) -> TimeZone {
    const SYSTEM: [&str; 4] =
        ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"];
    let file = |path: &Path| TimeZone::tzif("Local", &world.read(path).ok()?).ok();
    let zone = match world.env("TZ") {
        None => file(Path::new("/etc/localtime")),
        Some(text) => match text.strip_prefix(':').unwrap_or(&text) {
            "" | "UTC" => None,
            path if path.starts_with('/') => file(Path::new(path)),
            name => SYSTEM.iter().find_map(|dir| file(&Path::new(dir).join(name))).or_else(|| {
                let zone = TimeZoneDatabase::bundled().get(name).ok()?;
                (zone.iana_name() == Some(name)).then_some(zone)
            }),
        },
    };
    zone.unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryWorld;

    #[test]
    fn the_local_zone_is_the_one_go_takes() {
        let name = |world: MemoryWorld| {
            let info = local_zone(&world);
            let at = jiff::Timestamp::from_second(FIXED).unwrap();
            info.to_offset_info(at).abbreviation().to_owned()
        };
        let world = MemoryWorld::default;
        assert_eq!(name(world()), "UTC");
        assert_eq!(name(world().with_env("TZ", "")), "UTC");
        assert_eq!(name(world().with_env("TZ", "Europe/Berlin")), "CET");
        assert_eq!(name(world().with_env("TZ", ":Europe/Berlin")), "CET");
        assert_eq!(name(world().with_env("TZ", "europe/berlin")), "UTC", "names are case-sensitive");
        assert_eq!(name(world().with_env("TZ", "CET-1CEST")), "UTC", "Go reads no POSIX rules");
        assert_eq!(name(world().with_env("TZ", "/no/such/file")), "UTC");
    }
}
