//! sprig's `urlParse` and `urlJoin` over Go's `net/url`, whose rules are not those of the WHATWG.

use super::super::func::{Ctx, Func, FuncError};
use super::super::str::Str;
use super::super::types::ANY_MAP;
use super::super::value::{Map, Value};
use super::common::{NIL_POINTER, Res, TEXT, fail, map, quoted, string, text};

/// The functions of this file.
pub(super) const FUNCS: &[Func] =
    &[Func::new("urlParse", &[TEXT], ANY_MAP, url_parse), Func::new("urlJoin", &[ANY_MAP], TEXT, url_join)];

/// The parts of a URL, decoded as `url.URL` keeps them.
#[derive(Debug, Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    /// User name and, where there is one, password.
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

/// Where in a URL text stands; decides what must be escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

fn url_parse(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let url = match Url::parse(text(a, 0)) {
        Ok(url) => url,
        Err(e) => return fail(format!("unable to parse url: {e}")),
    };
    let user = url.user.as_ref().map_or_else(Vec::new, |_| url.user_text());
    let hostname = url.hostname().to_vec();
    let entries: [(&'static str, Vec<u8>); 8] = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", user),
    ];
    Ok(Value::Map(
        entries.into_iter().map(|(name, text)| (Str::literal(name), Value::string(text))).collect(),
    ))
}

fn url_join(_: &mut Ctx<'_>, a: &[Value]) -> Res {
    let entries = map(a, 0);
    let word = |key: &str| word(&entries, key);
    let mut url = Url {
        scheme: word("scheme")?,
        host: word("host")?,
        path: word("path")?,
        query: word("query")?,
        opaque: word("opaque")?,
        fragment: word("fragment")?,
        ..Url::default()
    };
    let user = word("userinfo")?;
    if !user.is_empty() {
        let whole = [b"proto://", user.as_slice(), b"@host"].concat();
        match Url::parse(&whole) {
            Ok(parsed) => url.user = parsed.user,
            Err(e) => return fail(format!("unable to parse userinfo in dict: {e}")),
        }
    }
    string(url.to_text())
}

fn word(entries: &Map, key: &str) -> Result<Vec<u8>, FuncError> {
    match entries.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.to_vec()),
        Some(Value::Nil) => fail(NIL_POINTER),
        Some(other) => {
            let found = other.kind().name();
            fail(format!("unable to parse {key} key, must be of type string, but {found} found"))
        }
    }
}

/// Cuts at the first occurrence; the second half is `None` where there is none.
fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, text).and_then(|index| text.split_at_checked(index)) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}

impl Url {
    /// `url.Parse`. Go's error names the text without its fragment, unless the fragment is at fault.
    fn parse(whole: &[u8]) -> Result<Self, String> {
        let (rest, fragment) = cut(whole, b'#');
        let named = |text: &[u8], e: String| format!("parse {}: {e}", quoted(text));
        let mut url = Self::parse_without_fragment(rest).map_err(|e| named(rest, e))?;
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            url.fragment = unescape(fragment, Part::Fragment).map_err(|e| named(whole, e))?;
        }
        Ok(url)
    }

    fn parse_without_fragment(whole: &[u8]) -> Result<Self, String> {
        let mut url = Self::default();
        if whole.iter().any(|b| *b < b' ' || *b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if whole == b"*" {
            url.path = whole.to_vec();
            return Ok(url);
        }
        let (scheme, mut rest) = split_scheme(whole)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (before, query) = cut(rest, b'?');
        (rest, url.query) = (before, query.unwrap_or_default().to_vec());
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            // A colon in the first segment would make it a scheme.
            let (segment, _) = cut(rest, b'/');
            if segment.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if (!url.scheme.is_empty() || !rest.starts_with(b"///")) && rest.starts_with(b"//") {
            let after = rest.get(2..).unwrap_or_default();
            let end = memchr::memchr(b'/', after).unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(end).unwrap_or((after, &[]));
            rest = path;
            url.parse_authority(authority)?;
        }
        url.path = unescape(rest, Part::Path)?;
        Ok(url)
    }

    fn parse_authority(&mut self, authority: &[u8]) -> Result<(), String> {
        let at = memchr::memrchr(b'@', authority);
        let host = at.map_or(authority, |at| authority.get(at + 1..).unwrap_or_default());
        self.host = parse_host(&self.scheme, host)?;
        let Some(user) = at.and_then(|at| authority.get(..at)) else {
            return Ok(());
        };
        let fine = |b: &u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(b);
        if !user.iter().all(fine) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = cut(user, b':');
        let name = unescape(name, Part::UserPassword)?;
        let password = password.map(|password| unescape(password, Part::UserPassword)).transpose()?;
        self.user = Some((name, password));
        Ok(())
    }

    /// The host without its port and brackets.
    fn hostname(&self) -> &[u8] {
        let host = self.host.as_slice();
        let host = match memchr::memrchr(b':', host) {
            Some(colon) if valid_port(host.get(colon..).unwrap_or_default()) => {
                host.get(..colon).unwrap_or_default()
            }
            _ => host,
        };
        host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
    }

    fn user_text(&self) -> Vec<u8> {
        let Some((name, password)) = &self.user else {
            return Vec::new();
        };
        let mut out = escape(name, Part::UserPassword);
        if let Some(password) = password {
            out.push(b':');
            out.extend(escape(password, Part::UserPassword));
        }
        out
    }

    /// `URL.String`.
    fn to_text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut Vec<u8>) {
        let path = escape(&self.path, Part::Path);
        let bare = self.scheme.is_empty() && self.host.is_empty() && self.user.is_none();
        if !bare {
            if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                out.extend_from_slice(b"//");
            }
            if self.user.is_some() {
                out.extend(self.user_text());
                out.push(b'@');
            }
            if !self.host.is_empty() {
                out.extend(escape(&self.host, Part::Host));
            }
        }
        if !path.is_empty() && !path.starts_with(b"/") && !self.host.is_empty() {
            out.push(b'/');
        }
        if out.is_empty() {
            // A first segment with a colon would read as a scheme.
            let (segment, _) = cut(&path, b'/');
            if segment.contains(&b':') {
                out.extend_from_slice(b"./");
            }
        }
        out.extend(path);
    }
}

/// The scheme, and what follows its colon.
fn split_scheme(whole: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (index, &byte) in whole.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => {
                let (scheme, rest) = whole.split_at_checked(index).unwrap_or((whole, &[]));
                return Ok((scheme, rest.get(1..).unwrap_or_default()));
            }
            _ => break,
        }
    }
    Ok((&[], whole))
}

fn valid_port(colon_port: &[u8]) -> bool {
    match colon_port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, String> {
    let bad_port = |port: &[u8]| format!("invalid port {} after host", quoted(port));
    if let Some(open) = memchr::memrchr(b'[', host) {
        if open > 0 {
            return Err("invalid IP-literal".to_owned());
        }
        let Some(close) = memchr::memrchr(b']', host) else {
            return Err("missing ']' in host".to_owned());
        };
        let port = host.get(close + 1..).unwrap_or_default();
        if !valid_port(port) {
            return Err(bad_port(port));
        }
        // `%25` begins the zone of a link-local address.
        let zone = host.get(..close).and_then(|inner| memchr::memmem::find(inner, b"%25"));
        let split = zone.unwrap_or(close);
        let mut inner = unescape(host.get(1..split).unwrap_or_default(), Part::Host)?;
        inner.extend(unescape(host.get(split..close).unwrap_or_default(), Part::Zone)?);
        let (address, _) = cut(&inner, b'%');
        if std::str::from_utf8(address)
            .ok()
            .and_then(|text| text.parse::<std::net::Ipv6Addr>().ok())
            .is_none()
        {
            let four =
                std::str::from_utf8(&inner).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok());
            let broken = format!("invalid host: ParseAddr({}): unable to parse IP", quoted(&inner));
            return Err(if four { "invalid IP-literal".to_owned() } else { broken });
        }
        return Ok([b"[", inner.as_slice(), b"]", port].concat());
    }
    // Only these two schemes hold to one colon: databases take lists of hosts with ports.
    let strict = scheme == b"http" || scheme == b"https";
    let colon = if strict { memchr::memchr(b':', host) } else { memchr::memrchr(b':', host) };
    if let Some(colon) = colon {
        let port = host.get(colon..).unwrap_or_default();
        if !valid_port(port) {
            return Err(bad_port(port));
        }
    }
    unescape(host, Part::Host)
}

fn should_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        return false;
    }
    match part {
        Part::Host | Part::Zone => !b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => !b"$&+,/:;=@".contains(&byte),
        Part::UserPassword => !b"$&+,;=".contains(&byte),
        Part::Fragment => !b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if should_escape(byte, part) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && should_escape(byte, part) {
                return Err(format!("invalid character {} in host name", quoted(&[byte])));
            }
            out.push(byte);
            rest = after;
            continue;
        }
        let digit = |index: usize| after.get(index).and_then(|b| char::from(*b).to_digit(16));
        let shown = |len: usize| format!("invalid URL escape {}", quoted(rest.get(..len).unwrap_or(rest)));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(shown(3));
        };
        let decoded = u8::try_from(high * 16 + low).unwrap_or(0);
        // A host may escape only what is no ASCII character; a zone may escape the space too.
        if part == Part::Host && high < 8 && !rest.starts_with(b"%25") {
            return Err(shown(3));
        }
        let allowed = rest.starts_with(b"%25") || decoded == b' ' || !should_escape(decoded, Part::Host);
        if part == Part::Zone && !allowed {
            return Err(shown(3));
        }
        out.push(decoded);
        rest = after.get(2..).unwrap_or_default();
    }
    Ok(out)
}
