# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs in the guest: the tests that /plan names. A line of JSON for each goes out over the second
serial port, so that those before a crash are known."""
import json
import os
import sys
import termios

import pytest

RESULTS = "/dev/ttyS1"


class Report:
    def __init__(self, port):
        self.port = port

    def send(self, **line):
        self.port.write(json.dumps(line).encode() + b"\n")
        self.port.flush()

    def pytest_runtest_logstart(self, nodeid):
        self.send(begun=nodeid)

    def pytest_runtest_logreport(self, report):
        # set-up and tear-down are silent if nothing happens there
        if report.when == "call" or report.outcome != "passed":
            self.send(test=report.nodeid, outcome=report.outcome, seconds=report.duration,
                      message=message(report))

    def pytest_collectreport(self, report):
        if report.failed:
            self.send(test=report.nodeid, outcome="failed", seconds=0, message=message(report))


def message(report):
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext


def main():
    with open("/plan", encoding="utf-8") as file:
        arguments = json.load(file)
    os.chdir("/tcplinger/tests")
    with open(RESULTS, "wb") as port:
        report = Report(port)
        status = pytest.main(["-p", "no:cacheprovider", "-q", "--color=no", "--tb=short", *arguments],
                             plugins=[report])
        report.send(finished=int(status))
        termios.tcdrain(port)


if __name__ == "__main__":
    sys.exit(main())
