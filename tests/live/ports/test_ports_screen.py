# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a person sees of `ports`: a table that keeps to the screen, what is short stands out."""
import pytest

from portsview import PORT
from screen import COLOR, Screen, width
from tracer import refused, tcplinger

LOW, SUPPLY = 20000, 20
LONG = "2001:db8:1234:5678:9abc:def0:1234:5678"
CLEAR = "\x1b[H\x1b[J"
RED, YELLOW = "\x1b[31m", "\x1b[33m"


@pytest.fixture
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    server(f"l = [listen(a, {PORT}, backlog=4096) for a in ('127.0.0.1', '::1', {LONG!r})]")


@pytest.fixture
def screen(make, space, listening):
    if refused():
        pytest.skip(refused())

    def begin(*arguments, **options):
        shown = Screen(space, *arguments, command="ports", **options)
        make.stack.callback(shown.close)
        return shown
    return begin


def text_once(space, *arguments):
    result = tcplinger("ports", "--once", "--netns", space.name, *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def row_of(text, place):
    found = [line for line in text.splitlines() if COLOR.sub("", line).startswith(place + " ")]
    assert len(found) == 1, text
    return found[0]


@pytest.mark.parametrize("columns", [80, 120])
def test_never_wider_than_the_terminal(make, screen, columns):
    shown = screen("--color", "always", columns=columns, lines=24)
    names = ("漢字漢字漢".encode(), b"\x1b[31m\n\xff", b"fifteen--bytes-", b"another-of-them")
    actors = [make.actor(shown.space, comm=name) for name in names]
    for i, actor in enumerate(actors):
        for address in ("127.0.0.1", "::1", LONG):
            actor(f"kept{i} = globals().get('kept{i}', [])")
            actor(f"kept{i} += [connect({address!r}, {PORT}) for i in range(3)]")
    actors[3](f"kept3 += exhaust(connect, {LONG!r}, {PORT})")
    actors[2](f"first = connect('127.0.0.1', {PORT}, ('127.0.0.1', 30000)); "
              f"failure(connect, '127.0.0.1', {PORT}, ('127.0.0.1', 30000))")
    shown.read(lambda text: all(words in " ".join(text.split())
                                for words in ("its port is in use", "no free port")))
    count = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) >= count + 2)
    for page in shown.text.split(CLEAR):
        for line in page.replace("\r\n", "\n").splitlines():
            assert width(line) <= columns, line
    assert "\x1b[31m\n" not in shown.text


def test_page_is_no_longer_than_the_screen(make, screen, space, client):
    shown = screen(lines=12)
    client("kept = []")
    for address in ("127.0.0.1", "::1", LONG):
        client(f"kept += exhaust(connect, {address!r}, {PORT})")
    for _ in range(3):
        other = make.actor(space)
        other(f"failure(connect, '::1', {PORT})")
    shown.read(lambda text: "no free port" in text)
    count = shown.text.count(CLEAR)
    shown.read(lambda text: text.count(CLEAR) >= count + 3)
    for page in shown.text.split(CLEAR)[1:-1]:
        assert len(page.replace("\r\n", "\n").splitlines()) <= 12, page


@pytest.mark.parametrize("used, word, color", [(15, "-", ""), (16, "NEAR", YELLOW),
                                               (20, "EXHAUSTED", RED)])
def test_what_is_short_stands_out(space, client, listening, source, used, word, color):
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range({used})]")
    line = row_of(text_once(space, "--color", "always", *source), f"127.0.0.1:{PORT}")
    assert line.startswith(color) and (color != "") == ("\x1b" in line)
    fields = COLOR.sub("", line).split()
    assert fields[1].rstrip("?") == f"{used}/{SUPPLY}" and fields[-1] == word
    assert f"{100 * used // SUPPLY}%" in line
    plain = text_once(space, *source)
    assert "\x1b" not in plain and word in row_of(plain, f"127.0.0.1:{PORT}")


def test_exhausted_but_for_reuse(space, client, server, listening):
    if refused():
        pytest.skip(refused())
    space.sysctl(tcp_tw_reuse=1)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    client("kept[0].shutdown(socket.SHUT_WR)")
    server("s = accept(l[0])")
    client("p = port(kept[0])")
    while server("s.getpeername()[1]") != client("p"):
        server("s = accept(l[0])")
    server("drain(s); s.close()")
    client("drain(kept[0]); kept[0].close(); time.sleep(1.1)")  # tcp_tw_reuse_delay
    text = text_once(space)
    assert row_of(text, f"127.0.0.1:{PORT}").split()[-1] == "REUSES"
    assert "1 could be reused" in text


def test_sentence_of_a_row(space, client, server, listening, source):
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")
    space.sysctl(ip_local_reserved_ports=f"{LOW + 19},1")
    lines = text_once(space, *source).splitlines()
    row = row_of("\n".join(lines), f"127.0.0.1:{PORT}")
    sentence = lines[lines.index(row) + 1]
    assert f"3 ESTABLISHED of python3[{client.pid}]" in sentence and "reserved" in sentence
    assert lines[1].split() == ["DESTINATION", "USED/SUPPLY", "NEW/S", "MOST/S", "LEFT"]


def test_failure_in_words(make, space, client, listening):
    shown = make.ports(space=space, json_lines=False)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    client(f"failure(connect, '127.0.0.1', {PORT})")
    assert shown.stop() == 0
    text = b"\n".join(shown.lines).decode()
    assert f"python3[{client.pid}] -> 127.0.0.1:{PORT}: no free port, 2 times, last " in text
    assert f"{SUPPLY} of {SUPPLY} held: {SUPPLY} ESTABLISHED of python3[{client.pid}]" in text


def test_empty_is_still_a_table(space, source):
    text = text_once(space, *source)
    assert "0 destinations" in text and "USED/SUPPLY" in text
