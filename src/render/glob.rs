//! Patterns of `.Files.Glob`, as github.com/gobwas/glob reads them with `/` as separator: `*` and `?` stop at
//! it, `**` does not, `[a-z]` or `[!abc]` are one character, `{a,b}` either.

#[derive(Clone, Debug)]
enum Token {
    /// `*`
    Star,
    /// `**`
    DoubleStar,
    /// `?`
    Any,
    Char(char),
    /// `[lo-hi]`
    Range {
        negated: bool,
        low: char,
        high: char,
    },
    /// `[abc]`
    List {
        negated: bool,
        chars: Vec<char>,
    },
}

/// Alternatives after `{}` is multiplied out.
#[derive(Debug)]
pub(super) struct Glob(Vec<Vec<Token>>);

/// More alternatives than anyone writes.
const MAX_ALTERNATIVES: usize = 1024;

impl Glob {
    /// Reads a pattern. One that cannot be read matches everything, as in Helm.
    pub(super) fn new(pattern: &str) -> Glob {
        let chars: Vec<char> = pattern.chars().collect();
        let mut parser = Parser { chars: &chars, at: 0 };
        match parser.sequence(0) {
            Some(alternatives) if parser.at == chars.len() => Glob(alternatives),
            _ => Glob(vec![vec![Token::DoubleStar]]),
        }
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        self.0.iter().any(|tokens| matches(tokens, &name))
    }
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn next_if(&mut self, wanted: char) -> bool {
        let found = self.chars.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    /// Up to the end or, inside braces, to `,` or `}`.
    fn sequence(&mut self, depth: usize) -> Option<Vec<Vec<Token>>> {
        let mut alternatives: Vec<Vec<Token>> = vec![Vec::new()];
        while let Some(&c) = self.chars.get(self.at) {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.at += 1;
            let token = match c {
                '*' if self.next_if('*') => Token::DoubleStar,
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => Token::Char(self.next()?),
                '[' => self.class()?,
                '{' => {
                    let inner = self.braces(depth + 1)?;
                    alternatives = alternatives
                        .iter()
                        .flat_map(|head| inner.iter().map(move |tail| [head.as_slice(), tail].concat()))
                        .collect();
                    if alternatives.len() > MAX_ALTERNATIVES {
                        return None;
                    }
                    continue;
                }
                other => Token::Char(other),
            };
            for alternative in &mut alternatives {
                alternative.push(token.clone());
            }
        }
        Some(alternatives)
    }

    fn braces(&mut self, depth: usize) -> Option<Vec<Vec<Token>>> {
        if depth > 32 {
            return None;
        }
        let mut all = Vec::new();
        loop {
            all.append(&mut self.sequence(depth)?);
            match self.next()? {
                ',' => {}
                _ => return Some(all),
            }
        }
    }

    /// Either one range or a list; `[a-z0-9]` is an error there.
    fn class(&mut self) -> Option<Token> {
        let negated = self.next_if('!');
        if self.chars.get(self.at + 1) == Some(&'-') {
            let low = self.next()?;
            self.at += 1;
            let high = self.next()?;
            return self.next_if(']').then_some(Token::Range { negated, low, high });
        }
        let mut chars = Vec::new();
        loop {
            match self.next()? {
                ']' => return Some(Token::List { negated, chars }),
                '\\' => chars.push(self.next()?),
                c => chars.push(c),
            }
        }
    }
}

fn matches(tokens: &[Token], name: &[char]) -> bool {
    // reachable[n]: the tokens so far can have eaten n characters. No backtracking, so no bad patterns.
    let mut reachable = vec![false; name.len() + 1];
    if let Some(first) = reachable.first_mut() {
        *first = true;
    }
    for token in tokens {
        let mut next = vec![false; name.len() + 1];
        let mut carried = false;
        for (n, slot) in next.iter_mut().enumerate() {
            let here = reachable.get(n).copied().unwrap_or(false);
            let before = n.checked_sub(1);
            let eaten = before.and_then(|b| name.get(b)).copied();
            let from_before = before.and_then(|b| reachable.get(b)).copied().unwrap_or(false);
            *slot = match (token, eaten) {
                (Token::Star | Token::DoubleStar, None) => here,
                (Token::Star, Some(c)) => here || (carried && c != '/'),
                (Token::DoubleStar, Some(_)) => here || carried,
                (_, None) => false,
                (Token::Any, Some(c)) => from_before && c != '/',
                (Token::Char(want), Some(c)) => from_before && *want == c,
                (Token::Range { negated, low, high }, Some(c)) => {
                    from_before && ((*low..=*high).contains(&c) != *negated)
                }
                (Token::List { negated, chars }, Some(c)) => from_before && (chars.contains(&c) != *negated),
            };
            carried = *slot;
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}
