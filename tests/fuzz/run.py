#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""run.py FOLDER BINARY...: a short run of each libFuzzer target, the same each time; each leaves
FOLDER/fuzz-NAME.xml. run.py FOLDER --skip REASON NAME...: says why they were not run."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import junit
from steady import launcher

RUNS = 20000
SECONDS = 15  # each; the runs take less
LAST_LINES = 60


def name_of(binary):
    return os.path.basename(binary).removeprefix("fuzz_")


def run(binary, path, crashes):
    """New inputs go to a scratch folder, so that every run begins with the same corpus."""
    corpus = os.path.join(HERE, "corpus", name_of(binary))
    scratch = tempfile.mkdtemp(prefix="tcplinger-fuzz-")
    command = launcher() + [binary, f"-runs={RUNS}", f"-max_total_time={SECONDS}", "-seed=1",
                            "-timeout=5", f"-artifact_prefix={crashes}/", scratch]
    if os.path.isdir(corpus):
        command.append(corpus)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    shutil.rmtree(scratch)
    text = "\n".join(done.stdout.decode(errors="backslashreplace").splitlines()[-LAST_LINES:])
    outcome = junit.FAILED if done.returncode else junit.PASSED
    junit.write(path, "no_input_breaks_it", outcome, text)


def main(folder, arguments):
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "fuzz-*.xml")):
        os.unlink(old)
    skip = arguments[1] if arguments[:1] == ["--skip"] else None
    cases = []
    for binary in arguments[2:] if skip else arguments:
        path = os.path.join(folder, f"fuzz-{name_of(binary)}.xml")
        if skip:
            junit.write(path, "no_input_breaks_it", junit.SKIPPED, skip)
        else:
            run(binary, path, os.path.dirname(binary))
        cases += junit.read(path)
    junit.print_failures(cases)
    print(f"fuzz: {junit.totals(cases)}" + (f" ({skip})" if skip else ""), flush=True)
    return 1 if junit.count(cases, junit.FAILED) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
