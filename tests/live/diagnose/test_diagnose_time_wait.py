# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TIME_WAIT, and the settings that are believed to help: what is true of them here."""
import pytest

import lingering
from diagnosis import diagnose, is_place
from servers import need, wait_for

MANY = 1100
MINISOCKET = 256  # bytes, of this kernel's slab or by default
SETTINGS = {"fin_timeout_misread", "tw_reuse_useless", "conntrack_time_wait"}


def close_first(closer, other, count, accepts, port=0):
    """`count` connections between two actors, all closed first by `closer`: its TIME_WAITs."""
    server, client = (closer, other) if accepts else (other, closer)
    server(f"l = globals().get('l') or listen(port={port})")
    port = server("port(l)")
    first, second = "s.close()", "drain(s); s.close()"
    server.start(f"""
for _ in range({count}):
    s = accept(l)
    {first if accepts else second}
""")
    client(f"""
for _ in range({count}):
    s = connect('127.0.0.1', {port})
    {second if accepts else first}
""")
    server.answer()
    return port


def track(space):
    """Connections of this namespace, loopback's too."""
    lingering.nft(space, "table inet track { chain input { type filter hook input priority 0;\n"
                         "ct state new accept;\n}}\n}}\n".replace("}}", "}"))


def await_time_waits(space, count):
    def there():
        return len(space.run("ss", "-Htn", "state", "time-wait").splitlines()) == count
    wait_for(there, f"{count} TIME_WAITs")


def test_a_thousand_are_harmless_and_so_are_the_settings(space, client, server):
    """Three settings that do nothing for a server, and no panic."""
    track(space)
    space.sysctl(tcp_fin_timeout=30, tcp_tw_reuse=1)
    port = close_first(server, client, MANY, accepts=True)
    await_time_waits(space, MANY)
    found = diagnose(space)
    harmless = found.one("time_wait_harmless", "info")
    assert harmless["evidence"]["sockets"] == MANY
    assert harmless["evidence"]["kernel_bytes"] % MANY == 0
    assert MINISOCKET <= harmless["evidence"]["kernel_bytes"] // MANY <= 2 * MINISOCKET
    assert harmless["about"]["netns"] == space.inode
    misread = found.evidence("fin_timeout_misread", "info")
    assert misread["value"] == 30 and misread["lifetime_p50_s"] in (None, 60)
    useless = found.evidence("tw_reuse_useless", "info")
    assert useless == {"value": 1, "incoming": MANY, "outgoing": 0, "timestamps": 1}
    tracked = found.evidence("conntrack_time_wait", "info")
    assert tracked["value"] == 120 and tracked["count"] >= MANY
    assert found.grave() == set() and port

    space.sysctl(tcp_fin_timeout=60, tcp_tw_reuse=2)
    space.run("sysctl", "-q", "-w", "net.netfilter.nf_conntrack_tcp_timeout_time_wait=60")
    found = diagnose(space)
    assert found.evidence("time_wait_harmless")["sockets"] == MANY
    assert not found.rules() & SETTINGS, found.advice


def test_tw_reuse_without_timestamps(space):
    space.sysctl(tcp_tw_reuse=1, tcp_timestamps=0)
    evidence = diagnose(space).evidence("tw_reuse_useless", "info")
    assert evidence == {"value": 1, "incoming": 0, "outgoing": 0, "timestamps": 0}
    space.sysctl(tcp_timestamps=1)
    assert "tw_reuse_useless" not in diagnose(space).rules()


def test_more_than_the_kernel_keeps(make, space, client, server):
    space.sysctl(tcp_max_tw_buckets=5)
    run = make.diagnose(space=space)
    close_first(client, server, 20, accepts=False)
    found = run.end()
    evidence = found.evidence("time_wait_overflow", "warning")
    assert (evidence["overflow"], evidence["max"], evidence["sockets"]) == (15, 5, 5)
    assert evidence["owner"]["pid"] == client.pid
    assert any("smaller" in word or "tcp_max_tw_buckets" in word
               for word in found.one("time_wait_overflow")["does_not_help"])
    space.sysctl(tcp_max_tw_buckets=10000)
    run = make.diagnose(space=space)
    close_first(client, server, 20, accepts=False)
    assert "time_wait_overflow" not in run.end().rules()


def test_near_what_the_kernel_keeps(space, client, server):
    space.sysctl(tcp_max_tw_buckets=20)
    close_first(client, server, 18, accepts=False)
    await_time_waits(space, 18)
    evidence = diagnose(space).evidence("time_wait_overflow", "warning")
    assert (evidence["overflow"], evidence["max"], evidence["sockets"]) == (0, 20, 18)
    space.sysctl(tcp_max_tw_buckets=21)
    assert "time_wait_overflow" not in diagnose(space).rules()


def close_all(client, server, count, linger):
    server("l = globals().get('l') or listen()")
    client(f"made = [connect('127.0.0.1', {server('port(l)')}) for _ in range({count})]")
    server(f"made = [accept(l) for _ in range({count})]")
    if linger:
        client("for s in made: reset_on_close(s)")
    client("for s in made: s.close()")
    server("for s in made: s.close()")


def test_resets_in_place_of_closes(make, space, client, server):
    run = make.diagnose(space=space)
    close_all(client, server, 20, linger=True)
    evidence = run.end().evidence("reset_instead_of_close", "info")
    assert (evidence["closed"], evidence["closed_by_reset"]) == (20, 20)
    assert evidence["owner"]["pid"] == client.pid
    run = make.diagnose(space=space)
    close_all(client, server, 20, linger=False)
    assert "reset_instead_of_close" not in run.end().rules()


NODE = """
const server = require('http').createServer((request, answer) => answer.end('hello'));
server.keepAliveTimeout = 300;
server.listen(8080, '127.0.0.1');
"""
CLIENTS = 25
LATE = 3


def use_once(client):
    """Connections that were used for one request, and are kept."""
    client(f"""
import http.client
kept = [http.client.HTTPConnection('127.0.0.1', 8080) for _ in range({CLIENTS})]
for one in kept:
    one.request('GET', '/')
    one.getresponse().read()
""")


@pytest.fixture
def node(servers):
    return servers.begin(need("node"), "-e", NODE, port=8080)


def test_requests_that_meet_the_end_of_keep_alive(make, space, client, node):
    """The server's idle time-out ends a connection as the client uses it once more."""
    run = make.diagnose(space=space)
    use_once(client)
    wait_for(lambda: space.run("ss", "-Htno", "state", "fin-wait-2").count("timewait") == CLIENTS,
             "the server's time-out, and minisockets in its place")
    client(f"for one in kept[:{LATE}]: one.sock.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')")
    wait_for(lambda: len(space.run("ss", "-Htn", "state", "close-wait").splitlines()) ==
             CLIENTS - LATE, "the resets")
    client("for one in kept: one.close()")
    found = run.end()
    advice = found.one("keepalive_race", "warning")
    evidence = advice["evidence"]
    assert advice["about"]["process"]["pid"] == node and evidence["reset_by_data"] == LATE
    assert 0.2 < evidence["idle_p50_s"] < 3
    assert is_place(evidence["place"], direction="in", laddr="127.0.0.1", lport=8080)

    run = make.diagnose(space=space)
    use_once(client)
    client("for one in kept: one.close()")  # before the server does
    assert "keepalive_race" not in run.end().rules()
