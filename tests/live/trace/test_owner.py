# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who a connection is charged to, and who closed it."""
import os
import secrets
import time

import pytest

import truth
from traffic import Pair
from tracer import step


def owners(transitions):
    return {(t["owner"] and t["owner"]["pid"], t["owner_by"]) for t in transitions}


def closers(transitions):
    return {t["closer"] and t["closer"]["pid"] for t in transitions}


def test_client_is_owned_by_who_connected_in_every_step(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert owners(ours) == {(client.pid, "connect")}
    assert closers(ours[:2]) == {None}
    assert closers(ours[2:]) == {client.pid}


def test_server_is_owned_by_listener_until_its_close(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    theirs = tracer.wait_steps(pair.server_cookie, 4)
    assert owners(theirs[:2]) == {(server.pid, "listen")}
    assert owners(theirs[2:]) == {(server.pid, "close")}
    assert closers(theirs[2:]) == {server.pid}


def test_server_accepting_in_a_worker_is_owned_by_the_worker_at_its_close(tracer, client, server):
    """As a pre-forking server does: the listener's process is not who serves."""
    server("l = listen()")
    server("w = Child('s = accept(l); s.recv(1); s.close()')")
    client(f"c = connect('127.0.0.1', {server('port(l)')}); k = c.getsockname()")
    client.start("c.send(b'x'); drain(c); c.close()")
    worker = server("w.release()")
    client.answer()
    port = client("k[1]")
    theirs = tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port
                                       and t["old"] == "ESTABLISHED"])
    assert owners(theirs) == {(worker, "close")}
    assert closers(theirs) == {worker}
    server("w.stop()")


def test_process_is_described_as_proc_has_it(tracer, client, server):
    pair = Pair(client, server)
    owner = tracer.wait_steps(pair.client_cookie, 2)[0]["owner"]
    assert owner["comm"] == open(f"/proc/{client.pid}/comm").read().rstrip("\n")
    assert owner["exe"] == os.readlink(f"/proc/{client.pid}/exe")
    assert owner["cgroup"] == truth.cgroup_v2(client.pid)
    # btime is whole seconds; the clocks tell the boot exactly. /proc cuts to a hundredth.
    started = truth.start_since_boot(client.pid)
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert -0.005 <= truth.seconds(owner["start_time"]) - (booted + started) <= 0.020
    assert -0.005 <= truth.seconds(owner["start_time"]) - (truth.boot_time() + started) <= 1.020


def test_fork_after_connect_leaves_the_owner_and_the_child_is_closer(tracer, client, server):
    pair = Pair(client, server)
    client("w = Child('c.close()')")
    client("c.close()")
    child = client("w.release()")
    server("drain(s); s.close()")
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert owners(ours) == {(client.pid, "connect")}
    assert closers(ours[2:]) == {child} != {client.pid}
    client("w.stop()")


def test_passed_descriptor_leaves_the_owner(make, tracer, space, client, server):
    receiver = make.actor(space)
    name = secrets.token_hex(6)
    pair = Pair(client, server)
    receiver(f"b = open_mailbox({name!r})")
    client(f"pass_socket({name!r}, c); c.close()")
    receiver("r = take_socket(b)")
    receiver("r.close()")
    server("drain(s); s.close()")
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert owners(ours) == {(client.pid, "connect")}
    assert closers(ours[2:]) == {receiver.pid}


def test_shutdown_makes_a_closer(tracer, client, server):
    pair = Pair(client, server)
    client("w = Child('c.shutdown(socket.SHUT_WR)')")
    child = client("w.release()")
    ours = tracer.wait_steps(pair.client_cookie, 4)
    assert closers(ours[2:]) == {child}
    assert owners(ours) == {(client.pid, "connect")}
    client("w.stop()")


def test_killed_process_owns_and_closes_what_it_left(tracer, client, server):
    pair = Pair(client, server)
    client.kill()
    server("drain(s); s.close()")
    ours = tracer.wait_steps(pair.client_cookie, 5)
    assert owners(ours) == {(client.pid, "connect")}
    assert closers(ours[2:]) == {client.pid}
    assert {t["owner"]["comm"] for t in ours} == {"python3"}


def test_killed_server_owns_its_close(tracer, client, server):
    pair = Pair(client, server)
    server.kill()
    client("drain(c); c.close()")
    theirs = tracer.wait_steps(pair.server_cookie, 4)
    assert owners(theirs[1:]) == {(server.pid, "close")}


def test_thread_does_not_change_pid_or_comm(tracer, client, server):
    """comm is the group leader's, not a pool thread's."""
    server("l = listen()")
    client(f"""
import threading
def work():
    global k
    set_comm(b'pool-thread-1')
    c = connect('127.0.0.1', {server('port(l)')})
    k = cookie(c)
    c.close()
t = threading.Thread(target=work)
t.start()
t.join()
""")
    ours = tracer.wait_steps(client("k"), 4)
    assert owners(ours) == {(client.pid, "connect")}
    assert {t["owner"]["comm"] for t in ours} == {"python3"}


def test_reset_by_linger_zero_has_a_closer(tracer, client, server):
    pair = Pair(client, server)
    client("reset_on_close(c); c.close()")
    last = tracer.wait_step(pair.client_cookie, "ESTABLISHED", "CLOSE")
    assert closers([last]) == {client.pid} and last["end_reason"] is None
    theirs = tracer.wait_step(pair.server_cookie, "ESTABLISHED", "CLOSE")
    assert closers([theirs]) == {None}  # it was reset, it did not close
    assert owners([theirs]) == {(server.pid, "listen")}


def test_reset_by_unread_data_has_a_closer(tracer, client, server):
    pair = Pair(client, server)
    server("s.send(b'unread')")
    client("c.recv(1, socket.MSG_PEEK)")
    client("c.close()")
    assert closers([tracer.wait_step(pair.client_cookie, "ESTABLISHED", "CLOSE")]) == {client.pid}
    assert closers([tracer.wait_step(pair.server_cookie, "ESTABLISHED", "CLOSE")]) == {None}


def test_unread_data_in_CLOSE_WAIT_is_closed_with_RST_by_its_closer(tracer, client, server):
    pair = Pair(client, server)
    server("s.send(b'unread'); s.shutdown(socket.SHUT_WR)")
    tracer.wait_step(pair.client_cookie, "ESTABLISHED", "CLOSE_WAIT")
    client("c.close()")
    assert closers([tracer.wait_step(pair.client_cookie, "CLOSE_WAIT", "CLOSE")]) == {client.pid}


def test_killing_sockets_makes_no_closer_of_ss(tracer, space, client, server):
    pair = Pair(client, server)
    space.run("ss", "-K", "dport", "=", str(pair.port))
    last = tracer.wait(lambda all_: [t for t in all_ if t["cookie"] == pair.client_cookie
                                     and t["new"] == "CLOSE"])[0]
    assert closers([last]) == {None}
    assert owners([last]) == {(client.pid, "connect")}


def test_never_accepted_connection_belongs_to_the_listener(tracer, client, server):
    server("l = listen()")
    port = server("port(l)")
    client(f"c = connect('127.0.0.1', {port}); p = port(c); c.close()")
    theirs = tracer.wait(lambda all_: [t for t in all_ if t["rport"] == client("p")
                                       and step(t) == "ESTABLISHED->CLOSE_WAIT"])
    assert owners(theirs) == {(server.pid, "listen")}
    server("l.close()")


def test_each_end_has_its_own_owner_when_one_process_has_both(tracer, client):
    client("""
l = listen()
c = connect('127.0.0.1', port(l))
s = accept(l)
a, b = cookie(c), cookie(s)
c.close(); s.close()
""")
    assert owners(tracer.wait_steps(client("a"), 5)) == {(client.pid, "connect")}
    assert owners(tracer.wait_steps(client("b"), 4)[:2]) == {(client.pid, "listen")}


def test_owner_in_another_netns_than_the_tools(make):
    """Without --netns: one tracer sees every namespace."""
    tracer = make.tracer()
    for space in (make.space(), make.space()):
        client, server = make.actor(space), make.actor(space)
        pair = Pair(client, server)
        pair.client_closes()
        ours = tracer.wait_steps(pair.client_cookie, 5)
        assert owners(ours) == {(client.pid, "connect")}
        assert {t["netns"] for t in ours} == {space.inode}


def test_container_is_told_by_its_cgroup(make, tracer, space, server):
    mount = truth.cgroup_v2_mount()
    if not mount:
        pytest.skip("no cgroup v2 hierarchy is mounted")
    container = secrets.token_hex(32)
    parent = make.cgroup(f"{mount}/tcpl-{container[:6]}")
    path = make.cgroup(f"{parent}/docker-{container}.scope")
    client = make.actor(space, cgroup=path)
    pair = Pair(client, server)
    owner = tracer.wait_steps(pair.client_cookie, 2)[0]["owner"]
    assert owner["cgroup"] == path[len(mount):]
    assert owner["container"] == container[:12]
    assert tracer.wait_steps(pair.server_cookie, 1)[0]["owner"]["container"] is None
    client.exit()


def test_process_gone_before_anyone_looks_keeps_pid_comm_and_cgroup(make, tracer, space, server):
    """As a cron job: connect, close, gone. exe is best effort, the rest is certain."""
    server("l = listen()")
    client = make.actor(space, comm=b"cronjob")
    client.start(f"os.kill(os.getpid(), 9) if connect('127.0.0.1', {server('port(l)')}) else 0")
    client.process.wait(10)
    server("s = accept(l)")
    mine = tracer.wait(lambda all_: [t for t in all_ if t["direction"] == "out"
                                     and step(t) == "FIN_WAIT1->FIN_WAIT2"])[0]
    assert mine["owner"]["pid"] == client.pid and mine["owner"]["comm"] == "cronjob"
    assert mine["owner"]["start_time"] is not None
    assert mine["owner"]["cgroup"] is not None


LISTENERS, EACH = 3, 20


def share_a_port(make, space):
    """Processes that listen at one port (SO_REUSEPORT), each for itself, and the port."""
    servers, port = [make.actor(space) for _ in range(LISTENERS)], 0
    for server in servers:
        server(f"""
l = make()
l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
l.bind(('127.0.0.1', {port}))
l.listen({LISTENERS * EACH})
l.setblocking(False)
""")
        port = port or server("port(l)")
    return servers, port


def accept_all(server):
    """The remote ports of what came to its listener."""
    server("""
s = []
try:
    while True:
        s.append(l.accept()[0])
except BlockingIOError:
    pass
""")
    return server("[one.getpeername()[1] for one in s]")


@pytest.mark.parametrize("older", [False, True], ids=["younger", "older"])
def test_of_several_listeners_at_a_port_each_owns_what_came_to_it(make, space, client, older):
    """Before anybody accepts: the port alone does not tell."""
    tracer = None if older else make.tracer(space=space)
    servers, port = share_a_port(make, space)
    tracer = tracer or make.tracer(space=space)
    client(f"c = [connect('127.0.0.1', {port}) for _ in range({LISTENERS * EACH})]")
    born = tracer.wait(lambda all_: len(found := [t for t in all_ if t["direction"] == "in" and step(t) ==
                                                  "SYN_RECV->ESTABLISHED"]) == LISTENERS * EACH and found)
    owner_of = {t["rport"]: (t["owner"]["pid"], t["owner_by"]) for t in born}
    assert tracer.stop() == 0  # nobody has accepted any of them until now
    for server in servers:
        came = accept_all(server)
        assert came and {owner_of.pop(rport) for rport in came} == {(server.pid, "listen")}
    assert not owner_of
