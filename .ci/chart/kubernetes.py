#!/usr/bin/env python3
"""Takes the strict schemas of Kubernetes out of the wheel `kubernetes-validate`.

`kubernetes.py FOLDER VERSION...` writes FOLDER/v<VERSION>.0/<kind>-<group>-<version>.json for every
object, each with just the definitions it needs: kubeconform reads them many times quicker, and
their ids name a server that need not be asked.
"""
import json
import re
import sys
import zipfile
from pathlib import Path

REFERENCE = re.compile(r'"/api/_definitions\.json#/\$defs/([^"]+)"')


def whole(text, definitions):
    """A schema that stands alone."""
    needed, wanted = {}, set(REFERENCE.findall(text))
    while wanted:
        name = wanted.pop()
        needed[name] = definitions[name]
        # Within the definitions, references have no address.
        wanted |= set(re.findall(r'"#/\$defs/([^"]+)"', needed[name])) - set(needed)
        wanted |= set(REFERENCE.findall(needed[name])) - set(needed)
    body = json.loads(REFERENCE.sub(r'"#/$defs/\1"', text))
    body.pop("$id", None)
    body["$defs"] = {name: json.loads(REFERENCE.sub(r'"#/$defs/\1"', part)) for name, part in needed.items()}
    return body


def main():
    folder, *versions = sys.argv[1:]
    wheel = next(Path(folder).glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for version in versions:
            base = f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict/"
            definitions = json.loads(archive.read(base + "_definitions.json"))["$defs"]
            definitions = {name: json.dumps(part) for name, part in definitions.items()}
            to = Path(folder, f"v{version}.0")
            to.mkdir()
            for name in names:
                text = archive.read(name).decode() if name.startswith(base) else ""
                # An object of its own says its kind; the others are parts of such.
                if '"kind"' in text and "/_" not in name:
                    (to / name.rsplit("/", 1)[1]).write_text(json.dumps(whole(text, definitions)))
    wheel.unlink()


if __name__ == "__main__":
    main()
