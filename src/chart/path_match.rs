//! Shell patterns as Go's `filepath.Match` reads them: `*` and `?` stop at `/`, `[a-z]`, `[^x]`, `\` escapes.

/// `syntax error in pattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern;

impl std::fmt::Display for BadPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("syntax error in pattern")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `*`
    Star,
    /// `?`
    Any,
    Char(char),
    /// `[…]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern, read once and matched often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    tokens: Vec<Token>,
    /// The characters it ends with: a name that ends otherwise, as most do, need not be looked at further.
    tail: String,
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, BadPattern> {
        let mut tokens = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '\\' => Token::Char(rest.next().ok_or(BadPattern)?),
                '[' => {
                    let negated = rest.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    loop {
                        // A `]` is an end only after the first range.
                        if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
                            break;
                        }
                        let low = class_char(&mut rest)?;
                        let high = if rest.next_if_eq(&'-').is_some() { class_char(&mut rest)? } else { low };
                        ranges.push((low, high));
                    }
                    Token::Class { negated, ranges }
                }
                other => Token::Char(other),
            });
        }
        let plain = |token: &Token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        };
        let head = tokens.iter().rposition(|token| plain(token).is_none()).map_or(0, |at| at + 1);
        let tail = tokens.iter().skip(head).filter_map(plain).collect();
        Ok(Pattern { tokens, tail })
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        if !name.ends_with(&self.tail) {
            return false;
        }
        // Greedy with one point of return: the last `*` seen. Linear in practice, quadratic at worst.
        let (mut p, mut rest) = (0, name.chars());
        let mut star: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut next = rest.clone();
            let step = match (self.tokens.get(p), next.next()) {
                (None, None) => return true,
                (Some(Token::Star), _) => {
                    star = Some((p, rest.clone()));
                    p += 1;
                    continue;
                }
                (Some(Token::Any), Some(c)) => c != '/',
                (Some(Token::Char(want)), Some(c)) => *want == c,
                (Some(Token::Class { negated, ranges }), Some(c)) => {
                    ranges.iter().any(|(low, high)| *low <= c && c <= *high) != *negated
                }
                (Some(_), None) | (None, Some(_)) => false,
            };
            if step {
                p += 1;
                rest = next;
                continue;
            }
            // The last `*` takes one character more, if that is one it may take.
            let Some((at, from)) = &mut star else { return false };
            if from.next().is_none_or(|c| c == '/') {
                return false;
            }
            p = *at + 1;
            rest = from.clone();
        }
    }
}

fn class_char(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, BadPattern> {
    let c = match rest.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => rest.next().ok_or(BadPattern)?,
        Some(c) => c,
    };
    // The class must still be closed.
    if rest.peek().is_none() { Err(BadPattern) } else { Ok(c) }
}
