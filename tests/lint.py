#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""lint.py FOLDER FLAG...: what can be found by looking at the tracked files: the format of C, gcc's
analyzer over user/ (with these FLAGs), shellcheck, pyflakes. Leaves FOLDER/lint.xml.

Another version of a tool has other opinions: where it is not the one that the tree is kept clean
with, or not there, its check is skipped, and says so."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import junit

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERSIONS = {"clang-format": 14, "gcc": 12}  # Debian 12's
TIMEOUT_S = 300


class Skip(Exception):
    """Why a check cannot be made here."""


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="backslashreplace",
                          timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout


def need(tool):
    if not shutil.which(tool):
        raise Skip(f"{tool} is not installed")
    if tool not in VERSIONS:
        return
    found = re.search(r"\b(\d+)\.\d+", run(tool, "--version")[1].splitlines()[0])
    if not found or int(found.group(1)) != VERSIONS[tool]:
        raise Skip(f"this {tool} is {found.group(1) if found else 'unknown'}, "
                   f"the tree is kept clean with {VERSIONS[tool]}")


def tracked():
    need("git")
    status, text = run("git", "ls-files", "-z")
    if status:
        raise Skip("no git checkout: which files are tracked is not known")
    return [name for name in text.split("\0") if name and os.path.exists(os.path.join(ROOT, name))]


def first_line(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.readline(80).decode(errors="replace")


def is_shell(name):
    if name.startswith("tests/fuzz/corpus/"):
        return False
    return name.endswith(".sh") or bool(re.match(r"#!.*\b(ba)?sh\b", first_line(name)))


def clang_format(files, _):
    need("clang-format")
    sources = [name for name in files if name.endswith((".c", ".h"))]
    return run("clang-format", "--dry-run", "-Werror", *sources)[1]


def analyzer(files, flags):
    """Only what has a .c is analysed: headers are, where they are included."""
    need("gcc")
    sources = [name for name in files if name.startswith("user/") and name.endswith(".c")]

    def analyze(name):
        status, text = run("gcc", "-fanalyzer", "-O1", *flags, "-c", name, "-o", "/dev/null")
        return text if status or "warning:" in text else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return "".join(pool.map(analyze, sources))


def shellcheck(files, _):
    need("shellcheck")
    return run("shellcheck", "--severity=warning", *filter(is_shell, files))[1]


def is_meant(line):
    """An import for others is marked, which pyflakes does not know; nor does it know fixtures, which
    are imported, and then asked for by name."""
    place = re.match(r"(.+?):(\d+):", line)
    if not place:
        return False
    with open(os.path.join(ROOT, place.group(1)), encoding="utf-8") as file:
        source = file.read().splitlines()
    again = re.search(r"redefinition of unused .* from line (\d+)", line)
    number = int(again.group(1) if again else place.group(2))
    return number <= len(source) and "# noqa" in source[number - 1]


def pyflakes(files, _):
    need("pyflakes3")
    text = run("pyflakes3", *(name for name in files if name.endswith(".py")))[1]
    return "\n".join(line for line in text.splitlines() if not is_meant(line))


def case_of(check, flags):
    """What a check has to say is what is wrong."""
    try:
        text = check(tracked(), flags).strip()
    except Skip as skip:
        return junit.Case("lint", check.__name__, junit.SKIPPED, str(skip))
    except subprocess.TimeoutExpired as expired:
        text = f"{expired.cmd[0]} did not end within {TIMEOUT_S} s"
    return junit.Case("lint", check.__name__, junit.FAILED if text else junit.PASSED, text)


def main(folder, flags):
    cases = [case_of(check, flags) for check in (clang_format, analyzer, shellcheck, pyflakes)]
    os.makedirs(folder, exist_ok=True)
    junit.write_all(os.path.join(folder, "lint.xml"), cases)
    junit.print_failures(cases)
    for case in cases:
        if case.outcome == junit.SKIPPED:
            print(f"SKIP {case.name}: {case.message}")
    print(f"lint: {junit.totals(cases)}", flush=True)
    return 1 if junit.count(cases, junit.FAILED) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
