//! Reads Rust just well enough to know what a file imports: words and signs, without
//! comments and literals, and the paths they make.

/// A word (`crate`), a sign (`{`) or the sign `::`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Sign(char),
    PathSeparator,
}

/// A path as it is written, whole, and the inline modules around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// The modules written around it in the same file, from the outside.
    pub(super) within: Vec<String>,
    /// Its words; a glob ends in `*`.
    pub(super) path: Vec<String>,
}

/// The words and signs of a source text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped(rest);
        if skipped > 0 {
            rest = &rest[skipped..];
        } else if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if let Some(behind) = rest.strip_prefix("::") {
            tokens.push(Token::PathSeparator);
            rest = behind;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How many bytes at the start are a comment or a literal that holds no path.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let unprefixed = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - unprefixed.len();
    if prefix <= 1 {
        let raw = raw_string(unprefixed).or_else(|| string(unprefixed));
        if let Some(length) = raw.or_else(|| character(unprefixed)) {
            return prefix + length;
        }
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

fn string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}

/// A character literal; a lifetime (`'a`) is none.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let mut letters = body.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        return body[2..].find('\'').map(|at| at + 4);
    }
    let (at, second) = letters.next()?;
    (second == '\'').then_some(at + 2)
}

/// Every path a source text mentions: in `use` trees, spelt out, and inline.
pub(super) fn mentions(text: &str) -> Vec<Mention> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut modules: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let within = || modules.iter().map(|(name, _)| name.clone()).collect();
        match &tokens[at] {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth -= 1;
                modules.retain(|(_, opened_at)| *opened_at < depth + 1);
            }
            Token::Word(word) if word == "mod" => {
                if let [Token::Word(name), Token::Sign('{'), ..] = &tokens[at + 1..] {
                    modules.push((name.clone(), depth + 1));
                    depth += 1;
                    at += 2;
                }
            }
            Token::Word(word)
                if word == "use" && !matches!(tokens.get(at + 1), Some(Token::Sign('<'))) =>
            {
                let mut paths = Vec::new();
                at = use_tree(&tokens, at + 1, &[], &mut paths);
                found.extend(paths.into_iter().map(|path| Mention {
                    within: within(),
                    path,
                }));
                continue;
            }
            Token::Word(_) => {
                let (path, end) = inline_path(&tokens, at);
                if path.len() > 1 {
                    found.push(Mention {
                        within: within(),
                        path,
                    });
                }
                at = end;
                continue;
            }
            Token::Sign(_) | Token::PathSeparator => {}
        }
        at += 1;
    }
    found
}

/// Reads `a::b::c` from a word on; returns it and where it ends.
fn inline_path(tokens: &[Token], start: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    while let Some(Token::Word(word)) = tokens.get(at) {
        path.push(word.clone());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some(Token::PathSeparator), Some(Token::Word(_))) => at += 1,
            _ => break,
        }
    }
    (path, at)
}

/// Reads a `use` tree and returns where it ends.
fn use_tree(
    tokens: &[Token],
    start: usize,
    above: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = above.to_vec();
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::PathSeparator => at += 1,
            Token::Word(word) if word == "as" => at += 2,
            Token::Word(word) if word == "self" && !path.is_empty() => at += 1,
            Token::Word(word) => {
                path.push(word.clone());
                at += 1;
            }
            Token::Sign('*') => {
                path.push("*".to_owned());
                at += 1;
            }
            Token::Sign('{') => {
                at += 1;
                while tokens.get(at).is_some_and(|next| *next != Token::Sign('}')) {
                    at = use_tree(tokens, at, &path, found);
                    if tokens.get(at) == Some(&Token::Sign(',')) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Token::Sign(_) => break,
        }
    }
    found.push(path);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        mentions(text)
            .into_iter()
            .map(|mention| mention.path.join("::"))
            .collect()
    }

    #[test]
    fn a_use_tree_is_spelt_out() {
        let text = "use crate::{a, b::c, d::{self, e::F as G}, h::*};\npub use super::x::Y;";
        assert_eq!(
            paths(text),
            [
                "crate::a",
                "crate::b::c",
                "crate::d",
                "crate::d::e::F",
                "crate::h::*",
                "super::x::Y"
            ]
        );
    }

    #[test]
    fn a_path_in_the_midst_of_code_is_found() {
        let text = "fn f<'a>(x: &'a crate::x::Y) -> std::io::Result<()> { crate::z::go::<u8>(x) }";
        assert_eq!(
            paths(text),
            ["crate::x::Y", "std::io::Result", "crate::z::go"]
        );
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let text = r##"
            // use crate::a;
            /* crate::b /* nested crate::c */ */
            let s = "crate::d \" crate::e";
            let r = r#"crate::f " "#;
            let b = b"crate::g";
            let c = ('"', b'\'', '\u{7f}', 'x');
            use crate::real;
        "##;
        assert_eq!(paths(text), ["crate::real"]);
    }

    #[test]
    fn a_path_knows_the_modules_around_it() {
        let text = "use super::a; mod tests { use super::*; fn f() { mod deep { use super::b; } } } use super::c;";
        let found: Vec<(usize, String)> = mentions(text)
            .into_iter()
            .map(|mention| (mention.within.len(), mention.path.join("::")))
            .collect();
        let expected = [
            (0, "super::a"),
            (1, "super::*"),
            (2, "super::b"),
            (0, "super::c"),
        ];
        assert_eq!(
            found,
            expected.map(|(depth, path)| (depth, path.to_owned()))
        );
    }
}
