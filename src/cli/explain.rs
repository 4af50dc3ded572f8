//! `relc explain CODE`.

use super::{Exit, eprint, print};
use crate::diag::{codes, nearest};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, such as E0101; without one, all are listed.
    code: Option<String>,
}

pub fn run(args: &Args) -> Exit {
    let Some(wanted) = &args.code else {
        print(&codes::ALL.iter().map(|(code, text)| format!("{code}  {text}\n")).collect::<String>());
        return Exit::Done;
    };
    let wanted = wanted.to_uppercase();
    if let Some((code, text)) = codes::ALL.iter().find(|(code, _)| code.0 == wanted) {
        print(&format!("{code}: {text}\n"));
        return Exit::Done;
    }
    let hint = nearest(&wanted, codes::ALL.iter().map(|(code, _)| code.0))
        .map_or_else(|| "`relc explain` lists all codes".into(), |near| format!("did you mean `{near}`?"));
    eprint(&format!("error: there is no code `{wanted}`; {hint}\n"));
    Exit::Errors
}
