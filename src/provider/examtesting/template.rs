//! Templates of user names and student ids: `{id}`, `{attribute}` and plain text.

use std::fmt;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The employee id.
    Id,
    /// An attribute of the person, by its name in events.
    Attribute(String),
}

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// The text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have at least one of {{id}} and {{attribute}}, with every brace closed")]
pub(super) struct InvalidTemplate;

impl Template {
    /// Reads a template. One without a placeholder would give everybody the same name.
    pub(super) fn parse(raw: &str) -> Result<Self, InvalidTemplate> {
        let mut parts = Vec::new();
        let mut rest = raw;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(InvalidTemplate)?;
            if text.contains('}') || name.trim().is_empty() || name.contains('{') {
                return Err(InvalidTemplate);
            }
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(match name {
                "id" => Part::Id,
                name => Part::Attribute(name.to_owned()),
            });
            rest = after;
        }
        if parts.is_empty() || rest.contains('}') {
            return Err(InvalidTemplate);
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The names of the attributes it needs.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Attribute(name) => Some(name.as_str()),
            Part::Text(_) | Part::Id => None,
        })
    }

    /// The text for a person; none if an attribute it needs is missing or empty.
    pub(super) fn render<'a>(
        &self,
        id: &str,
        attribute: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Id => Some(id),
            Part::Attribute(name) => attribute(name).filter(|value| !value.is_empty()),
        });
        parts.collect()
    }
}

/// The name under which a profile carries an attribute that only templates need: no
/// parameter of the platform has braces.
pub(super) struct Ingredient<'a>(pub(super) &'a str);

impl fmt::Display for Ingredient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_once() {
        let attribute = |name: &str| match name {
            "badge" => Some("{id}"),
            "site" => Some("Zürich"),
            "empty" => Some(""),
            _ => None,
        };
        for (raw, rendered) in [
            ("{id}", Some("e-1")),
            ("acme-{id}@{site}", Some("acme-e-1@Zürich")),
            ("{badge}", Some("{id}")),
            ("{id}{missing}", None),
            ("{empty}", None),
        ] {
            let template = Template::parse(raw).unwrap();
            assert_eq!(
                template.render("e-1", attribute).as_deref(),
                rendered,
                "{raw}"
            );
        }
        let template = Template::parse("{site}-{id}-{badge}").unwrap();
        assert_eq!(template.attributes().collect::<Vec<_>>(), ["site", "badge"]);
    }

    #[test]
    fn whatever_names_nobody_is_no_template() {
        for refused in [
            "",
            "everybody",
            "{id",
            "id}",
            "{}",
            "{ }",
            "{{id}}",
            "a}{id}",
            "{id}}",
        ] {
            assert_eq!(Template::parse(refused), Err(InvalidTemplate), "{refused}");
        }
    }
}
