//! The pages and schema generated from the settings: what can be configured, and how.

use schemars::JsonSchema;
use serde_json::Value as Json;

use super::layers::{PREFIX, SEPARATOR, in_a_variable};
use super::shape::{Kind, Known, Shape};

const OPENING: &str = "\
# Configuration

Generated from the settings' own types; a test compares.

Values come from three layers, each over the one before: the defaults below, one TOML file
(`--config FILE`), environment variables. A variable is named after its key, with `__` between
the parts; letters that a name cannot hold are written `_`. Lists and tables are written in
TOML in a variable: `'[\"a\", \"b\"]'`. `hris-relay check-config` says what is wrong, or prints
every effective value and where it comes from.
";

/// Where a section stands: its TOML header and the start of its variables' names.
#[derive(Clone)]
struct Section {
    header: String,
    variables: Option<String>,
    is_list: bool,
}

/// The page that describes every key: type, default, variable, meaning.
pub fn reference<T: JsonSchema>() -> String {
    let schema = schemars::schema_for!(T).to_value();
    let mut page = vec![OPENING.to_owned()];
    let root = Section {
        header: String::new(),
        variables: Some(String::new()),
        is_list: false,
    };
    write_section(&mut page, &root, &Shape::of(&schema));
    page.concat()
}

/// The JSON Schema of the configuration file, closed against keys nobody knows.
pub fn schema<T: JsonSchema>() -> String {
    let open = schemars::schema_for!(T).to_value();
    let mut closed = open.clone();
    close(&mut closed, &open, true);
    format!("{closed:#}\n")
}

/// Refuses unknown keys wherever a value stands (a definition is closed where it is used,
/// since a schema beside it may add properties).
fn close(schema: &mut Json, root: &Json, is_a_value: bool) {
    let names_keys = {
        let mut whole = schema.clone();
        if let (Some(whole), Some(defs)) = (whole.as_object_mut(), root.get("$defs")) {
            whole.insert("$defs".to_owned(), defs.clone());
        }
        !Shape::of(&whole).keys(None).is_empty()
    };
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if is_a_value && names_keys && !object.contains_key("additionalProperties") {
        object.insert("unevaluatedProperties".to_owned(), Json::Bool(false));
    }
    for (keyword, inner) in object.iter_mut() {
        match keyword.as_str() {
            "properties" => each(inner, |value| close(value, root, true)),
            "$defs" | "oneOf" | "anyOf" | "allOf" => each(inner, |part| close(part, root, false)),
            "items" | "additionalProperties" => close(inner, root, true),
            _ => {}
        }
    }
}

fn each(holder: &mut Json, mut change: impl FnMut(&mut Json)) {
    match holder {
        Json::Object(inner) => inner.values_mut().for_each(&mut change),
        Json::Array(inner) => inner.iter_mut().for_each(&mut change),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

impl Section {
    fn below(&self, key: &str, is_list: bool) -> Self {
        let header = match self.header.as_str() {
            "" => key.to_owned(),
            above => format!("{above}.{key}"),
        };
        let variables = self.variable(key).filter(|_| !self.is_list);
        Self {
            header,
            variables,
            is_list,
        }
    }

    /// The variable of a key; none below a list, which only a whole variable can set.
    fn variable(&self, key: &str) -> Option<String> {
        let word = match key {
            "<name>" => "<NAME>".to_owned(),
            _ => in_a_variable(key),
        };
        match self.variables.as_deref()? {
            "" => Some(word),
            above => Some(format!("{above}{SEPARATOR}{word}")),
        }
    }

    fn write_heading(&self, page: &mut Vec<String>, condition: &str, about: &str) {
        let (open, close) = if self.is_list {
            ("[[", "]]")
        } else {
            ("[", "]")
        };
        page.push(format!("\n## `{open}{}{close}`{condition}\n", self.header));
        if !about.is_empty() {
            page.push(format!("\n{about}\n"));
        }
        if let (true, Some(whole)) = (self.is_list, &self.variables) {
            page.push(format!("\nThe whole list: `{PREFIX}{whole}`.\n"));
        }
    }
}

/// What a key is to a reader: a row of a table, or a section of its own.
enum Entry<'s> {
    Row,
    Section(Section, Shape<'s>),
}

fn entry<'s>(section: &Section, key: &str, shape: &Shape<'s>) -> Entry<'s> {
    if let Some(inner) = shape.of_any_key().filter(is_described) {
        return Entry::Section(section.below(key, false).below("<name>", false), inner);
    }
    if let Some(inner) = shape.items().filter(is_described) {
        return Entry::Section(section.below(key, true), inner);
    }
    if is_described(shape) {
        return Entry::Section(section.below(key, false), shape.clone());
    }
    Entry::Row
}

fn is_described(shape: &Shape<'_>) -> bool {
    !shape.keys(None).is_empty()
}

fn write_section(page: &mut Vec<String>, section: &Section, shape: &Shape<'_>) {
    let mut rows = Vec::new();
    let mut inner = Vec::new();
    for key in shape.keys(None) {
        let Known::As(property) = shape.property(key, None) else {
            continue;
        };
        match entry(section, key, &property) {
            Entry::Row => write_row(&mut rows, section, key, &property),
            Entry::Section(below, shape) => inner.push((below, property, shape)),
        }
    }
    if !rows.is_empty() {
        page.push(
            "\n| key | type | default | variable | meaning |\n|---|---|---|---|---|\n".to_owned(),
        );
        page.append(&mut rows);
    }
    for (below, property, shape) in inner {
        let about = described(&property);
        let variants: Vec<&Shape<'_>> = shape
            .branches()
            .iter()
            .filter(|branch| branch.constants().next().is_some())
            .collect();
        if variants.is_empty() {
            below.write_heading(page, "", &about);
            write_section(page, &below, &shape);
        }
        for variant in variants {
            let conditions: Vec<String> = variant
                .constants()
                .map(|(key, value)| format!(" with `{key} = \"{value}\"`"))
                .collect();
            below.write_heading(page, &conditions.concat(), &described(variant));
            write_section(page, &below, variant);
        }
    }
}

fn write_row(rows: &mut Vec<String>, section: &Section, key: &str, shape: &Shape<'_>) {
    let default = match shape.says("default") {
        None => "required".to_owned(),
        Some(Json::Null) => "not set".to_owned(),
        Some(value) => format!("`{value}`"),
    };
    let variable = match section.variable(key) {
        Some(name) if !section.is_list => format!("`{PREFIX}{name}`"),
        Some(_) | None => "in the list's".to_owned(),
    };
    rows.push(format!(
        "| `{key}` | {} | {default} | {variable} | {} |\n",
        type_words(shape),
        described(shape)
    ));
}

/// The doc comment as one line of a table.
fn described(shape: &Shape<'_>) -> String {
    let text = shape.says("description").and_then(Json::as_str);
    let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

fn type_words(shape: &Shape<'_>) -> String {
    let choices = shape.choices();
    if !choices.is_empty() {
        let quoted: Vec<String> = choices.iter().map(|c| format!("`\"{c}\"`")).collect();
        return quoted.join(" or ");
    }
    let words: Vec<String> = shape
        .kinds()
        .into_iter()
        .map(|kind| match kind {
            Kind::Text if shape.holds_secret() => "secret".to_owned(),
            Kind::Text => "text".to_owned(),
            Kind::Whole => "whole number".to_owned(),
            Kind::Number => "number".to_owned(),
            Kind::Truth => "`true` or `false`".to_owned(),
            Kind::List => match shape.items() {
                Some(items) => format!("list of {}", type_words(&items)),
                None => "list".to_owned(),
            },
            Kind::Table => match shape.of_any_key() {
                Some(inner) => format!("table of {}", type_words(&inner)),
                None => "table".to_owned(),
            },
        })
        .collect();
    if words.is_empty() {
        return "anything".to_owned();
    }
    words.join(" or ")
}
