# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`timewait` that goes on without BPF: nothing is streamed, all is listed at each refresh."""
import json

from privileges import anyones_binary, as_nobody  # noqa: F401
from timewaits import complaints, ends, refreshes, total
from traffic import Pair


def test_running_without_privileges_says_so_once(anyones_binary, space, client, server):
    Pair(client, server).client_closes()
    result = as_nobody(anyones_binary, "timewait", "--json", "-i", "0.1", "-d", "0.6",
                       inside=space)
    assert result.returncode == 0
    [line] = result.stderr.splitlines()
    assert "without BPF" in line
    all_ = refreshes([json.loads(line) for line in result.stdout.splitlines()])
    assert len(all_) >= 3
    assert {total(refresh, "sockets") for refresh in all_} == {1}


def test_without_BPF_what_comes_and_goes_is_counted_from_listings(make, space, client, server):
    """No owners, no reasons: but how many there are is right, and the books balance."""
    Pair(client, server, port=5001).client_closes()
    waits = make.timewaits("--no-bpf", space=space)
    [row] = waits.wait_refresh(lambda refresh: refresh.rows)
    assert (row["sockets"], row["predates"], row["process"]) == (1, 1, None)
    pair = Pair(client, server, port=5002)
    pair.client_closes()
    [new] = waits.wait_refresh(lambda refresh: [r for r in refresh.rows if r["rport"] == 5002])
    assert (new["sockets"], new["predates"], new["created"]) == (1, 0, 1)
    assert (new["process"], new["closed"], new["closed_first"]) == (None, 0, 0)
    space.run("ss", "-K", "state", "time-wait")
    last = waits.wait_refresh(lambda refresh: total(refresh, "ended") == 2 and refresh)
    assert ends(last) == {"unknown": 2} and total(last, "sockets") == 0
    assert waits.stop() == 0 and complaints(waits.stderr()) == []
