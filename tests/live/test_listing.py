# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is older than the tool is listed whole, however many reads of the kernel's rows that takes: the
first refresh has all of it, and nothing was lost or listed again."""
import pytest

from many import MANY_FILES, await_only, close_connections, open_connections
from portsview import PORT, check_sums, destinations, owners
from timewaits import total
from truth import NO_LOSS, ss_counts

MANY = 1200  # of each kind: more than a page of any size holds, and no multiple of what a read yields


@pytest.fixture(autouse=True)
def crowd(space, client, server):
    for actor in (client, server):
        actor(MANY_FILES)
    server(f"l = listen('127.0.0.1', {PORT})")
    for name in ("half", "whole"):
        open_connections(client, server, MANY, name)
    client("for s in half: s.shutdown(socket.SHUT_WR)")
    close_connections(client, server, "whole")
    await_only(space, "LISTEN", "CLOSE_WAIT", "FIN_WAIT2", "TIME_WAIT")
    assert ss_counts(space) == {"LISTEN": 1, **dict.fromkeys(("CLOSE_WAIT", "FIN_WAIT2", "TIME_WAIT"),
                                                             MANY)}


def first_refresh(view):
    """Of a view, which is stopped."""
    view.wait_refresh(lambda refresh: True)
    assert view.stop() == 0
    last = view.objects[-1]
    assert last == {**last, **NO_LOSS}
    assert not view.refreshes()[0].end["incomplete"]
    return view.refreshes()[0]


def test_leaks(make, space, server):
    [row] = first_refresh(make.leaks(space=space)).rows
    assert (row["process"]["pid"], row["sockets"]) == (server.pid, MANY)


def test_closing(make, space, client):
    [row] = first_refresh(make.closing(space=space)).rows
    assert (row["process"]["pid"], row["by_state"]) == (client.pid, {"FIN_WAIT2": MANY})


def test_ports(make, space, client):
    [row] = destinations(first_refresh(make.ports(space=space)))
    check_sums(row)
    assert row["by_state"] == {"FIN_WAIT2": MANY, "TIME_WAIT": MANY}
    assert owners(row) == {client.pid: MANY, None: MANY}


def test_timewait(make, space):
    assert total(first_refresh(make.timewaits(space=space)), "sockets") == MANY
