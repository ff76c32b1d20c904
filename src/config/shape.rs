//! What a JSON schema says about each place of the configuration.
//!
//! It reads the subset that `schemars` writes: references, `allOf`, unions, properties and
//! additional properties, items, constants. A union whose branches fix a property to a
//! constant (`kind = "bamboohr"`) is narrowed by the table that is looked at.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::place::{Place, Step};

/// What kind of value a place takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Text,
    Whole,
    Number,
    Truth,
    List,
    Table,
}

impl Kind {
    fn named(word: &str) -> Option<Self> {
        match word {
            "string" => Some(Self::Text),
            "integer" => Some(Self::Whole),
            "number" => Some(Self::Number),
            "boolean" => Some(Self::Truth),
            "array" => Some(Self::List),
            "object" => Some(Self::Table),
            _ => None,
        }
    }

    /// Whether a value is of this kind; a whole number is a number too.
    pub(super) fn takes(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_str(),
            Self::Whole => value.is_integer(),
            Self::Number => value.is_integer() || value.is_float(),
            Self::Truth => value.is_bool(),
            Self::List => value.is_array(),
            Self::Table => value.is_table(),
        }
    }

    /// What to write instead of something else.
    pub(super) const fn expectation(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::List => "a list in square brackets",
            Self::Table => "a table",
        }
    }
}

/// What the schema says about one place.
#[derive(Debug, Clone)]
pub(super) struct Shape<'s> {
    root: &'s Json,
    /// Schemas that all hold.
    parts: Vec<&'s Json>,
    /// Schemas of which one holds.
    branches: Vec<Self>,
}

/// What a table says about one of its keys.
#[derive(Debug)]
pub(super) enum Known<'s> {
    /// It must be like this.
    As(Shape<'s>),
    /// It may be anything.
    Anything,
    /// There is no such key.
    Not,
}

impl<'s> Shape<'s> {
    /// The shape of the whole configuration.
    pub(super) fn of(schema: &'s Json) -> Self {
        Self::open(schema, schema)
    }

    fn open(root: &'s Json, schema: &'s Json) -> Self {
        let mut shape = Self {
            root,
            parts: vec![schema],
            branches: Vec::new(),
        };
        if let Some(target) = schema.get("$ref").and_then(Json::as_str)
            && let Some(target) = target.strip_prefix('#').and_then(|p| root.pointer(p))
        {
            shape.absorb(Self::open(root, target));
        }
        for part in list(schema, "allOf") {
            shape.absorb(Self::open(root, part));
        }
        for branch in list(schema, "oneOf").chain(list(schema, "anyOf")) {
            shape.branches.push(Self::open(root, branch));
        }
        shape
    }

    fn absorb(&mut self, other: Self) {
        self.parts.extend(other.parts);
        self.branches.extend(other.branches);
    }

    /// The schemas that can hold for a table: all parts, and of the branches those whose
    /// constants the table does not contradict.
    fn holding(&self, table: Option<&Table>) -> Vec<&'s Json> {
        let mut holding = self.parts.clone();
        for branch in &self.branches {
            if table.is_none_or(|table| branch.agrees_with(table)) {
                holding.extend(branch.holding(table));
            }
        }
        holding
    }

    /// The properties this shape fixes to one text: what tells the branches of a union apart.
    pub(super) fn constants(&self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.parts
            .iter()
            .filter_map(|part| part.get("properties")?.as_object())
            .flatten()
            .filter_map(|(key, schema)| Some((key.as_str(), schema.get("const")?.as_str()?)))
    }

    fn agrees_with(&self, table: &Table) -> bool {
        self.constants().all(|(key, constant)| {
            table
                .get(key)
                .is_none_or(|value| value.as_str() == Some(constant))
        })
    }

    /// The union's branches, for those who list them.
    pub(super) fn branches(&self) -> &[Self] {
        &self.branches
    }

    /// What a key of a table is; the other keys of the table choose among branches.
    pub(super) fn property(&self, key: &str, table: Option<&Table>) -> Known<'s> {
        let holding = self.holding(table);
        let mut named = holding
            .iter()
            .filter_map(|part| part.get("properties")?.get(key))
            .map(|schema| Self::open(self.root, schema));
        if let Some(first) = named.next() {
            let others: Vec<Self> = named.collect();
            return Known::As(first.or(others));
        }
        let beyond = holding
            .iter()
            .find_map(|part| part.get("additionalProperties"));
        match beyond {
            Some(Json::Bool(false)) => Known::Not,
            Some(Json::Bool(true)) => Known::Anything,
            Some(schema) => Known::As(Self::open(self.root, schema)),
            None if holding.iter().any(|part| part.get("properties").is_some()) => Known::Not,
            None => Known::Anything,
        }
    }

    /// Any of this shape and others: the same key in several branches.
    fn or(self, others: Vec<Self>) -> Self {
        if others.is_empty() {
            return self;
        }
        let root = self.root;
        let mut branches = vec![self];
        branches.extend(others);
        Self {
            root,
            parts: Vec::new(),
            branches,
        }
    }

    /// The shape of a list's elements.
    pub(super) fn items(&self) -> Option<Self> {
        self.holding(None)
            .iter()
            .find_map(|part| part.get("items"))
            .map(|schema| Self::open(self.root, schema))
    }

    /// The shape of what a place holds, if the schema says anything about it.
    pub(super) fn at(&self, place: &Place, table: &Table) -> Option<Self> {
        let mut shape = self.clone();
        let mut above = Place::default();
        for step in &place.0 {
            shape = match step {
                Step::Index(index) => {
                    above = above.index(*index);
                    shape.items()?
                }
                Step::Key(key) => {
                    let here = if above.0.is_empty() {
                        Some(table)
                    } else {
                        above.find(table).and_then(Value::as_table)
                    };
                    above = above.key(key);
                    match shape.property(key, here) {
                        Known::As(inner) => inner,
                        Known::Anything | Known::Not => return None,
                    }
                }
            };
        }
        Some(shape)
    }

    /// The kinds of value that fit; empty: any.
    pub(super) fn kinds(&self) -> BTreeSet<Kind> {
        let mut kinds = BTreeSet::new();
        for part in self.holding(None) {
            match part.get("type") {
                Some(Json::String(word)) => kinds.extend(Kind::named(word)),
                Some(Json::Array(words)) => {
                    kinds.extend(
                        words
                            .iter()
                            .filter_map(Json::as_str)
                            .filter_map(Kind::named),
                    );
                }
                _ if part.get("const").is_some_and(Json::is_string) => {
                    kinds.insert(Kind::Text);
                }
                _ => {}
            }
        }
        kinds
    }

    /// The only texts that fit; empty: any.
    pub(super) fn choices(&self) -> Vec<&'s str> {
        let mut choices: Vec<&str> = Vec::new();
        for part in self.holding(None) {
            let listed = list(part, "enum").filter_map(Json::as_str);
            let constant = part.get("const").and_then(Json::as_str);
            let named: Vec<&str> = listed.chain(constant).collect();
            if named.is_empty() && part.get("type").and_then(Json::as_str) == Some("string") {
                return Vec::new();
            }
            for choice in named {
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
        }
        choices
    }

    /// The keys a table of this shape knows, in the order they are declared.
    pub(super) fn keys(&self, table: Option<&Table>) -> Vec<&'s str> {
        let mut keys: Vec<&str> = Vec::new();
        for part in self.holding(table) {
            for key in properties(part) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// What every key below a map has in common, if this is a map.
    pub(super) fn of_any_key(&self) -> Option<Self> {
        self.holding(None)
            .iter()
            .find_map(|part| part.get("additionalProperties"))
            .filter(|schema| schema.is_object())
            .map(|schema| Self::open(self.root, schema))
    }

    /// A keyword's value, the nearest schema first.
    pub(super) fn says(&self, keyword: &str) -> Option<&'s Json> {
        self.holding(None).iter().find_map(|part| part.get(keyword))
    }

    /// Whether this is a secret, or holds one.
    pub(super) fn holds_secret(&self) -> bool {
        let here = self
            .holding(None)
            .iter()
            .any(|part| part.get("writeOnly") == Some(&Json::Bool(true)));
        here || self.items().is_some_and(|items| items.holds_secret())
            || self.of_any_key().is_some_and(|inner| inner.holds_secret())
            || self.keys(None).iter().any(
                |key| matches!(self.property(key, None), Known::As(inner) if inner.holds_secret()),
            )
    }

    /// Every key that exists whatever the file says, with the keys of tables spelled out.
    pub(super) fn fixed_places(&self) -> Vec<Place> {
        let mut found = Vec::new();
        self.collect_fixed(&Place::default(), &mut found);
        found
    }

    fn collect_fixed(&self, at: &Place, found: &mut Vec<Place>) {
        let keys = self.keys(None);
        if keys.is_empty() && !at.0.is_empty() {
            found.push(at.clone());
        }
        for key in keys {
            if let Known::As(inner) = self.property(key, None) {
                inner.collect_fixed(&at.key(key), found);
            }
        }
    }
}

fn list<'s>(schema: &'s Json, keyword: &str) -> impl Iterator<Item = &'s Json> {
    schema
        .get(keyword)
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

fn properties(schema: &Json) -> impl Iterator<Item = &str> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|known| known.keys().map(String::as_str))
}
