//! Reading text out of markup, as far as answers have any: a page around a line, or elements
//! that are fields. Pure, and never fails: what is no markup is text.

/// Elements whose content is never part of an answer.
const SILENT: [&str; 3] = ["script", "style", "title"];

/// Elements that do not break a line.
const INLINE: [&str; 9] = [
    "a", "b", "em", "font", "i", "label", "small", "span", "strong",
];

/// A piece of markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// The element's name, without a prefix.
    Open(&'a str),
    Close(&'a str),
}

/// The elements that hold nothing but text, by name: `<Status>SUCCESS</Status>`.
pub(super) fn leaves(markup: &str) -> Vec<(String, String)> {
    let pieces = pieces(markup);
    let opened = pieces.iter().enumerate();
    let leaf = |(at, piece): (usize, &Piece<'_>)| {
        let Piece::Open(name) = *piece else {
            return None;
        };
        let text = match (pieces.get(at + 1)?, pieces.get(at + 2)) {
            (Piece::Close(close), _) if *close == name => "",
            (Piece::Text(text), Some(Piece::Close(close))) if *close == name => text,
            _ => return None,
        };
        Some((name.to_owned(), unescaped(text)))
    };
    opened.filter_map(leaf).collect()
}

/// The text, with a line break wherever an element breaks the line.
pub(super) fn text(markup: &str) -> String {
    let mut text = String::new();
    for piece in pieces(markup) {
        match piece {
            Piece::Text(raw) => text.push_str(&unescaped(raw)),
            Piece::Open(name) | Piece::Close(name) => {
                let is_inline = INLINE.iter().any(|one| one.eq_ignore_ascii_case(name));
                text.push(if is_inline { ' ' } else { '\n' });
            }
        }
    }
    text
}

fn pieces(markup: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = markup;
    while let Some((before, inside, after)) = next_tag(rest) {
        push_text(&mut pieces, before);
        rest = after;
        match inside {
            Inside::Text(raw) => push_text(&mut pieces, raw),
            Inside::Nothing => {}
            Inside::Tag(tag) => {
                let name = name(tag);
                if tag.starts_with('/') {
                    pieces.push(Piece::Close(name));
                } else {
                    pieces.push(Piece::Open(name));
                    if tag.ends_with('/') {
                        pieces.push(Piece::Close(name));
                    } else if SILENT.iter().any(|one| one.eq_ignore_ascii_case(name)) {
                        rest = skipped(rest, name);
                    }
                }
            }
        }
    }
    push_text(&mut pieces, rest);
    pieces
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.trim().is_empty() {
        pieces.push(Piece::Text(text));
    }
}

enum Inside<'a> {
    Tag(&'a str),
    Text(&'a str),
    /// A comment, a declaration or an instruction.
    Nothing,
}

/// What is before the next tag, the tag, and what is after it.
fn next_tag(markup: &str) -> Option<(&str, Inside<'_>, &str)> {
    let mut searched = 0;
    loop {
        let found = markup.get(searched..)?.find('<')?;
        let at = searched + found;
        let (before, rest) = (markup.get(..at)?, markup.get(at + 1..)?);
        let first = rest.chars().next()?;
        let until = |start: &str, end: &str| rest.strip_prefix(start)?.split_once(end);
        if let Some((raw, after)) = until("![CDATA[", "]]>") {
            return Some((before, Inside::Text(raw), after));
        }
        if let Some((_, after)) = until("!--", "-->") {
            return Some((before, Inside::Nothing, after));
        }
        let ended = rest.split_once('>');
        match (first, ended) {
            ('!' | '?', Some((_, after))) => return Some((before, Inside::Nothing, after)),
            ('/' | 'a'..='z' | 'A'..='Z', Some((tag, after))) => {
                return Some((before, Inside::Tag(tag), after));
            }
            _ => searched = at + 1,
        }
    }
}

/// The name in a tag: `ns:Status` of `/ns:Status id="1"`.
fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches('/');
    let ends = |character: char| character.is_whitespace() || character == '/';
    let name = tag.split(ends).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

/// What follows the end of a silent element; everything is silent if it never ends.
fn skipped<'a>(rest: &'a str, name: &str) -> &'a str {
    let end = format!("</{}", name.to_ascii_lowercase());
    // Lower case in ASCII moves no byte.
    let at = rest.to_ascii_lowercase().find(&end);
    at.and_then(|at| rest.get(at..)).unwrap_or_default()
}

fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    // The ampersand comes last: what it makes is not read again.
    for (escaped, plain) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_that_hold_text_are_fields() {
        let xml = "<?xml version='1.0'?><!-- <Status>no</Status> --><r:Response>\n\
                   <r:Status>ERROR</r:Status><Reason/><empty></empty>\
                   <error><![CDATA[a < b]]></error><note>x &amp;lt; y</note></r:Response>";
        let fields = [
            ("Status", "ERROR"),
            ("Reason", ""),
            ("empty", ""),
            ("error", "a < b"),
            ("note", "x &lt; y"),
        ];
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(leaves(xml), fields);
    }

    #[test]
    fn the_text_of_a_page_is_what_a_person_would_read() {
        let page = "<!DOCTYPE html><HTML><head><TITLE>Error 1001</TITLE>\
                    <script>if (1 < 2) { status = 'ERROR' }</script></head><body>\
                    <span id=\"l\">Status:<b>SUCCESS</b></span><br/>StudentId:7 &lt; 8 < 9</body></HTML>";
        let text = text(page);
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        assert_eq!(lines, ["Status: SUCCESS", "StudentId:7 < 8 < 9"]);
        assert_eq!(super::text("a < b <"), "a < b <");
        assert_eq!(super::text("<script>never ends").trim(), "");
    }

    proptest! {
        #[test]
        fn anything_can_be_read(raw in "([<>/!a-z&;\\[\\]-]|<script>|</script>|<!--|-->|\\PC)*") {
            leaves(&raw);
            text(&raw);
        }
    }
}
