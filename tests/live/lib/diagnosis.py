# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger diagnose --json`: what it advises, and what always holds of it."""
import json
import re
import time

from tracer import Tracer, hooks, tcplinger

ADVICE_KEYS = ["type", "time", "rule", "severity", "about", "evidence", "text", "helps",
               "does_not_help", "commands"]
TEMPLATE = re.compile(r"\{[a-z_|]+\}")  # which nobody has filled in
SEVERITIES = ["critical", "warning", "info"]
HIDDEN = "kernel_hides"  # is nobody's fault


class Diagnosis:
    """Of the objects that were printed."""

    def __init__(self, objects):
        self.advice = [o for o in objects if o["type"] == "advice"]
        [self.end] = [o for o in objects if o["type"] == "diagnosis"]
        self.check()

    def check(self):
        ranks = [SEVERITIES.index(advice["severity"]) for advice in self.advice]
        assert ranks == sorted(ranks), "the gravest comes first"
        found = {severity: sum(advice["severity"] == severity for advice in self.advice)
                 for severity in SEVERITIES}
        assert self.end["found"] == found
        for advice in self.advice:
            assert list(advice) == ADVICE_KEYS
            said = [advice["text"], *advice["helps"], *advice["does_not_help"], *advice["commands"]]
            assert all(said) and not any(TEMPLATE.search(words) for words in said), said
        unknown = {unknown["rule"] for unknown in self.end["unknown"]}
        assert not unknown & {advice["rule"] for advice in self.advice}

    def rules(self, *severities):
        """Which fired, what is hidden aside."""
        return {advice["rule"] for advice in self.advice if advice["rule"] != HIDDEN
                and (not severities or advice["severity"] in severities)}

    def grave(self):
        return self.rules("critical", "warning")

    def unknown(self):
        return {unknown["rule"]: unknown["why"] for unknown in self.end["unknown"]}

    def all(self, rule):
        return [advice for advice in self.advice if advice["rule"] == rule]

    def one(self, rule, severity=None):
        """The only advice of a rule."""
        found = self.all(rule)
        assert len(found) == 1, (rule, json.dumps(self.advice, indent=1))
        if severity:
            assert found[0]["severity"] == severity, found[0]
        return found[0]

    def evidence(self, rule, severity=None):
        return self.one(rule, severity)["evidence"]


class Watching(Tracer):
    """One that runs until it is told to end."""

    command = "diagnose"

    def __init__(self, *arguments, **options):
        options.setdefault("interval", ())
        super().__init__("-d", "120", *arguments, **options)
        self.ready = time.monotonic()

    def end(self, least_s=0):
        """Not before it has watched for so long: a second says little of a rate."""
        time.sleep(max(0, self.ready + least_s - time.monotonic()))
        assert self.stop() == 0, self.stderr()
        return Diagnosis(self.objects)


def diagnose(space, *arguments, seconds=1):
    """What it says of a namespace after so long."""
    status, diagnosis, _ = diagnose_status(space, *arguments, seconds=seconds)
    assert status == 0
    return diagnosis


def diagnose_status(space, *arguments, seconds=1):
    """(exit status, diagnosis, stderr)"""
    result = tcplinger("diagnose", "--json", "-d", str(seconds), "--netns", space.name,
                       *hooks("diagnose", arguments), *arguments, timeout=30 + seconds)
    assert result.returncode in (0, 4), result.stderr
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    return result.returncode, Diagnosis(objects), result.stderr


def is_place(place, **expected):
    """Of a destination or a service: the members that are named."""
    return place is not None and all(place[key] == value for key, value in expected.items())
