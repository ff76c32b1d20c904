//! The topics: what each holds, and what outsiders may do with it.

use serde_json::{Map, Value, json};

use super::messages::{self, BINDING};
use crate::id::Provider;
use crate::log::kafka::{KafkaSettings, properties};
use crate::log::topic::Topic;

/// What outsiders may do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Write to it.
    Write,
    /// Read it.
    Read,
    /// Neither.
    Internal,
}

impl Promise {
    pub(super) const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Internal];

    const fn tag(self) -> &'static str {
        match self {
            Self::Write => "outsiders-write",
            Self::Read => "outsiders-read",
            Self::Internal => "internal",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Write => {
                "Any producer may write here, with any client, key and partitioner. Nobody but \
                 the relay reads it."
            }
            Self::Read => {
                "The relay alone writes it; others may read it with a consumer group of their \
                 own. Within a major version of a type members are added and none is renamed, \
                 removed or narrowed: pass over what you do not know. New codes and headers may \
                 come with any release."
            }
            Self::Internal => {
                "The relay alone writes and reads it. The form may change with any release and \
                 is no contract: read the events and outcomes instead. Writing or deleting a \
                 record here takes away what was promised to HR."
            }
        }
    }

    /// The tag's name, and the tag with what it means.
    pub(super) fn described(self) -> (String, Value) {
        let tag = json!({ "name": self.tag(), "description": self.says() });
        (self.tag().to_owned(), tag)
    }
}

/// What is said of a topic.
struct Told {
    id: &'static str,
    promise: Promise,
    title: &'static str,
    description: &'static str,
}

const INBOX: Told = Told {
    id: "inbox",
    promise: Promise::Write,
    title: "Facts of other producers",
    description: "CloudEvents 1.0 of systems that write to Kafka themselves, structured, batched or \
             binary. `source` is the name of a configured source of kind `cloudevents`. Whoever \
             may write here may lock out everybody: give the right to producers of HR alone. \
             `receivedtime` is believed from nobody: a fact counts as received when this topic \
             took it. The producer hears nothing back: what cannot be read is in the topic of \
             the inbox's dead letters. Repeating is safe: the same `source` and `id` is the \
             same event.",
};

const INBOX_DEAD_LETTERS: Told = Told {
    id: "inboxDeadLetters",
    promise: Promise::Read,
    title: "Records of other producers that could not be read",
    description: "For the producers: what they wrote, as it came, and why it is no event. Personal \
             data.",
};

const EVENTS: Told = Told {
    id: "events",
    promise: Promise::Read,
    title: "Facts and operators' commands",
    description: "Every event that the relay took, in the order of its receipt, each person in one \
             partition. **Never write here**: a partition with a record that the relay did not \
             put there stops. Commands (`relay.*`) are written by `hris-relay command` and \
             `reconcile`, imported states by `import`. The same event may be there twice. \
             Personal data.",
};

const EVENTS_DEAD_LETTERS: Told = Told {
    id: "eventsDeadLetters",
    promise: Promise::Read,
    title: "Events the roster could not fold",
    description: "For operators: the record as it was, and why. Personal data.",
};

const PEOPLE: Told = Told {
    id: "people",
    promise: Promise::Internal,
    title: "Everybody as HR sees them",
    description: "One record a person: what each source said last of them. Workers read it; a new \
             platform begins with it. It is kept for good, and rebuilt from nothing else. \
             Personal data.",
};

const QUARANTINE: Told = Told {
    id: "quarantine",
    promise: Promise::Read,
    title: "Webhooks nobody could map",
    description: "For operators: authentic bodies as they came, answered 200, and why they are no \
             event. Personal data.",
};

const STATE: Told = Told {
    id: "state",
    promise: Promise::Internal,
    title: "Everybody at a platform",
    description: "One record a person: what is applied there, in flight, tried, held and dead. \
             Personal data.",
};

const DEAD_LETTERS: Told = Told {
    id: "deadLetters",
    promise: Promise::Read,
    title: "What was given up at a platform",
    description: "For operators: an operation that a platform refuses for this person, with the \
             platform's own words. Personal data.",
};

const OUTCOMES: Told = Told {
    id: "outcomes",
    promise: Promise::Read,
    title: "What was done at a platform",
    description: "For audits and for whoever tells people that their account is ready: what was done \
             for whom, when, on which facts. Each operation that is in force is told once, also \
             where the call had to be repeated. Personal data.",
};

const LINKS: Told = Told {
    id: "links",
    promise: Promise::Read,
    title: "What lets people in",
    description: "Exam and start links that a platform returned, if `publish_links` is on. \
             **Credentials**: let nobody but the system that mails them read it.",
};

const fn told(topic: Topic) -> Told {
    match topic {
        Topic::Inbox => INBOX,
        Topic::InboxDeadLetters => INBOX_DEAD_LETTERS,
        Topic::Events => EVENTS,
        Topic::EventsDeadLetters => EVENTS_DEAD_LETTERS,
        Topic::People => PEOPLE,
        Topic::Quarantine => QUARANTINE,
        Topic::State(_) => STATE,
        Topic::DeadLetters(_) => DEAD_LETTERS,
        Topic::Outcomes(_) => OUTCOMES,
        Topic::Links(_) => LINKS,
    }
}

/// The name of a topic's channel in the document.
pub(super) const fn id(topic: Topic) -> &'static str {
    told(topic).id
}

/// The topics, one of each kind: those of a platform stand for those of all.
pub(super) fn kinds() -> Vec<Topic> {
    Topic::all(&[ANY])
}

/// Stands for every platform.
pub(super) const ANY: Provider = Provider::unregistered("{provider}");

/// Every channel, by its name.
pub(super) fn all(kafka: &KafkaSettings) -> Map<String, Value> {
    kinds()
        .into_iter()
        .map(|topic| (id(topic).to_owned(), channel(topic, kafka)))
        .collect()
}

fn channel(topic: Topic, kafka: &KafkaSettings) -> Value {
    let Told {
        promise,
        title,
        description,
        ..
    } = told(topic);
    let messages: Map<String, Value> = messages::names(topic)
        .into_iter()
        .map(|(name, component)| {
            let reference = json!({ "$ref": format!("#/components/messages/{component}") });
            (name, reference)
        })
        .collect();
    let mut channel = json!({
        "address": format!("{}{topic}", kafka.prefix),
        "title": title,
        "description": description,
        "servers": [{ "$ref": "#/servers/kafka" }],
        "messages": messages,
        "tags": [{ "$ref": format!("#/components/tags/{}", promise.tag()) }],
        "bindings": { "kafka": {
            "partitions": kafka.partitions,
            "replicas": kafka.replication,
            "topicConfiguration": configuration(topic, kafka.replication),
            "bindingVersion": BINDING
        } }
    });
    let is_of_a_platform = topic.to_string().contains(ANY.as_str());
    if let (true, Some(members)) = (is_of_a_platform, channel.as_object_mut()) {
        let parameter = json!({ "provider": { "$ref": "#/components/parameters/provider" } });
        members.insert("parameters".to_owned(), parameter);
    }
    channel
}

/// The properties of a topic in the form of the bindings: numbers as such, policies in a list.
fn configuration(topic: Topic, replication: u32) -> Map<String, Value> {
    let shown = |(name, value): (&'static str, String)| {
        let value = match value.parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) if name == "cleanup.policy" => json!([value]),
            Err(_) => json!(value),
        };
        (name.to_owned(), value)
    };
    properties(topic, replication)
        .into_iter()
        .map(shown)
        .collect()
}
