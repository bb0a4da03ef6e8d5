# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a person sees: a terminal of 120 columns, seen through a pseudo-terminal."""
import re

import pytest

from screen import COLOR, COLUMNS, Screen, width
from traffic import Pair
from tracer import refused

LONG = "2001:db8:1234:5678:9abc:def0:1234:5678"


@pytest.fixture
def screen(make, space):
    if refused():
        pytest.skip(refused())

    def begin(*arguments, **options):
        shown = Screen(space, *arguments, **options)
        make.stack.callback(shown.close)
        return shown
    return begin


def traffic(client, server, *addresses):
    server("keep = []")
    for address in addresses:
        pair = Pair(client, server, address)
        server("keep.append(l)")
        pair.client_closes()


def all_there(count):
    return lambda text: text.count("FIN_WAIT2->TIME_WAIT") >= count \
        and text.count("LAST_ACK->CLOSE") >= count


def columns_of(header):
    """Where each column begins; right-aligned ones end where their name does."""
    return {m[0]: (m.start(), m.end()) for m in re.finditer(r"\S+", header)}


def test_header_comes_first_and_no_line_is_longer_than_120(screen, client, server):
    shown = screen()
    traffic(client, server, "127.0.0.1", "::1")
    shown.read(all_there(2))
    lines = [COLOR.sub("", line) for line in shown.lines()]
    assert lines[0].split() == ["TIME", "PID", "COMM", "DIR", "LOCAL", "REMOTE", "MS", "TRANSITION"]
    assert max(map(width, lines)) <= COLUMNS


def test_every_line_is_aligned_under_the_header_with_IPv6_too(make, space, screen, server):
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    shown = screen()
    client = make.actor(space, comm="漢字 wide".encode())
    traffic(client, server, "127.0.0.1", "::1", LONG)
    shown.read(all_there(3))
    lines = [COLOR.sub("", line) for line in shown.lines()]
    header = columns_of(lines[0])
    data = [line for line in lines if "->" in line]
    assert len(data) >= 3 * 9
    for line in data:
        assert width(line) <= COLUMNS
        # cells, so that a wide character counts as the terminal shows it
        cells = "".join(c + "\0" * (width(c) - 1) for c in line)
        for name in ("COMM", "DIR", "LOCAL", "REMOTE", "TRANSITION"):
            start = header[name][0]
            assert cells[start] not in " \0" and cells[start - 1] in " \0", (name, line)
        for name in ("PID", "MS"):
            end = header[name][1]
            assert cells[end - 1] not in " \0" and cells[end] == " ", (name, line)
        assert "->" in cells[header["TRANSITION"][0]:]


def test_long_address_is_shortened_visibly_and_whole_with_v(space, screen, client, server):
    space.run("ip", "addr", "add", LONG + "/64", "dev", "lo", "nodad")
    shown = screen()
    traffic(client, server, LONG)
    shown.read(all_there(1))
    assert LONG not in shown.text and "~" in shown.text
    # the port stays readable
    assert re.search(r"~\S*\]:\d+", shown.text)
    shown.close()
    whole = screen("-v")
    traffic(client, server, LONG)
    whole.read(all_there(1))
    assert f"[{LONG}]:" in whole.text


def test_end_reason_fits_the_line(space, screen, client, server):
    shown = screen()
    traffic(client, server, "127.0.0.1")
    shown.read(all_there(1))
    space.run("ss", "-K", "state", "time-wait")
    shown.read(lambda text: "TIME_WAIT->CLOSE destroyed" in text)
    assert max(map(width, shown.lines())) <= COLUMNS


def test_header_is_repeated_once_a_screen(screen, client, server):
    shown = screen(lines=12)
    traffic(client, server, *["127.0.0.1"] * 4)
    shown.read(all_there(4))
    headers = [i for i, line in enumerate(shown.lines()) if line.startswith("TIME ")]
    assert len(headers) >= 3
    assert all(b - a <= 12 for a, b in zip(headers, headers[1:]))


def test_color_only_where_wanted(screen, client, server):
    for arguments, environment, colored in (((), {}, True), (("--color", "never"), {}, False),
                                            ((), {"NO_COLOR": "1"}, False),
                                            (("--color", "always"), {"NO_COLOR": "1"}, True)):
        shown = screen(*arguments, environment={"NO_COLOR": "", **environment})
        traffic(client, server, "127.0.0.1")
        shown.read(all_there(1))
        assert bool(COLOR.search(shown.text)) == colored
        shown.close()
    

def test_output_to_a_file_has_no_color_and_fits_120(make, space, client, server):
    tracer = make.tracer(space=space, json_lines=False)
    traffic(client, server, "127.0.0.1", "::1")
    tracer.wait(lambda _: sum(b"FIN_WAIT2->TIME_WAIT" in line for line in tracer.lines) == 2)
    assert tracer.stop() == 0
    assert not any(b"\x1b" in line for line in tracer.lines)
    assert max(len(line) for line in tracer.lines) <= COLUMNS
    assert sum(line.startswith(b"TIME ") for line in tracer.lines) == 1


def test_narrow_terminal_keeps_every_column(screen, client, server):
    """80 columns cannot hold a line: it wraps, nothing is cut off."""
    shown = screen(columns=80)
    traffic(client, server, "127.0.0.1")
    shown.read(all_there(1))
    text = " ".join(COLOR.sub("", shown.text).split())
    assert re.search(r" 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ [\d.]+ ESTABLISHED->FIN_WAIT1 ", text)
    assert max(map(width, shown.lines())) <= 80
