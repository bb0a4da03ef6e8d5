# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections that do not come to their end, or do not come about, each for a reason of its own."""
import subprocess
import time

import pytest

from closewait import pair
from spaces import run
from traffic import Pair, built
from views import View, once as view_once

PATIENCE_S = 15


class Closing(View):
    command = "closing"


class ClosingBesideTrace(Closing):
    """On the stream that `trace` needs."""

    def tool(self):
        return [built("together"), "trace=/dev/null", "closing=/dev/stdout", "closing"]


class Opening(View):
    command = "opening"


def once(command, space, *arguments, **options):
    """What `COMMAND --once` says of a namespace."""
    refresh, said = view_once(command, space, *arguments, **options)
    assert said == []
    return refresh


def nft(space, rules):
    """Rules of this namespace alone; where the kernel has no nf_tables there is nothing to test."""
    result = subprocess.run(space.enter("nft", "-f", "-"), input=rules, text=True,
                            capture_output=True, timeout=30, check=False)
    assert "syntax error" not in result.stderr
    if result.returncode:
        pytest.skip("no nft here: " + result.stderr.strip().splitlines()[0])


def silence(space, *ports):
    """What comes from or to these ports is dropped without a word."""
    ports = ", ".join(map(str, ports))
    nft(space, "table inet silence { chain input { type filter hook input priority 0;\n"
               f"tcp dport {{ {ports} }} drop; tcp sport {{ {ports} }} drop;\n}}\n}}\n")


def await_state(space, state, count, *filters):
    """Until so many sockets are in a state, as ss calls it; their lines."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        text = space.run("ss", "-Htanoie", "state", state, *filters)
        lines = text.replace("\n\t", " ").splitlines()
        if len(lines) == count:
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.01)


def link(here, there):
    """A pair of interfaces between two namespaces: 10.77.0.1 here, 10.77.0.2 there."""
    try:
        run("ip", "-n", here.name, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0",
            "netns", there.name)
    except subprocess.CalledProcessError as error:
        pytest.skip("no veth here: " + error.stderr.strip())
    for space, address in ((here, "10.77.0.1/24"), (there, "10.77.0.2/24")):
        space.run("ip", "addr", "add", address, "dev", "veth0")
        space.run("ip", "link", "set", "veth0", "up")


def translate(space, ports):
    """What leaves the namespace over TCP gets one of these ports."""
    nft(space, "table ip nat { chain post { type nat hook postrouting priority 100;\n"
               f"meta l4proto tcp oifname veth0 snat to 10.77.0.1:{ports};\n}}\n}}\n")


def half_closed(space, client, server, **options):
    """The client's FIN is acknowledged, and it waits for the server's, which does not come."""
    made = pair(client, server, **options)
    client("c.shutdown(socket.SHUT_WR)")
    await_state(space, "fin-wait-2", 1, "sport", "=", str(made.client_port))
    return made


def unanswered(space, client, server, **options):
    """The client's FIN gets no answer; it has the descriptor still."""
    made = pair(client, server, **options)
    silence(space, made.port)
    client("c.shutdown(socket.SHUT_WR)")
    await_state(space, "fin-wait-1", 1, "sport", "=", str(made.client_port))
    return made


def orphan_in_last_ack(space, client, server, **options):
    """The server has closed, second, and its FIN gets no answer."""
    made = Pair(client, server, **options)
    client("kept = globals().get('kept', []) + [c]; c.shutdown(socket.SHUT_WR)")
    await_state(space, "close-wait", 1, "sport", "=", str(made.port))
    silence(space, made.port)
    server("s.close()")
    await_state(space, "last-ack", 1, "sport", "=", str(made.port))
    return made


def window_closed(space, client, server, **options):
    """The server does not read: what the client has to send, its FIN last, does not fit."""
    made = pair(client, server, **options)
    client("""
c.setblocking(False)
sent = 0
try:
    while True:
        sent += c.send(bytes(65536))
except BlockingIOError:
    pass
""")
    client("c.shutdown(socket.SHUT_WR)")
    deadline = time.monotonic() + PATIENCE_S
    while "timer:(persist" not in (line := await_state(space, "fin-wait-1", 1)[0]):
        assert time.monotonic() < deadline, line
    return made


def await_retransmits(space, state, least=1):
    """Until the one socket in that state has sent something again in vain."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        [line] = await_state(space, state, 1)
        timer = line.partition("timer:(on,")[2].partition(")")[0].rpartition(",")[2]
        if timer and int(timer) >= least:
            return
        assert time.monotonic() < deadline, line
        time.sleep(0.01)


def await_syns_again(space, count):
    """Until so many connects have sent their SYN once more."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        lines = space.run("ss", "-Htano", "state", "syn-sent").splitlines()
        again = [line for line in lines if "timer:(on," in line and not line.rstrip().endswith(",0)")]
        if len(again) == count:
            return
        assert time.monotonic() < deadline, lines
        time.sleep(0.01)
