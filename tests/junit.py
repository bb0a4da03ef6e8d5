# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""JUnit XML as far as the tests need it: what cmocka and pytest write is read, cases are written."""

import os
import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Case(NamedTuple):
    suite: str  # the name of the file, which tells plain from sanitized
    name: str
    outcome: str
    message: str


def harmless(text):
    """What XML cannot hold, made visible."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
                  lambda match: f"\\x{ord(match.group()):02x}", text)


def tree(path):
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        text = harmless(file.read())
    # cmocka puts messages into CDATA as they are: "]]>" in one ends it too early
    text = re.sub(r"\]\]>(?!</(failure|error)>)", "]] >", text)
    return ElementTree.fromstring(text)


def case_of(suite, element):
    name = element.get("name", "?")
    if element.get("classname"):
        name = f"{element.get('classname')}.{name}"
    for tag, outcome in (("failure", FAILED), ("error", FAILED), ("skipped", SKIPPED)):
        found = element.find(tag)
        if found is not None:
            parts = [found.get("message", ""), found.text or ""]
            return Case(suite, name, outcome, "\n".join(filter(None, parts)).strip())
    return Case(suite, name, PASSED, "")


def read(path):
    suite = os.path.splitext(os.path.basename(path))[0]
    try:
        return [case_of(suite, element) for element in tree(path).iter("testcase")]
    except (OSError, ElementTree.ParseError) as error:
        return [Case(suite, "results", FAILED, f"{path} cannot be read: {error}")]


def write_all(path, cases):
    suite = os.path.splitext(os.path.basename(path))[0]
    suites = ElementTree.Element("testsuites")
    element = ElementTree.SubElement(suites, "testsuite", name=suite, tests=str(len(cases)),
                                     failures=str(count(cases, FAILED)),
                                     skipped=str(count(cases, SKIPPED)))
    for case in cases:
        written = ElementTree.SubElement(element, "testcase", name=case.name)
        if case.outcome == FAILED:
            ElementTree.SubElement(written, "failure").text = harmless(case.message)
        elif case.outcome == SKIPPED:
            ElementTree.SubElement(written, "skipped", message=harmless(case.message))
    ElementTree.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def write(path, name, outcome, message=""):
    """A file with one case."""
    suite = os.path.splitext(os.path.basename(path))[0]
    write_all(path, [Case(suite, name, outcome, message)])


def count(cases, outcome):
    return sum(case.outcome == outcome for case in cases)


def totals(cases):
    return (f"{count(cases, PASSED)} passed, {count(cases, FAILED)} failed, "
            f"{count(cases, SKIPPED)} skipped")


def print_failures(cases):
    for case in cases:
        if case.outcome == FAILED:
            print(f"FAILED {case.suite}: {case.name}")
            for line in case.message.splitlines():
                print(f"    {line}")
