# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A process names itself as it likes: no name may reach a terminal or break a JSON line."""
import json
import re

import pytest

from hostile import NAMES, wanted_in_json
from tracer import tcplinger
from traffic import Pair

names = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


@names
def test_json_is_valid_and_keeps_what_is_valid_of_a_name(make, space, server, name):
    tracer = make.tracer(space=space)
    client = make.actor(space, comm=name)
    pair = Pair(client, server)
    pair.client_closes()
    tracer.wait_steps(pair.client_cookie, 5)
    assert tracer.stop() == 0
    for line in tracer.lines:
        assert json.loads(line.decode("utf-8", "strict"))
        assert not re.search(rb"[\x00-\x1f\x7f]", line)
    comms = {t["owner"]["comm"] for t in tracer.transitions(pair.client_cookie)}
    assert comms == {wanted_in_json(name)}


@names
def test_text_shows_no_control_byte_and_valid_utf8(make, space, server, name):
    tracer = make.tracer(space=space, json_lines=False)
    client = make.actor(space, comm=name)
    pair = Pair(client, server)
    pair.client_closes()
    tracer.wait(lambda _: sum(b"FIN_WAIT2->TIME_WAIT" in line for line in tracer.lines))
    assert tracer.stop() == 0
    output = b"\n".join(tracer.lines)
    text = output.decode("utf-8", "strict")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]", text)
    # a newline in a name makes no line: the header, the listener, two for the start, seven more
    assert all(re.match(rb"TIME |\d\d:\d\d:\d\d\.\d{3} ", line) for line in tracer.lines)


def test_text_shows_bytes_of_a_hostile_name_as_xNN(make, space, server):
    tracer = make.tracer(space=space, json_lines=False)
    client = make.actor(space, comm=b"a\x1bb\xff")
    pair = Pair(client, server)
    pair.client_closes()
    tracer.wait(lambda _: any(rb"a\x1bb\xff" in line for line in tracer.lines))


def test_name_changed_after_connect_breaks_nothing(make, space, client, server):
    tracer = make.tracer(space=space)
    pair = Pair(client, server)
    client(r"set_comm(b'\x1b]0;late\x07')")
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert {t["owner"]["pid"] for t in ours} == {client.pid}


def test_hostile_name_as_a_filter_matches_its_process_only(make, space, server):
    name = b"\xff\x1b'\"\n"
    tracer = make.tracer("-c", name, space=space)
    client, other = make.actor(space, comm=name), make.actor(space)
    server("keep = []")
    for who in (other, client):
        pair = Pair(who, server)
        server("keep.append(l)")
        pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert {t["owner"]["pid"] for t in tracer.transitions()} == {client.pid}
    assert len(ours) == 5


def test_hostile_argument_is_harmless_in_the_complaint():
    result = tcplinger("trace", "--lport", "\x1b[31m\n7")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "\x1b" not in result.stderr
    assert r"\x1b[31m\x0a7" in result.stderr


def test_an_empty_name_is_a_group(make, space, server):
    waits = make.timewaits("--by", "comm", space=space)
    Pair(make.actor(space, comm=b""), server).client_closes()
    waits.wait_refresh(lambda refresh: refresh.key("") and refresh.key("")["sockets"] == 1)
