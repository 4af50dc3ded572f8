//! `.helmignore`, after Helm's `pkg/ignore` (which is not quite gitignore: no `**`, the first match decides,
//! and a `!` rule ignores whatever it does not match).

use super::path_match::Pattern;

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    negated: bool,
    directories_only: bool,
    /// A pattern without `/` looks at the last part of the path only.
    base_name_only: bool,
}

/// The rules of one chart, and how long they are together, in bytes.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>, usize);

impl Rules {
    /// Rules of a `.helmignore` (empty when there is none), then Helm's own: dot files under `templates/`.
    ///
    /// # Errors
    /// The line from 1 and Helm's wording.
    pub(super) fn parse(text: &str) -> Result<Rules, (u32, String)> {
        let mut rules = Rules::default();
        for (number, line) in (1u32..).zip(text.trim_start_matches('\u{feff}').lines()) {
            rules.add(line).map_err(|why| (number, why))?;
        }
        rules.add("templates/.?*").map_err(|why| (0, why))?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported".into());
        }
        Pattern::parse(line).map_err(|e| e.to_string())?;
        let (negated, rest) = line.strip_prefix('!').map_or((false, line), |r| (true, r));
        let (directories_only, rest) = rest.strip_suffix('/').map_or((false, rest), |r| (true, r));
        let (base_name_only, rest) = match rest.strip_prefix('/') {
            Some(rooted) => (false, rooted),
            None => (!rest.contains('/'), rest),
        };
        let pattern = Pattern::parse(rest).map_err(|e| e.to_string())?;
        // A short rule costs more to try than its length says.
        self.1 += line.len() + 16;
        self.0.push(Rule { pattern, negated, directories_only, base_name_only });
        Ok(())
    }

    /// What holding one name against all rules costs, in proportion.
    pub(super) fn len(&self) -> usize {
        self.1
    }

    /// Whether the path, relative to the chart and with `/`, is left out.
    pub(super) fn ignores(&self, path: &str, is_dir: bool) -> bool {
        let base = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.0 {
            let matched = || rule.pattern.matches(if rule.base_name_only { base } else { path });
            if rule.negated {
                if (rule.directories_only && !is_dir) || !matched() {
                    return true;
                }
            } else if (is_dir || !rule.directories_only) && matched() {
                return true;
            }
        }
        false
    }
}
