//! What Helm and relc made of a case, and in what the two differ.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes printed, or the whole error text.
pub type Rendered = Result<Vec<u8>, String>;

const FLAGS: [&str; 4] = ["--namespace", "ns", "--kube-version", "1.34.0"];

/// `helm template`; the error is what it says after `Error: `.
pub fn helm(helm: &Path, chart: &Path, values: Option<&Path>) -> Result<Rendered, String> {
    let output = run(Command::new(helm).args(["template", "rel"]), chart, values)?;
    Ok(if output.status.success() { Ok(output.stdout) } else { Err(text_of_helm(&output)) })
}

/// `relc chart template`; the error is the message of its finding, the innermost one.
pub fn relc(relc: &Path, chart: &Path, values: Option<&Path>) -> Result<Rendered, String> {
    let mut command = Command::new(relc);
    let output = run(command.args(["chart", "template", "--format", "json", "rel"]), chart, values)?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    let text = String::from_utf8_lossy(&output.stderr);
    // Findings are indented by the report's own writer: a message is a line of its own.
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let messages = lines.iter().filter_map(|line| line.strip_prefix("\"message\": "));
    let severities = lines.iter().filter_map(|line| line.strip_prefix("\"severity\": "));
    let message = messages.zip(severities).find(|(_, severity)| severity.starts_with("\"error\""));
    Ok(Err(message.map_or_else(|| text.to_string(), |(message, _)| unescaped(message.trim_end_matches(',')))))
}

fn run(command: &mut Command, chart: &Path, values: Option<&Path>) -> Result<Output, String> {
    command.arg(chart).args(FLAGS);
    if let Some(values) = values {
        command.arg("--values").arg(values);
    }
    command.output().map_err(|why| format!("{}: {why}", command.get_program().display()))
}

fn text_of_helm(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("level=") && !line.starts_with("Use --debug flag"))
        .collect();
    let said = said.join("\n");
    said.split_once("Error: ").map_or(said.as_str(), |(_, error)| error).trim().to_owned()
}

/// A JSON string's text.
fn unescaped(json: &str) -> String {
    let mut out = String::new();
    let mut chars = json.trim_matches('"').chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let code = chars.by_ref().take(4).collect::<String>();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    out
}

/// What is left of Helm's text after the last place in a template, with single spaces: Helm breaks long chains of
/// places into lines.
fn innermost(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = words.rmatch_indices(" at <").find_map(|(at, _)| Some(at + words[at..].find(">: ")? + 3));
    at.map_or(words.as_str(), |at| &words[at..]).to_owned()
}

/// How a case went, and the first difference if it is not [`Verdict::same`].
pub struct Verdict {
    pub class: &'static str,
    pub difference: Option<String>,
}

impl Verdict {
    fn same(class: &'static str) -> Self {
        Verdict { class, difference: None }
    }

    fn differs(class: &'static str, difference: String) -> Self {
        Verdict { class, difference: Some(difference) }
    }
}

/// Compares relc's answer with two of Helm's; what differs between these is random and left out, by line.
pub fn compare(first: &Rendered, second: &Rendered, relc: &Rendered) -> Verdict {
    match (first, relc) {
        (Err(helm), Ok(_)) => Verdict::differs("only Helm fails", format!("Helm: {helm}")),
        (Ok(_), Err(relc)) => Verdict::differs("only relc fails", format!("relc: {relc}")),
        (Err(helm), Err(relc)) => {
            let (wanted, got) = (innermost(helm), innermost(relc));
            let again = second.as_ref().err().map(|text| innermost(text));
            if again.is_some_and(|again| again != wanted) {
                Verdict::same("both fail, Helm with other words each time")
            } else if wanted == got || wanted.ends_with(&format!(": {got}")) {
                Verdict::same("both fail, same innermost message")
            } else {
                Verdict::differs("both fail, other message", format!("Helm: {wanted}\n    relc: {got}"))
            }
        }
        (Ok(helm), Ok(relc)) if helm == relc => Verdict::same("same bytes"),
        (Ok(helm), Ok(relc)) => {
            let again = second.as_deref().unwrap_or_default();
            let lines = |text: &[u8]| text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
            let (one, two, got) = (lines(helm), lines(again), lines(relc));
            if one.len() != two.len() {
                return Verdict::differs("Helm differs from itself in length", String::new());
            }
            let random = |at: usize| one.get(at) != two.get(at);
            let differs = |at: &usize| !random(*at) && one.get(*at) != got.get(*at);
            match (0..one.len().max(got.len())).find(differs) {
                None => Verdict::same("same bytes but for random ones"),
                Some(at) => {
                    let show = |line: Option<&Vec<u8>>| match line {
                        Some(line) => String::from_utf8_lossy(line).chars().take(160).collect(),
                        None => "(no such line)".to_owned(),
                    };
                    let (helm, relc) = (show(one.get(at)), show(got.get(at)));
                    Verdict::differs(
                        "other bytes",
                        format!("line {}\n    Helm: {helm}\n    relc: {relc}", at + 1),
                    )
                }
            }
        }
    }
}

/// Judges all cases, on every core, and prints differences in order, then classes, then `same N of M`.
pub fn report<C: Sync>(
    cases: &[C],
    name: impl Fn(&C) -> String + Sync,
    judge: impl Fn(&C) -> Result<Verdict, String> + Sync,
) -> Result<bool, String> {
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<BTreeMap<usize, Result<Verdict, String>>> = Mutex::default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let verdict = judge(case);
                    verdicts.lock().unwrap_or_else(|e| e.into_inner()).insert(at, verdict);
                }
            });
        }
    });
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut same = 0;
    for (at, verdict) in verdicts.into_inner().unwrap_or_else(|e| e.into_inner()) {
        let verdict = verdict?;
        *classes.entry(verdict.class).or_default() += 1;
        match (&verdict.difference, cases.get(at)) {
            (None, _) => same += 1,
            (Some(difference), Some(case)) => println!("{}: {}: {difference}", name(case), verdict.class),
            (Some(_), None) => {}
        }
    }
    for (class, count) in &classes {
        println!("{count:>6}  {class}");
    }
    println!("same {same} of {}", cases.len());
    Ok(same == cases.len())
}
