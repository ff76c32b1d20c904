#!/usr/bin/env python3
"""Every metric, label and runbook that alerts and dashboard name is in docs/operations.md.

`queries.py RULES` writes the dashboard's queries to RULES as recording rules, for promtool to
parse. Fails on a metric, a label or a section that is not there, and on an alert whose tests lack
a case in which it fires or one in which it does not.
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/operations.md").read_text()
ALERTS = (ROOT / "helm/files/alerts.yaml").read_text()
DASHBOARD = json.loads((ROOT / "helm/files/dashboard.json").read_text())
TESTS = "".join(path.read_text() for path in sorted((ROOT / "helm/ci").glob("*.test.yaml")))

# Labels of the scrape, and of histograms.
GIVEN = {"namespace", "pod", "instance", "job", "le"}
# What the client library itself exports.
PROCESS = re.compile(r"process_(cpu_seconds_total|resident_memory_bytes|open_fds|max_fds|start_time_seconds|threads"
                     r"|virtual_memory_bytes)$")
faults = []


def metrics():
    """Metric to its labels, from the table of the guide."""
    rows = re.findall(r"^\| `(hris_relay_\w+)` \| \w+ \| ([^|]*) \|", GUIDE, re.M)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def anchors():
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def panels(of):
    for panel in of.get("panels", []):
        yield panel
        yield from panels(panel)


def judge(place, query, known):
    for name, selector in re.findall(r"\b((?:hris_relay|process)_\w+)\b(?:\{([^}]*)\})?", query):
        if PROCESS.match(name):
            continue
        base = name if name in known else re.sub(r"_(bucket|sum|count)$", "", name)
        if base not in known:
            faults.append(f"{place}: {name} is no metric of docs/operations.md")
            continue
        used = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", selector))
        for label in used - known[base] - GIVEN:
            faults.append(f"{place}: {name} has no label {label}")
    named = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in known else name
             for name in re.findall(r"\bhris_relay_\w+", query)}
    labels = set().union(*(known.get(name, set()) for name in named)) | GIVEN
    for group in re.findall(r"\bby *\(([^)]*)\)", query):
        for label in filter(None, (part.strip() for part in group.split(","))):
            if label not in labels:
                faults.append(f"{place}: nothing in it has the label {label}")


def of_alerts(known):
    sections = anchors()
    for block in re.split(r"^ +- alert: ", ALERTS, flags=re.M)[1:]:
        name = block.split()[0]
        query = re.search(r"expr: *\|?\n?(.*?)^ {8}(?:for|labels):", block, re.M | re.S)
        judge(name, query[1], known)
        anchor = re.search(r"runbook_url: docs/operations\.md#(\S+)", block)
        if not anchor or anchor[1] not in sections:
            faults.append(f"{name}: docs/operations.md has no section {anchor and anchor[1]}")
        cases = re.findall(rf"alertname: {name}\n +exp_alerts:(.*)", TESTS)
        if not any("[]" in case for case in cases) or all("[]" in case for case in cases):
            faults.append(f"{name}: helm/ci/*.test.yaml lacks a case in which it fires, or one in which it does not")


def of_dashboard(known):
    rules = []
    ids = [panel["id"] for panel in panels(DASHBOARD)]
    if len(ids) != len(set(ids)):
        faults.append("dashboard: two panels have one id")
    for panel in panels(DASHBOARD):
        for target in panel.get("targets", []):
            query = target["expr"]
            judge(f"dashboard, {panel['title']}", query, known)
            for variable, value in (("$__rate_interval", "5m"), ("$__range", "1h"), ("$namespace", "x"), ("$provider", "x")):
                query = query.replace(variable, value)
            if "$" in query:
                faults.append(f"dashboard, {panel['title']}: a variable that is not there: {query}")
            rules.append({"record": f"dashboard:{len(rules)}", "expr": query})
    return rules


def main():
    known = metrics()
    if len(known) < 20:
        faults.append("docs/operations.md: its table of metrics was not found")
    of_alerts(known)
    rules = of_dashboard(known)
    # JSON is YAML.
    Path(sys.argv[1]).write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(known)} metrics known, {ALERTS.count('- alert:')} alerts, {len(rules)} queries of the dashboard")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
