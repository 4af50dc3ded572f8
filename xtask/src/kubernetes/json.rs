//! A reader for OpenAPI documents: well-formed JSON, made by programs. xtask has no dependencies, so that it builds in
//! seconds.

#[derive(Debug)]
pub enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

static NULL: Json = Json::Null;

impl Json {
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let value = reader.value()?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(format!("something follows at byte {}", reader.at)),
        }
    }

    /// Null where there is none.
    pub fn get(&self, key: &str) -> &Json {
        match self {
            Json::Map(entries) => entries.iter().find(|(k, _)| k == key).map_or(&NULL, |(_, v)| v),
            _ => &NULL,
        }
    }

    pub fn has(&self, key: &str) -> bool {
        !matches!(self.get(key), Json::Null)
    }

    pub fn text(&self) -> &str {
        if let Json::Text(text) = self { text } else { "" }
    }

    pub fn list(&self) -> &[Json] {
        if let Json::List(list) = self { list } else { &[] }
    }

    pub fn entries(&self) -> &[(String, Json)] {
        if let Json::Map(entries) = self { entries } else { &[] }
    }

    /// Without blanks.
    pub fn compact(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Bool(b) => b.to_string(),
            Json::Number(n) => n.clone(),
            Json::Text(text) => format!("{text:?}"),
            Json::List(list) => {
                format!("[{}]", list.iter().map(Json::compact).collect::<Vec<_>>().join(","))
            }
            Json::Map(map) => {
                let entries: Vec<_> = map.iter().map(|(k, v)| format!("{k:?}:{}", v.compact())).collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, wanted: u8) -> Result<(), String> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        Err(format!("`{}` expected at byte {}", char::from(wanted), self.at))
    }

    fn value(&mut self) -> Result<Json, String> {
        match self.peek() {
            Some(b'{') => {
                let mut entries = Vec::new();
                self.items(b'{', b'}', |reader| {
                    let key = reader.string()?;
                    reader.expect(b':')?;
                    entries.push((key, reader.value()?));
                    Ok(())
                })?;
                Ok(Json::Map(entries))
            }
            Some(b'[') => {
                let mut list = Vec::new();
                self.items(b'[', b']', |reader| {
                    list.push(reader.value()?);
                    Ok(())
                })?;
                Ok(Json::List(list))
            }
            Some(b'"') => self.string().map(Json::Text),
            _ => {
                let start = self.at;
                let word = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
                while self.bytes.get(self.at).is_some_and(word) {
                    self.at += 1;
                }
                match std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default() {
                    "null" => Ok(Json::Null),
                    "true" => Ok(Json::Bool(true)),
                    "false" => Ok(Json::Bool(false)),
                    n if n.parse::<f64>().is_ok() => Ok(Json::Number(n.to_owned())),
                    _ => Err(format!("no value at byte {start}")),
                }
            }
        }
    }

    fn items(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.expect(open)?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            if self.peek() != Some(b',') {
                return self.expect(close);
            }
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect(b'"')?;
        let mut out = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at).ok_or("a text has no end")?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).map_err(|why| why.to_string()),
                b'\\' => {
                    let escape = *self.bytes.get(self.at).ok_or("a text has no end")?;
                    self.at += 1;
                    match escape {
                        b'n' => out.push(b'\n'),
                        b't' => out.push(b'\t'),
                        b'r' => out.push(b'\r'),
                        b'b' => out.push(8),
                        b'f' => out.push(12),
                        b'u' => {
                            let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
                            let digits = std::str::from_utf8(digits).unwrap_or_default();
                            let code = u32::from_str_radix(digits, 16).map_err(|why| why.to_string())?;
                            self.at += 4;
                            // Only descriptions, which are not read, hold characters beyond these.
                            let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                            out.extend(c.to_string().bytes());
                        }
                        other => out.push(other),
                    }
                }
                other => out.push(other),
            }
        }
    }
}
