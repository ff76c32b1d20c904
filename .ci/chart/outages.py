#!/usr/bin/env python3
"""Breaks and mends a relay and its platform under a real Prometheus, and reads its alerts.

`outages.py RELAY RULES` starts the relay's `serve`, a simulated platform and Prometheus on loopback, in
a temporary folder, and ends them all; RULES is the chart's PrometheusRule. It fails when an alert that must fire does not, when another
one does, or when one stays after everything is mended.
"""
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as classic_families

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "helm/files/dashboard.json"
# Durations of rules are divided by this.
FASTER = 60
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
PROGRAM = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

# What else is in the environment must not change how a relay is configured.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HRIS_RELAY_")}

started = time.monotonic()
running = []


def say(text):
    print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)


class Failed(Exception):
    pass


def free_address():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{held.getsockname()[1]}"


def ask(url, accept="*/*", body=None):
    headers = {"accept": accept, "content-type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.headers["content-type"], answer.read().decode()


def wait(what, is_so, patience):
    """Asks until it is so; an answer that cannot be had yet counts as no."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            found = is_so()
            if found:
                return found
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise Failed(f"not within {patience} s: {what}")


class Part:
    """A process, its output in a file of its name."""

    def __init__(self, folder, name, *command):
        self.name = name
        log = (folder / f"{name}.log").open("a")
        # Through a pipe: what is said must get out while the disk takes nothing more.
        self.writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        # Python ignores the signal of a write beyond the limit, and so does what it starts.
        self.process = subprocess.Popen(list(map(str, command)), stdout=self.writer.stdin, stderr=self.writer.stdin,
                                        cwd=folder, env=ENVIRONMENT, restore_signals=False)
        self.writer.stdin.close()
        log.close()
        running.append(self)

    def disk(self, takes):
        """Whether files of the process may grow beyond their first byte."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard if takes else 1, hard))

    def end(self, kill=False):
        if self in running:
            running.remove(self)
        if self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.writer.wait()


def faster(text):
    """The rules with every `for`, range and offset divided; numbers they compare with stay."""

    def divided(found):
        before, count, unit = found.groups()
        return f"{before}{max(int(count) * SECONDS[unit] // FASTER, 1)}s"

    return re.subn(r"(for: |\[|offset )(\d+)([smhdw])\b", divided, text)


def groups(rules):
    """What Prometheus reads, of a PrometheusRule or a file that is none."""
    _, is_rule, spec = rules.partition("\nspec:\n")
    return "\n".join(line[2:] for line in spec.splitlines()) + "\n" if is_rule else rules


class Scene:
    def __init__(self, relay, rules, folder):
        self.relay_bin = relay
        self.rules = rules
        self.folder = folder
        self.receiver, self.admin, self.platform_at, self.prometheus_at = (free_address() for _ in range(4))
        self.config = folder / "relay.toml"
        self.secret = folder / "secret"
        self.secret.write_text("first-secret")
        self.config.write_text(f"""
data_dir = "{folder}/data"
[receiver]
listen = "{self.receiver}"
[admin]
listen = "{self.admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]
[[assignments]]
group = "Sales"
startexam = {{ programs = ["{PROGRAM}"] }}
[providers.startexam]
base_url = "http://{self.platform_at}"
allow_insecure_http = true
account_id = 99
secret_file = "{self.secret}"
profile_id = "d51b5efd-fb21-4cb8-94e2-145014839465"
connect_timeout = "1s"
call_timeout = "5s"
[worker]
retry_shortest = "200ms"
retry_longest = "2s"
probe_every = "2s"
[shard]
drain = "10s"
""")

    def start_platform(self, secret):
        self.platform = Part(self.folder, "platform", self.relay_bin, "simulate", "startexam",
                             "--listen", self.platform_at, "--secret", secret, "--program", PROGRAM)
        wait("the platform answers", lambda: ask(f"http://{self.platform_at}/_sim/state"), 10)

    def start_relay(self):
        self.relay = Part(self.folder, "relay", self.relay_bin, "serve", "--config", self.config)
        wait("the relay is ready", lambda: ask(f"http://{self.admin}/health/ready"), 15)

    def start_prometheus(self):
        text, changed = faster(groups(self.rules))
        (self.folder / "rules.yaml").write_text(text)
        (self.folder / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "hris-relay", "static_configs": [
                # The labels that a scrape in Kubernetes adds.
                {"targets": [self.admin], "labels": {"namespace": "relay", "pod": "relay-0"}}]}],
        }))
        subprocess.run(["promtool", "check", "config", "prometheus.yaml"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)
        say(f"the chart's rules: {text.count('alert: ')} alerts, {changed} durations divided by {FASTER}, "
            "numbers they compare with left as they are")
        Part(self.folder, "prometheus", "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=tsdb",
             f"--web.listen-address={self.prometheus_at}", "--log.level=warn")
        wait("Prometheus scrapes the relay", lambda: self.query('up{job="hris-relay"} == 1'), 15)

    def send(self, *fact):
        subprocess.run([self.relay_bin, "send", "portal", *fact, "--config", self.config], check=True, env=ENVIRONMENT,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def api(self, path, **arguments):
        _, text = ask(f"http://{self.prometheus_at}/api/v1/{path}?{urllib.parse.urlencode(arguments)}")
        return json.loads(text)["data"]

    def query(self, query):
        return self.api("query", query=query)["result"]

    def waits_for(self, state, people, patience=20):
        query = f'sum(hris_relay_waiting_people{{state="{state}"}}) == {people}'
        wait(f"{people} people in the book {state}", lambda: self.query(query), patience)

    def firing(self):
        """The alerts that fire, each with what tells it apart."""
        found = set()
        for alert in self.api("alerts")["alerts"]:
            if alert["state"] == "firing":
                labels = alert["labels"]
                known = ("provider", "stage", "reason", "source", "component")
                about = [labels[name] for name in known if name in labels] or [labels["pod"]]
                found.add(" ".join([labels["alertname"], *about]))
        return found

    def fires(self, expected, patience):
        """Waits for exactly these alerts: any other one that fires meanwhile is a failure."""
        expected = set(expected)

        def is_so():
            firing = self.firing()
            if firing - expected:
                raise Failed(f"fires and must not: {sorted(firing - expected)}")
            return firing == expected

        wait(f"{sorted(expected)} fire", is_so, patience)
        for alert in sorted(expected):
            say(f"fires: {alert}")

    def stays_quiet(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.firing():
                raise Failed(f"fires and must not: {sorted(self.firing())}")
            time.sleep(0.5)
        say("nothing fires")

    def resolves(self, patience):
        before = self.firing()
        seen = set()

        def is_so():
            firing = self.firing()
            seen.update(firing)
            return not firing

        wait(f"{sorted(before)} resolve", is_so, patience)
        if seen - before:
            raise Failed(f"fires and must not: {sorted(seen - before)}")
        say("resolved: nothing fires")


def formats(scene):
    """`/metrics` is valid in both formats, which say the same."""
    url = f"http://{scene.admin}/metrics"
    kind, classic = ask(url)
    if not kind.startswith("text/plain; version=0.0.4"):
        raise Failed(f"without a wish /metrics is {kind}")
    linted = subprocess.run(["promtool", "check", "metrics"], input=classic, text=True, capture_output=True)
    if linted.returncode != 0:
        raise Failed(f"promtool check metrics: {linted.stderr}{linted.stdout}")
    kind, openmetrics = ask(url, OPENMETRICS)
    if not kind.startswith("application/openmetrics-text; version=1.0.0"):
        raise Failed(f"asked for OpenMetrics, /metrics is {kind}")

    def samples(families):
        def labels(sample):
            return frozenset((name, str(float(value)) if name == "le" else value)
                             for name, value in sample.labels.items())

        return {(sample.name, labels(sample)) for family in families for sample in family.samples}

    # The reference parser is strict: it refuses what the specification does not allow.
    strict = samples(open_families(openmetrics))
    lenient = samples(classic_families(classic))
    if strict ^ lenient:
        raise Failed(f"the two formats differ: {sorted(str(it) for it in strict ^ lenient)[:5]}")
    say(f"/metrics: promtool accepts the classic text, the reference parser OpenMetrics; {len(strict)} samples in both")


def dashboard(scene):
    """Every query of the dashboard returns something, apart from those of what is wrong."""

    def panels(of):
        for panel in of.get("panels", []):
            yield panel
            yield from panels(panel)

    asked, nothing = 0, []
    for panel in panels(json.loads(DASHBOARD.read_text())):
        for target in panel.get("targets", []):
            query = target["expr"]
            for variable, value in (("$__rate_interval", "5s"), ("$__range", "1m"), ("$namespace", ".*"), ("$provider", ".*")):
                query = query.replace(variable, value)
            asked += 1
            # Only of what stands, and of what does not.
            if re.search(r"> 0\)?$", query) or "hris_relay_stopped_partitions" in query:
                if not scene.query(query):
                    nothing.append(panel["title"])
            else:
                wait(f"{panel['title']}: {query} returns something", lambda: scene.query(query), 5)
    say(f"the dashboard: {asked} queries answered; nothing is wrong, so nothing in {', '.join(nothing)}")


def play(scene):
    scene.start_platform("first-secret")
    scene.start_relay()
    say("a platform and `serve` are there")
    formats(scene)
    scene.start_prometheus()
    units = scene.api("metadata", metric="hris_relay_webhook_duration_seconds")
    # Only OpenMetrics has units.
    if units["hris_relay_webhook_duration_seconds"][0]["unit"] != "seconds":
        raise Failed("Prometheus was not answered in OpenMetrics")
    for person in ("e-1", "e-2", "e-3"):
        scene.send("hired", person, "--group", "Sales")
    scene.waits_for("applied", 3)
    say("Prometheus scrapes it as OpenMetrics; three people were hired and are at the platform")
    dashboard(scene)
    formats(scene)
    scene.stays_quiet(3)

    scene.platform.end(kill=True)
    say("OUTAGE: the platform is gone; somebody leaves")
    scene.send("terminated", "e-1")
    scene.fires(["HrisRelayLeaverNotLocked startexam"], 20)
    scene.fires(["HrisRelayLeaverNotLocked startexam", "HrisRelayProviderFailing startexam"], 40)
    say("not expected, since its 15 minutes are a number it compares with: HrisRelayOldestPending")
    scene.start_platform("first-secret")
    say("mended: the platform is back")
    scene.resolves(40)
    scene.waits_for("applied", 3)

    scene.platform.end()
    scene.start_platform("second-secret")
    say("OUTAGE: the platform knows another secret; somebody is hired")
    scene.send("hired", "e-4", "--group", "Sales")
    scene.fires(["HrisRelayProviderQuarantined startexam credentials_rejected"], 30)
    scene.secret.write_text("second-secret")
    say("mended: the secret's file has the new one; nothing is restarted")
    scene.resolves(40)
    scene.waits_for("applied", 4)

    scene.relay.disk(takes=False)
    say("OUTAGE: the disk takes nothing more, and nobody sends anything")
    scene.fires(["HrisRelayLogUnreachable relay-0"], 40)
    scene.fires(["HrisRelayLogUnreachable relay-0", "HrisRelayNotReady receiver"], 30)
    scene.relay.disk(takes=True)
    say("mended: the disk takes it again")
    scene.resolves(30)

    scene.relay.end(kill=True)
    say("OUTAGE: the relay is killed")
    scene.fires(["HrisRelayRosterMissing roster"], 30)
    scene.start_relay()
    say("mended: the relay is back")
    scene.resolves(30)
    scene.waits_for("applied", 4)

    groups = scene.api("rules")["groups"]
    unwell = [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]
    if unwell:
        raise Failed(f"Prometheus cannot evaluate {unwell}")
    for part in reversed(list(running)):
        part.end()
        if part.name == "relay" and part.process.returncode != 0:
            raise Failed(f"the relay ended with {part.process.returncode}")


def main():
    relay, rules = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).read_text()
    with tempfile.TemporaryDirectory(prefix="hris-relay-prometheus-") as folder:
        folder = Path(folder)
        try:
            play(Scene(relay, rules, folder))
        except (Failed, subprocess.CalledProcessError) as failed:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}\n" + "\n".join(log.read_text().splitlines()[-25:]), file=sys.stderr)
            print(f"== prometheus: FAILED: {failed}", file=sys.stderr)
            return 1
        finally:
            for part in reversed(list(running)):
                part.end(kill=True)
    say("every alert that had to fire did, no other did, and all resolved")
    return 0


if __name__ == "__main__":
    sys.exit(main())
