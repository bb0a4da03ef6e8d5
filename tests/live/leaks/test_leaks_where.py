# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whom and where: rows of listeners, places, the other side of relays, holders in their order."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import closewait
from leaksview import once
from test_leaks_verdicts import relay_passes_ends_on
from tracer import tcplinger

NGINX = """
daemon off;
worker_processes 2;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a;
    proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:8080 backlog=7; }}
}}
"""


def until(condition, what, limit=10):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return sorted(int(child) for child in file.read().split())


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[0] == b"T"


def stop(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(is_stopped(pid) for pid in pids), f"{pids} to stop")


def queue(space, port):
    """[(waiting, limit)] of each listener of a port, as ss has them."""
    lines = space.run("ss", "-Htln", "sport", "=", str(port)).splitlines()
    return [tuple(int(n) for n in line.split()[1:3]) for line in lines]


def wait_for_queue(space, port, count):
    """So many have come, and have closed: the FIN is there."""
    def have_come():
        lines = space.run("ss", "-Htan", "state", "close-wait", "sport", "=", str(port))
        return len(lines.splitlines()) == count
    until(have_come, f"{count} to wait at {port}")


@pytest.fixture
def nginx(space, tmp_path):
    """(pid of the master, pids of its workers)"""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not path:
        pytest.skip("nginx is not installed")
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(folder=tmp_path))
    process = subprocess.Popen(space.enter(path, "-c", str(config), "-p", str(tmp_path), "-e",
                                           str(tmp_path / "error")), stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(children(process.pid)) == 2 and queue(space, 8080), "nginx to begin")
        yield process.pid, children(process.pid)
    finally:
        workers = children(process.pid)
        process.kill()  # before its workers: it would begin others
        process.wait()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)


def give_up(client, port, count):
    client(f"""
kept = []
for i in range({count}):
    c = connect('127.0.0.1', {port})
    c.shutdown(socket.SHUT_WR)
    kept.append(c)
""")


def test_nginx_with_stopped_workers_is_one_row(space, client, nginx, source):
    master, workers = nginx
    stop([master, *workers])
    give_up(client, 8080, 3)
    wait_for_queue(space, 8080, 3)
    [row] = once(space, *source).rows
    assert row["process"]["pid"] == master and row["owner_by"] == "listen"
    assert row["sockets"] == row["kinds"]["unaccepted"] == 3 and row["verdict"] == "stopped"
    assert row["evidence"]["stopped"] is True
    assert row["evidence"]["threads"] >= row["evidence"]["looked_at"] >= 3
    listener = row["evidence"]["listener"]
    assert (listener["direction"], listener["laddr"], listener["lport"], listener["raddr"],
            listener["rport"]) == ("in", "127.0.0.1", 8080, None, None)
    assert (listener["netns"], listener["family"]) == (space.inode, "ipv4")
    [(waiting, limit)] = queue(space, 8080)
    assert (listener["queue"], listener["queue_limit"]) == (waiting, limit) == (3, 7)
    pids = [holder["pid"] for holder in listener["holders"]]
    assert pids == [master, *workers] and listener["holders_total"] == 3
    assert all(holder["comm"] == "nginx" for holder in listener["holders"])
    for connection in row["connections"]:
        assert connection["fd"] is None and connection["holders"] == []


def test_nginx_is_not_stopped_while_one_that_holds_the_listener_is_not(space, client, nginx,
                                                                       source):
    master, workers = nginx
    stop(workers)
    give_up(client, 8080, 2)
    wait_for_queue(space, 8080, 2)
    for arguments in ([], ["-p", str(workers[1])], ["--by", "comm"]):
        [row] = once(space, *arguments, *source).rows
        assert row["sockets"] == 2 and row["verdict"] == "backlog"
        assert row["evidence"]["stopped"] is False
        assert row["evidence"]["listener"]["queue"] == 2
        if "--by" in arguments:
            assert row["process"] is None and row["key"] == "nginx"
        else:
            assert row["process"]["pid"] == master
    assert once(space, "-p", str(os.getpid()), *source).rows == []


def test_reuseport_blames_the_listener_whose_queue_it_is(make, space, client, source):
    """Three share the port; the second, neither the oldest nor the newest, is dead."""
    workers = [make.actor(space) for _ in range(3)]
    port = 0
    for worker in workers:
        worker("l = make(); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)")
        worker(f"l.bind(('127.0.0.1', {port})); l.listen(64); l.setblocking(False)")
        port = worker("port(l)")
    give_up(client, port, 40)
    wait_for_queue(space, port, 40)
    alive, dead = [workers[0], workers[2]], workers[1]
    for worker in alive:
        worker("""
while True:
    try:
        l.accept()[0].close()
    except BlockingIOError:
        break
""")
    [(waiting, _)] = [one for one in queue(space, port) if one[0]]
    wait_for_queue(space, port, waiting)
    # the client's that were accepted and closed are dead
    [row] = [row for row in once(space, *source).rows if row["sockets"]]
    assert row["process"]["pid"] == dead.pid and row["verdict"] == "backlog"
    listener = row["evidence"]["listener"]
    assert row["sockets"] == waiting == listener["queue"]
    assert [holder["pid"] for holder in listener["holders"]] == [dead.pid]
    assert listener["holders"][0]["fd"] == dead("l.fileno()")


def test_what_a_process_holds_is_apart_from_its_queue(space, client, server, source):
    closewait.leak(space, client, server)
    give_up(client, server("port(l)"), 2)
    wait_for_queue(space, server("port(l)"), 3)
    held, waits = sorted(once(space, *source).rows, key=lambda row: row["sockets"])
    assert held["process"]["pid"] == waits["process"]["pid"] == server.pid
    assert (held["owner_by"], held["sockets"], held["verdict"]) == ("holder", 1, "leak")
    assert (waits["owner_by"], waits["sockets"], waits["verdict"]) == ("listen", 2, "backlog")
    assert held["evidence"]["listener"] is None


def test_descriptors_that_nobody_has_are_charged_to_who_listens(make, space, client, server, source):
    """As those of io_uring, which are in no table: here one that is under way."""
    receiver = make.actor(space)
    closewait.leak(space, client, server)
    name = f"where-{receiver.pid}"
    receiver(f"b = open_mailbox({name!r})")
    server(f"pass_socket({name!r}, s); s.close(); kept.remove(s)")
    [row] = once(space, *source).rows
    assert row["process"]["pid"] == server.pid and row["owner_by"] == "listen"
    [connection] = row["connections"]
    assert connection["fd"] is None and connection["holders"] == []


def test_places_are_those_of_all_sockets(make, space, client, server, source):
    """Twelve idle connections to one server, three to another; and what it serves itself."""
    other = make.actor(space)
    for peer, count in ((server, 12), (other, 3)):
        peer("l = listen()")
        client(f"cs = globals().get('cs', []) + "
               f"[connect('127.0.0.1', {peer('port(l)')}) for _ in range({count})]")
        peer(f"kept = [accept(l) for _ in range({count})]")
        peer("for s in kept: s.shutdown(socket.SHUT_WR)")
    closewait.leak(space, server, client)
    until(lambda: len(space.run("ss", "-Htan", "state", "close-wait").splitlines()) == 16, "all")
    row = once(space, *source).of(client.pid)
    assert row["sockets"] == 16
    places = [(p["sockets"], p["laddr"], p["lport"], p["raddr"], p["rport"]) for p in row["places"]]
    assert places == [
        (12, "127.0.0.1", None, "127.0.0.1", server("port(l)")),
        (3, "127.0.0.1", None, "127.0.0.1", other("port(l)")),
        (1, "127.0.0.1", client("port(l)"), None, None)]
    assert row["places"][2]["direction"] == "in"
    assert all(p["netns"] == space.inode and p["family"] == "ipv4" for p in row["places"])


def test_a_relay_names_who_has_not_closed(make, space, client, server, source):
    upstream = make.actor(space, comm=b"upstream")
    relay_passes_ends_on(client, server, upstream, 3)
    row = once(space, *source).of(server.pid)
    assert row["verdict"] == "relay"
    peer = row["evidence"]["peer"]
    assert (peer["laddr"], peer["lport"], peer["raddr"], peer["rport"]) == \
        ("127.0.0.1", None, "127.0.0.1", upstream("port(ul)"))
    assert peer["sockets"] == 3
    assert [(h["pid"], h["comm"]) for h in peer["holders"]] == [(upstream.pid, "upstream")]
    assert peer["holders"][0]["fd"] in upstream("[s.fileno() for s in us]")


def test_a_relay_with_one_side_half_closed(space, client, server, make, source):
    """A Python proxy that passes ends on with shutdown(), as it should; the backend reads on."""
    backend = make.actor(space)
    backend("l = listen()")
    server("rl = listen()")
    client(f"c = connect('127.0.0.1', {server('port(rl)')})")
    server(f"""
import threading
a = accept(rl)
b = connect('127.0.0.1', {backend('port(l)')})
def pump(source, sink):
    source.settimeout(None)
    while True:
        data = source.recv(4096)
        if not data:
            sink.shutdown(socket.SHUT_WR)
            return
        sink.sendall(data)
for pair in ((a, b), (b, a)):
    threading.Thread(target=pump, args=pair, daemon=True).start()
""")
    client("c.send(b'request'); c.shutdown(socket.SHUT_WR)")
    backend("s = accept(l); drain(s)")
    until(lambda: space.run("ss", "-Htan", "state", "fin-wait-2", "dport", "=",
                            str(backend("port(l)"))).strip(), "the end to be passed on")
    refresh = once(space, *source)
    row = refresh.of(server.pid)
    assert row["verdict"] == "relay" and row["sockets"] == 1
    assert [h["pid"] for h in row["evidence"]["peer"]["holders"]] == [backend.pid]
    assert refresh.of(backend.pid)["evidence"]["peer"] is None


def test_what_a_filter_on_ports_leaves_out_is_a_partner_all_the_same(make, space, client, server,
                                                                     source):
    upstream = make.actor(space)
    relay_passes_ends_on(client, server, upstream, 3)
    [row] = once(space, "--lport", str(server("port(rl)")), *source).rows
    assert row["process"]["pid"] == server.pid and row["verdict"] == "relay"
    assert [h["pid"] for h in row["evidence"]["peer"]["holders"]] == [upstream.pid]


def test_holders_begin_with_the_rows_own(space, client, server, source):
    closewait.leak(space, client, server)
    server("d = s.dup()")
    server("ws = [Child('') for _ in range(6)]")
    children_ = sorted(server("[w.pid for w in ws]"))
    fds = sorted((server("s.fileno()"), server("d.fileno()")))
    refresh = once(space, *source)
    for pid in (server.pid, children_[2]):
        [connection] = refresh.of(pid)["connections"]
        others = [one for one in sorted([server.pid, *children_]) if one != pid]
        expected = [(one, fd) for one in [pid, *others] for fd in fds][:10]
        assert [(h["pid"], h["fd"]) for h in connection["holders"]] == expected
        assert connection["fd"] == fds[0] and connection["holders_total"] == 14
    server("for w in ws: w.release(); w.stop()")


def test_a_group_has_the_evidence_of_who_has_most(make, space, client, source):
    """And the descriptors of who is nearest the limit."""
    few, many = [make.actor(space, comm=b"leak test") for _ in range(2)]
    few("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))")
    closewait.stall(space, client, few)
    for _ in range(3):
        closewait.stall(space, client, many)
    many("import threading; e = threading.Event()")
    many("for _ in range(3): threading.Thread(target=e.wait, daemon=True).start()")
    row = once(space, "--by", "comm", *source).key("leak test")
    assert row["process"] is None and row["sockets"] == 4 and row["verdict"] == "stall"
    assert row["evidence"]["threads"] == row["evidence"]["looked_at"] == 4
    assert (row["fds"], row["fd_limit"]) == (len(os.listdir(f"/proc/{few.pid}/fd")), 40)


def test_titles_count_what_passes_the_filters_on_addresses(space, client, server, source):
    closewait.leak(space, client, server)
    lport = server("port(l)")
    closewait.leak(space, client, server)
    closewait.idle_pool(space, client, server)
    for arguments, title in (([], "3 sockets"), (["-p", str(client.pid)], "1 of 3 sockets"),
                             (["--lport", str(lport)], "1 socket"),
                             (["--lport", str(lport), "-p", str(client.pid)], "0 of 1 socket")):
        said = tcplinger("leaks", "--once", "--age", "0", "--netns", space.name, *arguments,
                         *source).stdout.splitlines()[0]
        assert re.search(rf"  {title} in CLOSE_WAIT$", said), said
