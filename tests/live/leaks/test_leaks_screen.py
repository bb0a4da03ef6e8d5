# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a person sees of `leaks`: a table that stays, in 120 columns."""
import re

import pytest

import closewait
from screen import CLEAR, COLOR, COLUMNS, LONG, Screen, pages, width
from tracer import refused, tcplinger


@pytest.fixture
def screen(make, space):
    if refused():
        pytest.skip(refused())

    def begin(*arguments, **options):
        shown = Screen(space, *arguments, command="leaks", **options)
        make.stack.callback(shown.close)
        return shown
    return begin


def text_once(space, *arguments):
    """Of sockets of any age, unless --age is given."""
    age = () if "--age" in arguments else ("--age", "0")
    result = tcplinger("leaks", "--once", *age, "--netns", space.name, *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def row_line(text, pid):
    found = [line for line in text.splitlines() if line.split()[:1] == [str(pid)]]
    assert len(found) == 1, text
    return found[0]


def test_redraws_and_is_never_wider_than_the_terminal(make, space, screen, client):
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    servers = [make.actor(space, comm=c) for c in ("漢字漢字漢".encode(), b"\x1b[31m\n\xff",
                                                    b"fifteen--bytes-")]
    shown = screen("-v", "--age", "0.1")
    for i, server in enumerate(servers):
        closewait.stall(space, client, server, address=LONG if i % 2 else "127.0.0.1",
                        unread=5000)
        closewait.leak(space, client, server, address=LONG)
    shown.read(lambda text: text.count("mixed") >= 3 and text.count(CLEAR) >= 5)
    for page in pages(shown):
        for line in page:
            assert width(line) <= COLUMNS, line
    assert "\x1b[31m\n" not in shown.text


def test_page_is_no_longer_than_the_screen(make, space, screen, client):
    servers = [make.actor(space) for _ in range(6)]
    for server in servers:
        closewait.leak(space, client, server)
    shown = screen(lines=10)
    shown.read(lambda text: text.count(CLEAR) >= 3 and "more rows" in text)
    for page in pages(shown)[1:-1]:
        assert len(page) <= 10, page


def test_row_and_sentence(space, client, server, source):
    closewait.leak(space, client, server)
    text = text_once(space, *source)
    lines = text.splitlines()
    assert "1 sockets in CLOSE_WAIT" in lines[0] or "1 socket in CLOSE_WAIT" in lines[0]
    assert lines[1].split() == ["PID", "PROCESS", "CLOSE_WAIT", "OLDEST", "GROWTH/S", "FDS",
                                "LIMIT", "VERDICT"]
    fields = row_line(text, server.pid).split()
    assert fields[1:3] == ["python3", "1"] and fields[-1] == "leak"
    sentence = lines[lines.index(row_line(text, server.pid)) + 1]
    assert "an answer may still come" in sentence and "descriptors" in sentence
    assert sentence.endswith(f"; 1 at 127.0.0.1:{server('port(l)')}")
    assert max(map(width, lines[:3])) <= COLUMNS  # sentences are wrapped on a terminal alone


SENTENCES = {"stall": "does not read: 1000 bytes", "idle-pool": "idle pool",
             "not-reading": "end of file", "half-closed": "legal", "backlog": "does not accept"}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_verdict_has_its_sentence(space, client, server, name):
    scenario, _, verdict = closewait.SCENARIOS[name]
    who, _ = scenario(space, client, server)
    text = text_once(space)
    assert row_line(text, who.pid).split()[-1] == verdict
    assert SENTENCES[name] in text


def test_transient_and_none_left(make, space, screen, client, server):
    shown = screen("--age", "30")
    closewait.leak(space, client, server)
    shown.read(lambda text: "nothing to say yet" in text)
    server("s.close(); kept.remove(s)")
    shown.read(lambda text: "none left" in text)


def test_verbose_lists_the_sockets(make, space, client, server, source):
    for _ in range(12):
        closewait.stall(space, client, server, unread=7)
    server("w = Child('')")
    text = text_once(space, "-v", "--pid", str(server.pid), *source)
    mine = [line for line in text.splitlines() if "unread_data" in line]
    assert len(mine) in (10, 20)  # the child's row may be shown beside it
    assert all("7 unread" in line and f'pid {server("w.pid")} fd' in line for line in mine[:10]) or \
        all("7 unread" in line for line in mine)
    assert "and 2 younger ones" in text
    assert re.search(r" \d+\.\ds unread_data", mine[0])
    server("w.release(); w.stop()")


def test_limit_says_what_is_left_out(make, space, client):
    for _ in range(3):
        closewait.leak(space, client, make.actor(space))
    assert "... and 2 more rows (--limit)" in text_once(space, "--limit", "1")


def test_color_only_where_wanted(space, client, server):
    closewait.leak(space, client, server)
    assert "\x1b[" in text_once(space, "--color", "always")
    assert "\x1b[" not in text_once(space)
    assert "\x1b[" not in text_once(space, "--color", "never")
    assert COLOR.sub("", text_once(space, "--color", "always")).count("leak") == 1


def test_by_comm_names_the_group(make, space, client):
    server = make.actor(space, comm=b"leak test")
    closewait.leak(space, client, server)
    text = text_once(space, "--by", "comm")
    assert [line for line in text.splitlines() if line.strip().startswith("leak test")]


def test_empty_is_still_a_table(space, source):
    text = text_once(space, *source)
    assert "0 sockets in CLOSE_WAIT" in text and "VERDICT" in text
