# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger serve` on a port of its own, and what it is asked for."""
import http.client
import re
import time

from tracer import PATIENCE_S, Tracer

SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def unescaped(value):
    return re.sub(r'\\.', lambda found: UNESCAPED[found.group()], value)


def parsed(text):
    """{(family, frozenset of labels): value}; a series that is there twice is none."""
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = SAMPLE.match(line).groups()
        found = [(key, unescaped(value)) for key, value in LABEL.findall(labels or "")]
        key = (name, frozenset(found))
        assert key not in samples and len(dict(found)) == len(found), line
        samples[key] = float(value)
    return samples


class Metrics(dict):
    """metrics("time_waits_total", direction="out"): the sum of what has these labels."""

    def series(self, name, **labels):
        return {key: value for key, value in self.items()
                if key[0] == "tcplinger_" + name and set(labels.items()) <= key[1]}

    def __call__(self, name, **labels):
        return sum(self.series(name, **labels).values())


class Serve(Tracer):
    command = "serve"

    def __init__(self, *arguments, space=None, **options):
        if not any(str(word).startswith(("--web.listen-address", "--textfile")) for word in arguments):
            arguments = ("--web.listen-address", "127.0.0.1:0", *arguments)
        super().__init__(*arguments, space=space, json_lines=False, **options)

    @property
    def urls(self):
        return re.findall(r"tcplinger: (https?)://(\S+):(\d+)$", self.stderr(), re.MULTILINE)

    @property
    def port(self):
        return int(self.urls[0][2])

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def get(self, path, method="GET", body=None, **headers):
        """(response, body); `Accept_Encoding="gzip"`."""
        connection = self.connection()
        connection.request(method, path, body=body,
                           headers={key.replace("_", "-"): value for key, value in headers.items()})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data

    def metrics(self):
        response, body = self.get("/metrics")
        assert response.status == 200
        return Metrics(parsed(body.decode("utf-8", "strict")))

    def await_metrics(self, condition, limit=PATIENCE_S):
        """Until condition(metrics) is true; the metrics."""
        deadline = time.monotonic() + limit
        while True:
            metrics = self.metrics()
            if condition(metrics):
                return metrics
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {limit} s; there is\n"
                                     + "\n".join(f"{key} {value}" for key, value in metrics.items()))
            time.sleep(0.05)
