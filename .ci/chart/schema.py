#!/usr/bin/env python3
"""Keeps the relay's own settings in helm/values.schema.json equal to docs/configuration.md.

`schema.py check` fails when they differ, `schema.py update` writes them. What the chart decides
itself (addresses, folders, secrets and the files that hold them) is not among them, so that a
secret in values is refused by its name.
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/configuration.md"
SCHEMA = ROOT / "helm/values.schema.json"

# Keys whose values the chart gives.
OURS = {"data_dir", "receiver.listen", "sources.*.secret_files", "kafka.brokers", "kafka.prefix",
        "kafka.partitions", "kafka.replication", "kafka.properties", "kafka.properties_file"}
# Secrets that may not stand in values, for platforms this chart does not know.
NO_SECRETS = {"not": {"pattern": "(secret|password|token|api_key|api_pass|private_key)(_files?)?$"}}


def closed(properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


def of_type(text):
    """The schema of a cell of the column `type`; none for what must not stand in values."""
    if "secret" in text:
        return None
    kinds = {
        "text": {"type": "string"},
        "whole number": {"type": "integer", "minimum": 0},
        "number": {"type": "number"},
        "`true` or `false`": {"type": "boolean"},
    }
    if text in kinds:
        return kinds[text]
    either = re.fullmatch(r"(list of \w+) or (table of \w+)", text)
    if either:
        return {"anyOf": [of_type(part) for part in either.groups()]}
    if text.startswith(("table of ", "list of ")):
        form, inner = text.split(" of ", 1)
        inner = of_type(inner)
        return ({"type": "array", "items": inner} if form == "list"
                else {"type": "object", "additionalProperties": inner})
    words = re.findall(r'`"([^"]*)"`', text)
    if words and re.sub(r'`"[^"]*"`| or |, ', "", text) == "":
        return {"enum": words}
    if text.startswith("table"):
        return {"type": "object"}
    if text.startswith("list"):
        return {"type": "array"}
    return {}


def settings():
    """Every section of the guide as one tree of schemas."""
    root = closed({})
    place = []
    lists = set()
    for line in GUIDE.read_text().splitlines():
        heading = re.match(r"## `(\[+)([^\]]+)\]+`", line)
        if heading:
            place = heading[2].replace("<name>", "*").split(".")
            if heading[1] == "[[" and len(place) > 1:
                lists.add(tuple(place))
            continue
        row = re.match(r"\| `([^`]+)` \| (.+?) \| ", line)
        if not row or ".".join([*place, row[1]]) in OURS:
            continue
        schema = of_type(row[2].replace("\\|", "|"))
        if schema is None or (row[1].endswith("_file") and place[:1] == ["providers"]):
            continue
        at = root
        for depth, step in enumerate(place, 1):
            in_list = tuple(place[:depth]) in lists
            if at["properties"].get(step, {}).keys() == {"type"}:
                # A row of the section above says that it is there; its own section says more.
                del at["properties"][step]
            empty = {"type": "array", "items": closed({})} if in_list else closed({})
            at = at["properties"].setdefault(step, empty)
            at = at.get("items", at)
        at["properties"][row[1]] = schema
    return {name: by_name(part) for name, part in root["properties"].items()}


def by_name(schema):
    """A table with keys of the user's own (`*`) is open to them, and to nothing within them."""
    inner = schema.get("properties", {})
    if set(inner) == {"*"}:
        return {"type": "object", "additionalProperties": by_name(inner["*"])}
    if inner:
        return dict(schema, properties={name: by_name(part) for name, part in inner.items()})
    return dict(schema, items=by_name(schema["items"])) if "items" in schema else schema


def parts():
    tree = settings()
    pop = tree.pop
    kafka, sources, assignments, providers = (
        pop("kafka"), pop("sources"), pop("assignments"), pop("providers"))
    pop("admin", None)
    assignments["required"] = ["group"]
    assignments["properties"]["group"] = {"type": "string", "minLength": 1}
    source = sources["additionalProperties"]
    source["required"] = ["kind"]
    return {
        "relayConfig": closed(tree),
        "relayKafka": kafka,
        "relaySource": source,
        "relayAssignment": assignments,
        "relayProviders": providers["properties"],
    }


def main():
    schema = json.loads(SCHEMA.read_text())
    made = parts()
    known = made.pop("relayProviders")
    assignment = made["relayAssignment"]
    # A platform that the guide does not have yet: its own check of the configuration judges.
    assignment["additionalProperties"] = {"type": "object"}
    config = made["relayConfig"]["properties"]
    for section, key in (("shard", "drain"), ("receiver", "drain")):
        config[section]["properties"][key] = {"$ref": "#/$defs/drain"}
        config[section]["required"] = [key]
    made["relayConfig"]["required"] = ["receiver", "shard"]
    definitions = dict(schema["$defs"])
    definitions.update(made)
    providers = schema["properties"]["providers"]
    providers = dict(providers, properties={
        name: {"$ref": f"#/$defs/provider-{name}"} for name in sorted(known)})
    for name in [name for name in definitions if name.startswith(("provider-", "settings-"))]:
        del definitions[name]
    for name in sorted(known):
        definitions[f"settings-{name}"] = known[name]
        definitions[f"provider-{name}"] = {
            "$ref": "#/$defs/provider",
            "properties": {"settings": {"$ref": f"#/$defs/settings-{name}"}},
        }
    definitions["provider"]["properties"]["settings"] = {
        "type": "object", "propertyNames": NO_SECRETS}
    wanted = dict(schema, properties=dict(schema["properties"], providers=providers))
    wanted["$defs"] = definitions
    if wanted == schema:
        return 0
    if sys.argv[1:] == ["update"]:
        SCHEMA.write_text(json.dumps(wanted, indent=2) + "\n")
        print(f"{SCHEMA.relative_to(ROOT)} is written anew")
        return 0
    print("helm/values.schema.json does not have the settings of docs/configuration.md:\n"
          "  run .ci/helm --update", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
