#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""summarize.py FOLDER: adds up every JUnit XML file of it. Failures and what was skipped first; the
last line is "N passed, N failed, N skipped". Exits 1 if a test failed or none ran."""

import glob
import os
import sys

import junit


def print_skipped(cases):
    reasons = {}
    for case in cases:
        if case.outcome == junit.SKIPPED:
            reasons.setdefault((case.suite, case.message or "no reason given"), []).append(case)
    for (suite, reason), skipped in reasons.items():
        print(f"SKIPPED {suite} ({len(skipped)}): {reason}")


def main(folder):
    paths = sorted(glob.glob(os.path.join(folder, "**", "*.xml"), recursive=True))
    cases = [case for path in paths for case in junit.read(path)]
    junit.print_failures(cases)
    print_skipped(cases)
    print(junit.totals(cases), flush=True)
    ran = junit.count(cases, junit.PASSED)
    return 1 if junit.count(cases, junit.FAILED) or not ran else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: summarize.py FOLDER")
    sys.exit(main(sys.argv[1]))
