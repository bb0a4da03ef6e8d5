# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a person sees of `timewait`: a table with histograms below it, in 80 columns and in 120."""
import re

import pytest

from screen import CLEAR, COLOR, COLUMNS, LONG, Screen, pages, width
from timewaits import complaints
from tracer import refused, tcplinger
from traffic import Pair

HOSTILE = [b"\x1b[31m\n\xff", "漢字漢字漢".encode(), b"fifteen--bytes-"]


@pytest.fixture
def screen(make, space):
    if refused():
        pytest.skip(refused())

    def begin(*arguments, **options):
        shown = Screen(space, *arguments, command="timewait", **options)
        make.stack.callback(shown.close)
        return shown
    return begin


def row_of(text, pid):
    """(the row of a process, the sentence below it), as they were last shown."""
    lines = text.splitlines()
    found = [i for i, line in enumerate(lines) if line.split()[:1] == [str(pid)]]
    assert found, text
    return lines[found[-1]], lines[found[-1] + 1]


def check_widths(shown, columns):
    for page in pages(shown):
        for line in page:
            assert width(line) <= columns, line


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("details", [[], ["-v"]], ids=["plain", "verbose"])
def test_never_wider_than_the_terminal(make, space, screen, server, columns, details):
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    shown = screen(*details, columns=columns, lines=200)
    for comm in HOSTILE:
        client = make.actor(space, comm=comm)
        Pair(client, server, LONG).client_closes()
        Pair(client, server, "127.0.0.1")
        client("w = Child('c.close()')")
        client("c.close(); w.release(); w.stop()")
        server("drain(s); s.close()")
    space.run("ss", "-K", "state", "time-wait", "dst", "127.0.0.1")
    shown.read(lambda text: "3 sockets in TIME_WAIT" in text and "1 destroyed" in text)
    seen = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) > seen + 1)
    check_widths(shown, columns)
    assert "\x1b[31m\n" not in shown.text and "\\x1b[31m\\x0a\\xff" in shown.text


@pytest.mark.parametrize("lines, details", [(8, []), (24, []), (24, ["-v"])],
                         ids=["8", "24", "24-verbose"])
def test_page_is_no_longer_than_the_screen(make, space, screen, server, lines, details):
    shown = screen(*details, lines=lines, columns=80)
    for _ in range(12):
        Pair(make.actor(space), server).client_closes()
    shown.read(lambda text: "12 sockets in TIME_WAIT" in text and "more rows" in text)
    seen = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) > seen + 1)
    for page in pages(shown)[1:-1]:
        assert len(page) <= lines, page


def test_row_sentence_and_histograms(space, screen, client, server):
    pair = Pair(client, server)
    shown = screen(lines=50)
    for _ in range(2):
        pair.client_closes()
        pair.connect()
    space.run("ss", "-K", "state", "time-wait")
    pair.client_closes()
    shown.read(lambda text: "2 destroyed" in text and "1 socket in TIME_WAIT" in text)
    seen = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) > seen + 1)
    text = COLOR.sub("", "\n".join(pages(shown)[-2]))  # the last that is whole
    row, sentence = row_of(text, client.pid)
    fields = row.split()
    assert fields[:4] == [str(client.pid), "python3", "to", f"127.0.0.1:{pair.port}"]
    assert fields[4] == "1" and fields[6] == "100%"
    assert sentence.split()[:2] == ["2", "ended:"] and "2 destroyed" in sentence
    assert "DESTINATION / SERVICE" in text
    # of both ends; the first one was older than the tool, how long it was up is not known
    assert re.search(r"connected until the first FIN: 4, half within \S+, 99 % within \S+", text)
    assert re.search(r"in TIME_WAIT: 2, half within", text)
    assert re.search(r"0 - \d+\S* +\|#{40}\| 2", text)


def test_verbose_shows_the_histograms_of_each_row(make, space, screen, server):
    shown = screen("-v", lines=80)
    for _ in range(2):
        Pair(make.actor(space), server).client_closes()
    shown.read(lambda text: "2 sockets in TIME_WAIT" in text)
    seen = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) > seen + 1)
    page = "\n".join(pages(shown)[-2])
    assert len(re.findall(r"connected until the first FIN: 1, ", page)) == 2


def test_older_than_the_tool_is_said(space, screen, client, server):
    Pair(client, server).client_closes()
    shown = screen()
    shown.read(lambda text: "1 older than tcplinger: who made them is not known; gone within" in text)
    shown.read(lambda text: "1 older than tcplinger" in text)


def test_refusals_stand_out(space, screen, client, server):
    space.sysctl(tcp_max_tw_buckets=1)
    shown = screen("--color", "always")
    pair = Pair(client, server)
    for _ in range(3):
        pair.client_closes()
        pair.connect()
    shown.read(lambda text: "2 REFUSED (tcp_max_tw_buckets)" in text.replace("\r\n", " "))
    assert "\x1b[31m" in shown.text


def test_duration_ends_with_the_summary(space, client, server, tmp_path):
    if refused():
        pytest.skip(refused())
    Pair(client, server).client_closes()
    result = tcplinger("timewait", "-d", "0.3", "-i", "0.1", "--netns", space.name)
    assert result.returncode == 0 and complaints(result.stderr) == []
    lines = result.stdout.splitlines()
    assert max(map(width, lines)) <= COLUMNS and "\x1b" not in result.stdout
    summary = [i for i, line in enumerate(lines) if re.match(r"in \d+\.\d s: ", line)]
    assert len(summary) == 1
    assert lines[summary[0]].endswith(": 0 connections closed, 0 by this side first")
    assert [line.strip() for line in lines[summary[0] + 1:]] == \
        ["0 entered TIME_WAIT (0.0/s), 0 refused, at least 0 rearmed", "0 ended"]


def test_summary_counts_the_interval(make, space, screen, client, server):
    shown = screen(lines=50, columns=80)
    pair = Pair(client, server)
    for _ in range(3):
        pair.client_closes()
        pair.connect()
    shown.read(lambda text: "3 sockets in TIME_WAIT" in text)
    shown.process.terminate()
    shown.read(lambda text: re.search(
        r"in \d+\.\d s: 6 connections closed, 3 by this side first\s+"
        r"3 entered TIME_WAIT \(\d+\.\d/s\), 0 refused, at least 0 rearmed\s+0 ended\s", text))
    check_widths(shown, 80)


def test_once_has_no_summary_and_is_a_table_though_empty(space, source):
    result = tcplinger("timewait", "--once", "--netns", space.name, *source)
    assert result.returncode == 0
    assert "0 sockets in TIME_WAIT" in result.stdout and "DESTINATION" in result.stdout
    assert "entered TIME_WAIT" not in result.stdout
    [note] = result.stderr.splitlines()
    assert "owners are known only" in note and "older ones at a port that somebody listens at" in note


def test_limit_says_what_is_left_out(space, client, server, source):
    for port in (5001, 5002, 5003):
        Pair(client, server, port=port).client_closes()
    result = tcplinger("timewait", "--once", "--limit", "1", "--netns", space.name, *source)
    assert "... and 2 more rows (--limit)" in result.stdout
