//! The document of the topics: AsyncAPI 3.1.

use serde_json::{Map, Value, json};

use super::channels::{self, Promise};
use super::messages::{self, BINDING};
use super::roles::{Action, Does, ROLES};
use super::{VERSION, headers};
use crate::id::Provider;
use crate::log::kafka::KafkaSettings;
use crate::log::record::LARGEST;
use crate::log::topic::Group;

/// The topics of an installation that serves these providers, for whoever writes to them or
/// reads them. It refers to the events' schemas by their files, in the same folder.
pub fn asyncapi(kafka: &KafkaSettings, providers: &[Provider]) -> Value {
    let schemas: Map<String, Value> = headers::schemas().chain(messages::schemas()).collect();
    let tags = tags();
    json!({
        "asyncapi": "3.1.0",
        "id": "urn:hris-relay:topics",
        "info": {
            "title": "hris-relay: the topics of its event log",
            "version": VERSION,
            "description": description(kafka),
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0"
            },
            "tags": tags.keys().map(|name| reference("tags", name)).collect::<Vec<_>>()
        },
        "defaultContentType": "application/json",
        "servers": { "kafka": server(kafka) },
        "channels": channels::all(kafka),
        "operations": operations(kafka, providers),
        "components": {
            "messages": messages::all(),
            "parameters": { "provider": {
                "description": "The platform, by its name in the configuration.",
                "enum": words(providers)
            } },
            "tags": tags,
            "schemas": schemas
        }
    })
}

/// What outsiders may do, and who does what.
fn tags() -> Map<String, Value> {
    let mut tags: Map<String, Value> = Promise::ALL.map(Promise::described).into_iter().collect();
    for (role, says) in [
        (
            "receiver",
            "`hris-relay receiver`: webhooks and CloudEvents over HTTP.",
        ),
        (
            "roster",
            "`hris-relay roster`: the intake of other producers' records, and everybody's record.",
        ),
        (
            "worker",
            "`hris-relay worker <provider>`: one platform's calls.",
        ),
        (
            "operator",
            "`hris-relay import`, `reconcile`, `command` and `check-config --against-state`.",
        ),
    ] {
        let tag = json!({ "name": role, "description": says });
        tags.insert(role.to_owned(), tag);
    }
    tags
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn words(providers: &[Provider]) -> Vec<&'static str> {
    providers.iter().map(|provider| provider.as_str()).collect()
}

fn description(kafka: &KafkaSettings) -> String {
    let prefix = if kafka.prefix.is_empty() {
        "With `kafka.prefix` set, every topic and group has it in front."
    } else {
        "`kafka.prefix` stands in front of every topic and group."
    };
    format!(
        "A company's HR system tells who was hired, who left and who changed group; its exam \
         platforms must follow. What HR says travels on these topics. The tag of a channel says \
         what outsiders may do with it; access is given by the cluster's own ACLs.\n\n\
         Times are RFC 3339, texts UTF-8. A record has at most {LARGEST} bytes with its key and \
         headers. Partition counts are equal and fixed for life: all that is keyed by the \
         employee id is in the partition that murmur2 of the id decides. {prefix} The embedded \
         log has the same topics in one file, and no server: there `POST /events` is the inbox \
         (openapi.json)."
    )
}

fn server(kafka: &KafkaSettings) -> Value {
    let brokers = if kafka.brokers.is_empty() {
        "kafka.example.org:9092"
    } else {
        &kafka.brokers
    };
    json!({
        "host": "{brokers}",
        "protocol": "kafka",
        "description": "Apache Kafka, with the security that `kafka.properties` names.",
        "variables": { "brokers": {
            "description": "`kafka.brokers`: host and port of brokers to begin with.",
            "default": brokers
        } }
    })
}

fn operations(kafka: &KafkaSettings, providers: &[Provider]) -> Map<String, Value> {
    let operation = |does: &Does| {
        let channel = channels::id(does.topic);
        let messages: Vec<Value> = messages::names(does.topic)
            .into_iter()
            .filter(|(name, _)| does.action.is_about(name))
            .map(|(name, _)| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") }))
            .collect();
        let action = match does.action {
            Action::Writes | Action::WritesFacts | Action::WritesDecisions => "send",
            Action::Follows(_) | Action::Looks => "receive",
        };
        let mut operation = json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{channel}") },
            "summary": does.summary,
            "tags": [reference("tags", does.role)],
            "messages": messages
        });
        if let (Action::Follows(group), Some(members)) = (does.action, operation.as_object_mut()) {
            let groups = groups(group, kafka, providers);
            let binding = json!({ "kafka": {
                "groupId": { "type": "string", "enum": groups },
                "bindingVersion": BINDING
            } });
            members.insert("bindings".to_owned(), binding);
        }
        (does.id.to_owned(), operation)
    };
    ROLES.iter().map(operation).collect()
}

fn groups(group: Group, kafka: &KafkaSettings, providers: &[Provider]) -> Vec<String> {
    let groups = match group {
        Group::Worker(_) => providers.iter().copied().map(Group::Worker).collect(),
        Group::Intake | Group::Roster => vec![group],
    };
    groups
        .iter()
        .map(|group| format!("{}{group}", kafka.prefix))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_that_shares_a_cluster_sees_its_own_names() {
        let kafka = KafkaSettings {
            prefix: "staging.".to_owned(),
            brokers: "kafka-1:9092".to_owned(),
            ..KafkaSettings::default()
        };
        let document = asyncapi(&kafka, &[Provider::CIRRUS]);
        let channels = &document["channels"];
        assert_eq!(channels["inbox"]["address"], "staging.hris.inbox");
        assert_eq!(
            channels["state"]["address"],
            "staging.hris.{provider}.state"
        );
        let operations = &document["operations"];
        assert_eq!(
            operations["workerFollowsPeople"]["bindings"]["kafka"]["groupId"]["enum"],
            json!(["staging.hris-relay.cirrus"])
        );
    }
}
