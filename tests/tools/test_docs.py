# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every command line that README.md and docs/ show is one that tcplinger understands: each is read by
its parser, with --help behind it, so that nothing is run."""
import glob
import os
import re
import shlex
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("TCPLINGER") or os.path.join(ROOT, "build", "tcplinger")
DOCS = [*sorted(glob.glob(os.path.join(ROOT, "README*.md"))),
        *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]
COMMANDS = ("diagnose", "trace", "leaks", "timewait", "ports", "opening", "closing", "top",
            "record", "export", "report", "serve", "doctor")

# at the beginning of a line of a block, or in its last column
IN_BLOCK = re.compile(r"(?:^|\s\s)(?:\$ )?(?:sudo )?(tcplinger(?: .*)?)$")
IN_SPAN = re.compile(r"(?:sudo )?(tcplinger(?: .*)?)$")
OPTIONS_ALONE = re.compile(rf"({'|'.join(COMMANDS)}) -.*$")  # `leaks --once`
# what a place holder, or a thing that only the reader has, stands for
STAND_INS = {"PID": "1", "SECONDS": "1", "KIB": "4096", "PATH": "/tmp/x", "FILE": "/tmp/x", "N": "5"}
OF_THE_READER = {"--netns": "/proc/self/ns/net", "--cgroup": "/"}


def lines_of(text):
    """The command lines of a page: of blocks, then of code spans, which may go on in the next line."""
    block = re.compile(r"^(?: {4,}|\t).*$", re.MULTILINE)
    for line in block.findall(text):
        found = IN_BLOCK.search(line.strip(" \t"))
        if found:
            yield found.group(1)
    for span in re.findall(r"`([^`]+)`", block.sub("", text)):
        span = " ".join(span.split())
        found = IN_SPAN.match(span)
        if found:
            yield found.group(1)
        elif OPTIONS_ALONE.match(span):
            yield "tcplinger " + span


def expanded(words):
    """COMMAND is each of them, a|b is each of these."""
    for i, word in enumerate(words):
        choices = COMMANDS if word == "COMMAND" else word.split("|")
        if len(choices) > 1:
            for choice in choices:
                yield from expanded([*words[:i], choice, *words[i + 1:]])
            return
    yield words


def arguments(line):
    """Of what follows `tcplinger`, up to the shell's own signs."""
    line = re.split(r" (?:\||>|&|\.\.\.)", line)[0]
    for words in expanded(shlex.split(line, comments=True)[1:]):
        yield [OF_THE_READER.get(before, STAND_INS.get(word, word))
               for before, word in zip(["", *words], words)]


def shown():
    found = {}
    for path in DOCS:
        with open(path, encoding="utf-8") as file:
            for line in lines_of(file.read()):
                found.setdefault(line, os.path.basename(path))
    return found


def parse(words):
    if not os.access(BINARY, os.X_OK):
        pytest.skip(f"{BINARY} is not built")
    end = words.index("--") if "--" in words else len(words)
    words = [*words[:end], "--help", *words[end:]]
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=10)


@pytest.mark.parametrize("line, page", shown().items())
def test_a_line_of_the_docs_is_understood(line, page):
    for words in arguments(line):
        done = parse(words)
        assert done.returncode == 0, f"{page}: {line}: {done.stderr}"
        assert done.stdout.startswith(("Usage: tcplinger", "用法：tcplinger")) and not done.stderr


def test_every_command_is_shown():
    first = {words[0] for line in shown() for words in arguments(line) if words}
    assert first >= set(COMMANDS)
    done = parse([])
    listed = re.findall(r"^  ([a-z]+) {2,}", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("command", ["leaks", "timewait", "ports", "opening", "closing"])
def test_json_md_lists_what_a_row_is_sorted_by(command):
    figures = parse([command]).stdout.split("Figures of a row")[1]
    with open(os.path.join(ROOT, "docs", "json.md"), encoding="utf-8") as file:
        [said] = re.findall(rf"\(`{command}`\), one per .*?`--sort`: (.*?)(?:;|\.\n)", file.read(), re.DOTALL)[:1]
    assert sorted(re.findall(r"`(\w+)`", said)) == sorted(re.findall(r"^  (\w+) ", figures, re.MULTILINE))


def test_lines_are_found_where_they_are():
    text = ("`tcplinger`, and `sudo tcplinger\nleaks -v`; `leaks --once`; `leaks`; `tcplinger: no`\n\n"
            "    $ sudo tcplinger trace -4 | head    # four\n    tcplinger: this kernel refuses\n"
            "    who, and why:      tcplinger ports\n    User=tcplinger\n    setcap =ep tcplinger\n")
    assert list(lines_of(text)) == [
        "tcplinger trace -4 | head    # four", "tcplinger ports",
        "tcplinger", "tcplinger leaks -v", "tcplinger leaks --once"]
    assert list(arguments("tcplinger trace -4 | head    # four")) == [["trace", "-4"]]
    assert list(arguments("tcplinger leaks --by pid|comm --netns shop")) == [
        ["leaks", "--by", "pid", "--netns", "/proc/self/ns/net"],
        ["leaks", "--by", "comm", "--netns", "/proc/self/ns/net"]]


@pytest.mark.parametrize("line", ["tcplinger nosuch", "tcplinger trace --once", "tcplinger trace --by comm",
                                  "tcplinger leaks --age", "tcplinger leaks --hooks kprobe"])
def test_what_is_not_understood_is_told(line):
    for words in arguments(line):
        assert parse(words).returncode == 2
