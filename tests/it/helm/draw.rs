//! Draws: numbers, choices and awkward texts from one seed.

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

pub struct Draw {
    rng: TestRng,
    /// Names given so far, so that each is new.
    names: usize,
}

impl Draw {
    /// The same seed and test give the same cases.
    pub fn new(seed: u64, test: &str) -> Draw {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        for (into, byte) in bytes[8..].iter_mut().zip(test.bytes()) {
            *into = byte;
        }
        Draw { rng: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes), names: 0 }
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.rng.next_u64() % end as u64).unwrap()
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    pub fn name(&mut self) -> String {
        self.names += 1;
        format!("x{}", self.names)
    }

    /// A text of pieces that some reader or writer treats in its own way.
    pub fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            text.push_str(self.of(PIECES));
        }
        text
    }

    /// A scalar in one of the many shapes that YAML 1.1, JSON and Go tell apart.
    pub fn scalar(&mut self) -> String {
        if self.once_in(4) {
            return self.text();
        }
        let drawn = self.of(SCALARS).to_owned();
        if self.once_in(5) {
            format!("{drawn}{}", self.of(&["0", ".", "e", "-", "_", ":", " ", "x", "+1", "é"]))
        } else {
            drawn
        }
    }

    pub fn whole(&mut self) -> String {
        self.of(&["0", "1", "2", "3", "5", "10", "-1", "-2", "17", "64", "0x1F", "0o17", "1_000", "'a'"])
            .to_owned()
    }

    pub fn float(&mut self) -> String {
        self.of(&["0.5", "1.0", "-2.25", "1e3", "1e21", "1e-7", "3.14159", "0x1p4", "100.0", "2.5e10", "0.1"])
            .to_owned()
    }
}

const PIECES: &[&str] = &[
    "a",
    "b",
    "Word",
    "two words",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "-",
    "--",
    "_",
    ".",
    "/",
    "../",
    ":",
    ": ",
    " #",
    ",",
    ";",
    "=",
    "%",
    "%d",
    "%s",
    "$",
    "$1",
    "${1}",
    "\\",
    "\\n",
    "\"",
    "'",
    "`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "*",
    "&",
    "!",
    "|",
    ">",
    "<",
    "?",
    "@",
    "~",
    "^",
    "é",
    "ß",
    "İ",
    "☃",
    "😀",
    "\u{301}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{7f}",
    "\u{85}",
    "\r",
    "\r\n",
    "0",
    "42",
    "007",
    "1.5",
    "true",
    "null",
    "helloWorld",
    "HTTPServer",
    "snake_case",
    "kebab-case",
    "1.2.3",
    "v1.2.3-rc.1+b5",
    "2024-02-29",
    "2024-02-29T12:30:45Z",
    "1h30m",
    "http://u:p@h:80/p?q=1#f",
    "e3s=",
    "long enough to be folded when the writer counts eighty columns in a line of text, as it does",
];

const SCALARS: &[&str] = &[
    "0",
    "1",
    "-1",
    "+1",
    "01",
    "007",
    "08",
    "0o7",
    "0x1F",
    "0X1f",
    "0b11",
    "-0b1",
    "1_000",
    "_1",
    "1__0",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "1.50",
    "1e3",
    "1E3",
    "1e+3",
    "1e-7",
    "1.5e300",
    "1e400",
    "-0",
    "-0.0",
    ".inf",
    "-.inf",
    "+.INF",
    ".nan",
    ".NaN",
    "NaN",
    "inf",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "1:30",
    "190:20:30",
    "1:30.5",
    "true",
    "True",
    "TRUE",
    "tRUE",
    "yes",
    "Yes",
    "on",
    "off",
    "OFF",
    "no",
    "y",
    "Y",
    "n",
    "N",
    "null",
    "Null",
    "NULL",
    "~",
    "",
    "2024-02-29",
    "2024-2-9",
    "2024-02-29T12:30:45Z",
    "2024-02-29 12:30:45.25 +01:00",
    "=",
    "<<",
    "-",
    "?",
    "text",
    "two words",
    "1.2.3",
    "0x",
    "0xg",
    "1e",
    "e1",
    "0x1p4",
    "1_0.5",
    "0.1_0",
    "0777",
    "0o8",
    "-0x10",
    "+0x10",
    "0b2",
];
