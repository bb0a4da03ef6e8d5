#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""run.py FOLDER PREFIX BINARY...: runs unit tests; each leaves FOLDER/PREFIX-NAME.xml. A binary
that ends otherwise than cmocka ends it (a sanitizer, a signal, a leak) is a failure of its own."""

import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import junit
from steady import launcher

TIMEOUT_S = 300


def run(binary, path, prefix):
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="xml", CMOCKA_XML_FILE=path)
    try:
        done = subprocess.run(prefix + [binary], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
        status, text = done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        status, text = f"none within {TIMEOUT_S} s", expired.stdout or b""
    cases = junit.read(path) if os.path.exists(path) else []
    failed = junit.count(cases, junit.FAILED)
    if status != failed or not cases:  # cmocka's exit status is the number of failures
        beside = path[:-len(".xml")] + "-exit.xml"
        text = text.decode(errors="backslashreplace")
        junit.write(beside, "ends_as_a_program_should", junit.FAILED,
                    f"exit status {status}\n{text}")
        cases += junit.read(beside)
    return cases


def main(folder, prefix, binaries):
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, glob.escape(prefix) + "-*.xml")):
        os.unlink(old)
    steady, cases = launcher(), []
    for binary in binaries:
        name = os.path.basename(binary).removeprefix("test_").replace("_", "-")
        cases += run(binary, os.path.join(folder, f"{prefix}-{name}.xml"), steady)
    junit.print_failures(cases)
    print(f"{prefix}: {junit.totals(cases)}", flush=True)
    return 1 if junit.count(cases, junit.FAILED) or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
