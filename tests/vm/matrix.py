# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The table: a row for each boot, a column for each file of tests."""
import os
import re

import junit

LETTERS = ((junit.FAILED, "F"), (junit.SKIPPED, "s"))


def file_of(case):
    found = re.match(r"(?:.*/)?test_(\w+)\.py", case.name)
    return found[1] if found else case.name


def cell(cases):
    """How many passed, then F and how many failed, s and how many were skipped."""
    counts = [(junit.count(cases, outcome), letter) for outcome, letter in LETTERS]
    marks = " ".join(f"{letter}{count}" for count, letter in counts if count)
    return f"{junit.count(cases, junit.PASSED)} {marks}".strip() if cases else ""


def rows(results):
    """results: {Boot: (cases, seconds)}"""
    files = list(dict.fromkeys(file_of(case) for cases, _ in results.values() for case in cases))
    yield ["kernel", "hooks", *files, "seconds"]
    for boot, (cases, seconds) in results.items():
        yield [boot.name, boot.hooks,
               *(cell([c for c in cases if file_of(c) == name]) for name in files),
               f"{seconds:.0f}"]


def text(results):
    table = list(rows(results))
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    return os.linesep.join(lines)
