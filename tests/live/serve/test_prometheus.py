# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A real Prometheus scrapes it: what it has then, which alerts fire, what the dashboard shows."""
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

import closewait
from tracer import PATIENCE_S, ROOT
from traffic import Pair

RULES = os.path.join(ROOT, "contrib", "prometheus", "tcplinger.rules.yml")
DASHBOARD = os.path.join(ROOT, "contrib", "grafana", "tcplinger.json")
LIMIT_S = 2 * PATIENCE_S
CONFIG = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: tcplinger
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Prometheus:
    def __init__(self, folder, port):
        if not shutil.which("prometheus"):
            pytest.skip("no prometheus (package prometheus)")
        with open(RULES, encoding="utf-8") as file:
            rules = file.read()
        # what is to last for minutes lasts for a moment here
        (folder / "rules.yml").write_text(re.sub(r"^( +for:) .*$", r"\1 1s", rules, flags=re.MULTILINE))
        (folder / "prometheus.yml").write_text(CONFIG.format(port=port))
        check = subprocess.run(["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True,
                               text=True, timeout=30)
        assert check.returncode == 0, check.stdout + check.stderr
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=subprocess.STDOUT)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def ask(self, path, **arguments):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            return json.load(response)["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def wait(self, condition, what):
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                value = condition()
            except OSError:
                value = None
            if value:
                return value
            assert time.monotonic() < deadline, f"waited for {what}: {self.state()}"
            time.sleep(0.2)

    def state(self):
        try:
            return [self.ask("targets")["activeTargets"], self.alerts()]
        except OSError as error:
            return error

    def alerts(self):
        return {alert["labels"]["alertname"]: alert["labels"] for alert in self.ask("alerts")["alerts"]
                if alert["state"] == "firing"}


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def start(serve):
        started.append(Prometheus(tmp_path, serve.port))
        return started[0]
    yield start
    for one in started:
        one.close()


def value(prometheus, expression):
    result = prometheus.query(expression)
    return float(result[0]["value"][1]) if result else None


def test_it_has_what_happened_and_is_silent(make, space, client, server, prometheus):
    serve = make.serve("--age", "1", space=space)
    scraper = prometheus(serve)
    scraper.wait(lambda: value(scraper, 'up{job="tcplinger"}') == 1, "a scrape")
    for _ in range(5):
        Pair(client, server).client_closes()
    scraper.wait(lambda: value(scraper, "sum(tcplinger_time_waits_total)") == 5, "five TIME_WAITs")
    assert value(scraper, 'sum(tcplinger_connected_seconds_bucket{le="+Inf"})') == 10
    # it asks for OpenMetrics, and has the same names
    assert value(scraper, 'sum(tcplinger_connections_closed_total{closed_first="true"})') == 5
    assert scraper.ask("targets")["activeTargets"][0]["lastError"] == ""
    assert scraper.alerts() == {}


def trouble(make, space, client, server):
    """A leak, ports that run out, a listener that does not accept."""
    closewait.leak(space, client, server)
    closewait.leak(space, client, server)
    closewait.leak(space, client, server)
    Pair(client, server).client_closes()
    dialer, listener = make.actor(space, comm=b"dialer"), make.actor(space, comm=b"listener")
    deaf, caller = make.actor(space, comm=b"deaf"), make.actor(space, comm=b"caller")
    listener("l = listen(backlog=64)")
    deaf("l = listen(backlog=2)")
    space.sysctl(ip_local_port_range="40000 40009")
    dialer(f"kept = exhaust(connect, '127.0.0.1', {listener('port(l)')})")
    caller(f"kept = [begin('127.0.0.1', {deaf('port(l)')}) for _ in range(8)]")
    return [dialer, listener, deaf, caller]


def test_alerts_fire_and_the_dashboard_has_data(make, space, client, server, prometheus):
    serve = make.serve("--age", "0.2", space=space)
    scraper = prometheus(serve)
    scraper.wait(lambda: value(scraper, 'up{job="tcplinger"}') == 1, "a scrape")
    actors = trouble(make, space, client, server)
    expected = {"TcpCloseWaitLeak", "TcpPortsNear", "TcpPortsFail", "TcpAcceptQueueFull", "TcpConnectsUnanswered"}
    scraper.wait(lambda: expected <= set(scraper.alerts()), f"alerts {expected}")
    alerts = scraper.alerts()
    assert alerts["TcpPortsFail"]["comm"] == "dialer"
    assert alerts["TcpPortsFail"]["cause"] == "range_exhausted"
    assert alerts["TcpAcceptQueueFull"]["comm"] == "deaf"
    assert actors
    check_dashboard(scraper)


def targets(panels):
    for panel in panels:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))
        yield from targets(panel.get("panels", []))


def check_dashboard(scraper):
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    queries = list(targets(dashboard["panels"]))
    assert len(queries) > 15
    for title, query in queries:
        query = query.replace("$__rate_interval", "1m").replace("$job", ".*").replace("$instance", ".*")
        scraper.wait(lambda query=query: scraper.query(query), f"data of {title}: {query}")
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            label = re.match(r"label_values\(.*, (\w+)\)$", variable["query"]).group(1)
            assert scraper.ask(f"label/{label}/values"), variable["name"]
