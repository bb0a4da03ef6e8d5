# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Lines of text: whole in a pipe, wrapped between words on a terminal; titles, and one of a thing."""
import re

import pytest

import closewait
from portsview import PORT
from screen import CLEAR, COLOR, LONG, Screen, width
from tracer import refused, tcplinger
from traffic import Pair

HOLDERS = 14  # more than are listed
CLOCK = re.compile(r"^\d\d:\d\d:\d\d  ")


def text(command, space, *arguments):
    young = ("--age", "0") if command in ("leaks", "closing") else ()
    result = tcplinger(command, "--once", *young, "--netns", space.name, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def title(command, space, *arguments):
    return CLOCK.sub("", text(command, space, *arguments).splitlines()[0])


@pytest.fixture
def crowded(space, client, server):
    """A socket with many holders, between long addresses."""
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    closewait.stall(space, client, server, address=LONG)
    server(f"w = [Child('') for _ in range({HOLDERS})]")
    yield server
    server("for child in w: child.release(); child.stop()")


def test_in_a_pipe_nothing_is_cut_or_wrapped(space, crowded, source):
    lines = text("leaks", space, "-v", "--limit", "1", *source).splitlines()
    assert not [line for line in lines if "~" in line]
    [socket] = [line for line in lines if "unread_data" in line]
    assert socket.count(f"[{LONG}]:") == 2
    [holders] = [line for line in lines if "also held by" in line]
    assert holders.count(" fd ") == 9 and holders.endswith(f" and {HOLDERS - 9} more")
    assert width(holders) > 120
    assert [line for line in lines if "does not read" in line and " descriptors; " in line]


def words(lines):
    return " ".join(COLOR.sub("", " ".join(lines)).split())


def test_on_a_terminal_the_same_words_are_wrapped(make, space, crowded):
    if refused():
        pytest.skip(refused())
    shown = Screen(space, "-v", "--age", "0", "--limit", "1", command="leaks", columns=80)
    make.stack.callback(shown.close)
    shown.read(lambda text: text.count(CLEAR) > 2 and "also held by" in text)
    page = shown.text.split(CLEAR)[-2].replace("\r\n", "\n").splitlines()
    assert max(map(width, page)) <= 80
    begin = next(i for i, line in enumerate(page) if "also held by" in line)
    end = next(i for i, line in enumerate(page) if line.endswith(" more"))
    assert end > begin and {len(line) - len(line.lstrip()) for line in page[begin:end + 1]} == {10}
    [whole] = [line for line in text("leaks", space, "-v", "--limit", "1").splitlines()
               if "also held by" in line]
    assert words(page[begin:end + 1]) == words([whole])


def test_trace_is_whole_in_a_pipe_and_wrapped_on_a_terminal(make, space, client, server):
    if refused():
        pytest.skip(refused())
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    tracer = make.tracer(space=space, json_lines=False)
    shown = Screen(space, columns=80)
    make.stack.callback(shown.close)
    Pair(client, server, LONG).client_closes()
    tracer.wait(lambda _: any(b"->TIME_WAIT" in line for line in tracer.lines))
    piped = [line.decode() for line in tracer.lines if b"->TIME_WAIT" in line]
    assert piped[0].count(f"[{LONG}]:") == 2
    shown.read(lambda text: "->TIME_WAIT" in text)
    assert max(map(width, shown.lines())) <= 80


def test_titles_count_what_is_shown(make, space, client, server, source):
    other = make.actor(space)
    for _ in range(3):
        closewait.leak(space, client, server)
    closewait.leak(space, client, other)
    assert title("leaks", space, *source) == "4 sockets in CLOSE_WAIT"
    assert title("leaks", space, "-p", str(other.pid), *source) == "1 of 4 sockets in CLOSE_WAIT"
    assert title("leaks", space, "-c", "nobody", *source) == "0 of 4 sockets in CLOSE_WAIT"
    port = str(other("port(l)"))
    assert title("leaks", space, "--lport", port, "-c", "nobody", *source) == \
        "0 of 1 socket in CLOSE_WAIT"
    assert title("leaks", space, "--lport", port, *source) == "1 socket in CLOSE_WAIT"


def test_titles_of_time_waits_and_destinations(space, client, server, source):
    pair = Pair(client, server)
    pair.client_closes()
    pair.connect()
    assert title("timewait", space, *source) == "1 socket in TIME_WAIT"
    assert title("timewait", space, "-c", "nobody", *source) == "0 of 1 socket in TIME_WAIT"
    assert title("ports", space, *source) == "1 destination"
    assert title("ports", space, "-c", "nobody", *source) == "0 of 1 destination"
    assert title("ports", space, "-p", str(client.pid), *source) == "1 of 1 destination"
    assert title("ports", space, "--rport", str(PORT), "-c", "nobody", *source) == \
        "0 of 0 destinations"


def test_a_running_view_counts_the_time_waits_of_others(make, space, client, server):
    waits = make.timewaits("-c", "nobody", space=space, json_lines=False)
    Pair(client, server).client_closes()
    waits.wait(lambda _: any(line.endswith(b"  0 of 1 socket in TIME_WAIT") for line in waits.lines))


def test_one_is_singular(space, client, server):
    closewait.stall(space, client, server, unread=1)
    assert "does not read: 1 byte of 1 peer waits for it" in text("leaks", space)
    assert "1 of 1 thread waits in" in text("leaks", space)
