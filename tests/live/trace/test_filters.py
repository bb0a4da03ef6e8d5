# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each filter lets through the right lines and none else.

Beside the filtered tracer runs one without filter: of its lines, those that the filter asks for by
the words of the contract must be what the filtered one shows, no more, no less.
"""
import ipaddress
import re

import pytest

import truth
from tracer import steps, tcplinger
from traffic import Pair

PORTS = (7001, 7002, 7010)


class Scene:
    """A namespace with traffic of every kind, and a tracer of all of it."""

    def __init__(self, make):
        self.space = make.space()
        self.space.run("ip", "addr", "add", "10.9.8.7/24", "dev", "lo")
        self.space.run("ip", "addr", "add", "fd00::5/64", "dev", "lo", "nodad")
        self.cgroup, path = self.make_cgroup(make)
        self.server = make.actor(self.space)
        self.client = make.actor(self.space, comm=b"client one")
        self.other = make.actor(self.space, cgroup=path, comm=b"other")
        self.reference = make.tracer(space=self.space)
        for port in PORTS:
            self.server(f"l{port} = listen('0.0.0.0', {port})")
        self.server("l6 = listen('::', 7020); l4 = l7001")

    def make_cgroup(self, make):
        mount = truth.cgroup_v2_mount()
        if not mount:
            return "/", None
        name = "/" + self.space.name
        return name, make.cgroup(mount + name)

    def connections(self):
        yield self.client, "127.0.0.1", 7001
        yield self.client, "10.9.8.7", 7002
        yield self.other, "127.0.0.1", 7002
        yield self.other, "10.9.8.7", 7010
        yield self.client, "::1", 7020
        yield self.other, "fd00::5", 7020
        yield self.other, "127.0.0.1", 7020  # v4-mapped at the server

    def play(self):
        """The cookies of all ends, when the reference tracer has seen their last steps."""
        cookies = []
        for who, address, port in self.connections():
            listener = "l6" if port == 7020 else f"l{port}"
            who(f"c = connect({address!r}, {port}); k = cookie(c)")
            self.server(f"s = accept({listener}); k = cookie(s)")
            ends = who("k"), self.server("k")
            who("c.close()")
            self.server("drain(s); s.close()")
            self.reference.wait_steps(ends[0], 5)
            self.reference.wait_steps(ends[1], 4)
            cookies += ends
        return cookies


@pytest.fixture(scope="module")
def scene(make_module):
    return Scene(make_module)


def pid_of(process):
    return process and process["pid"]


def concerns(t, pids):
    return pid_of(t["owner"]) in pids or pid_of(t["closer"]) in pids


def key(t):
    return (t["cookie"], t["old"], t["new"], t["laddr"], t["lport"], t["raddr"], t["rport"],
            t["netns"], t["family"], t["direction"], t["end_reason"], pid_of(t["owner"]))


def within(address, prefix):
    address, network = ipaddress.ip_address(address), ipaddress.ip_network(prefix)
    return address.version == network.version and address in network


FILTERS = {
    # name: (arguments made of the scene, what the contract says of a transition)
    "lport": (lambda s: ("--lport", "7002"), lambda s, t: t["lport"] == 7002),
    "lport-list": (lambda s: ("--lport", "7001,7010"), lambda s, t: t["lport"] in (7001, 7010)),
    "lport-range": (lambda s: ("--lport", "7002-7010"),
                    lambda s, t: t["lport"] is not None and 7002 <= t["lport"] <= 7010),
    "rport": (lambda s: ("--rport", "7002"), lambda s, t: t["rport"] == 7002),
    "rport-list-of-ranges": (lambda s: ("--rport", "7000-7001,7010-7011,9"),
                             lambda s, t: t["rport"] in (7000, 7001, 7010, 7011, 9)),
    "laddr": (lambda s: ("--laddr", "10.9.8.7"), lambda s, t: t["laddr"] == "10.9.8.7"),
    "laddr-prefix": (lambda s: ("--laddr", "10.0.0.0/8"),
                     lambda s, t: within(t["laddr"], "10.0.0.0/8")),
    "laddr-port": (lambda s: ("--laddr", "127.0.0.1:7002"),
                   lambda s, t: (t["laddr"], t["lport"]) == ("127.0.0.1", 7002)),
    "raddr": (lambda s: ("--raddr", "127.0.0.1"), lambda s, t: t["raddr"] == "127.0.0.1"),
    "raddr-prefix-of-odd-length": (lambda s: ("--raddr", "10.9.8.6/31"),
                                   lambda s, t: t["raddr"] == "10.9.8.7"),
    "raddr-prefix-0": (lambda s: ("--raddr", "0.0.0.0/0"),
                       lambda s, t: within(t["raddr"], "0.0.0.0/0")),
    "raddr-port": (lambda s: ("--raddr", "10.9.8.7:7002"),
                   lambda s, t: (t["raddr"], t["rport"]) == ("10.9.8.7", 7002)),
    "raddr-v6": (lambda s: ("--raddr", "fd00::/64"), lambda s, t: within(t["raddr"], "fd00::/64")),
    "raddr-v6-port": (lambda s: ("--raddr", "[::1]:7020"),
                      lambda s, t: (t["raddr"], t["rport"]) == ("::1", 7020)),
    "v4-only": (lambda s: ("-4",), lambda s, t: t["family"] == "ipv4"),
    "v6-only-with-v4-mapped": (lambda s: ("-6",), lambda s, t: t["family"] == "ipv6"),
    "v4-and-v6-is-both": (lambda s: ("-4", "-6"), lambda s, t: True),
    "state-old-or-new": (lambda s: ("--state", "FIN_WAIT1"),
                         lambda s, t: "FIN_WAIT1" in (t["old"], t["new"])),
    "state-list": (lambda s: ("--state", "TIME_WAIT,CLOSE_WAIT"),
                   lambda s, t: {"TIME_WAIT", "CLOSE_WAIT"} & {t["old"], t["new"]}),
    "pid-of-client": (lambda s: ("-p", str(s.client.pid)),
                      lambda s, t: concerns(t, {s.client.pid})),
    "pid-of-server": (lambda s: ("-p", str(s.server.pid)),
                      lambda s, t: concerns(t, {s.server.pid})),
    "comm": (lambda s: ("-c", "client one"), lambda s, t: concerns(t, {s.client.pid})),
    "comm-is-whole": (lambda s: ("-c", "client"), lambda s, t: False),
    "cgroup": (lambda s: ("--cgroup", s.cgroup), lambda s, t: concerns(t, {s.other.pid})
               or s.cgroup == "/"),
    "cgroup-in-the-mount": (lambda s: ("--cgroup", (truth.cgroup_v2_mount() or "") + s.cgroup),
                            lambda s, t: concerns(t, {s.other.pid}) or s.cgroup == "/"),
    "cgroup-root-is-all": (lambda s: ("--cgroup", "/"), lambda s, t: True),
    "netns-by-path": (lambda s: ("--netns", s.space.path), lambda s, t: True),
    "netns-by-pid": (lambda s: ("--netns", str(s.client.pid)), lambda s, t: True),
    "all-must-match": (lambda s: ("-p", str(s.client.pid), "--rport", "7002", "--state",
                                  "ESTABLISHED"),
                       lambda s, t: t["rport"] == 7002 and pid_of(t["owner"]) == s.client.pid
                       and "ESTABLISHED" in (t["old"], t["new"])),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filter_shows_the_right_lines_and_none_else(make, scene, name):
    arguments, wanted = FILTERS[name][0](scene), FILTERS[name][1]
    own = () if "--netns" in arguments else ("--netns", scene.space.name)
    tracer = make.tracer(*arguments, *own)
    cookies = scene.play()
    assert tracer.stop() == 0
    expected = [key(t) for t in scene.reference.transitions()
                if t["cookie"] in cookies and wanted(scene, t)]
    got = [key(t) for t in tracer.transitions() if t["cookie"] in cookies]
    # a later step may tell what an earlier line could not know yet: compared by connection
    missing, surplus = set(expected) - set(got), set(got) - set(expected)
    assert not missing and not surplus and len(got) == len(expected)
    assert all(wanted(scene, t) for t in tracer.transitions() if t["lport"])


def test_cgroup_of_the_mount_itself_is_all(scene):
    shown = {tcplinger("--json", "--netns", scene.space.name, "--cgroup", path).stdout.split("states")[1]
             for path in ("/", truth.cgroup_v2_mount() or "/", (truth.cgroup_v2_mount() or "") + "/")}
    assert len(shown) == 1 and '"LISTEN":4' in shown.pop()


def test_pid_that_is_not_there_is_accepted_with_a_line(space, source):
    """It may have exited, its sockets may not."""
    pid = 4194304  # no pid is that great
    for command in ("leaks", "timewait", "ports"):
        result = tcplinger(command, "--once", "--netns", space.name, "-p", str(pid), *source)
        assert result.returncode == 0 and re.search(r"^\d\d:\d\d:\d\d  0 of 0 ", result.stdout)
        assert f"tcplinger: --pid {pid}: there is no such process now" in result.stderr


def test_cgroup_was_not_the_root_in_the_test_above(scene):
    if scene.cgroup == "/":
        pytest.skip("no cgroup v2 hierarchy is mounted")


def test_v4_mapped_is_folded_and_of_family_ipv6(scene):
    cookies = scene.play()
    mapped = scene.reference.transitions(cookies[-1])
    assert {(t["family"], t["laddr"], t["raddr"]) for t in mapped} == \
        {("ipv6", "127.0.0.1", "127.0.0.1")}
    assert {t["family"] for t in scene.reference.transitions(cookies[-2])} == {"ipv4"}


def test_netns_filter_leaves_other_namespaces_out(make, scene):
    elsewhere = make.space()
    tracer = make.tracer(space=elsewhere)
    scene.play()
    client, server = make.actor(elsewhere), make.actor(elsewhere)
    pair = Pair(client, server)
    tracer.wait_steps(pair.client_cookie, 2)
    assert tracer.stop() == 0
    assert {t["netns"] for t in tracer.transitions()} == {elsewhere.inode}


def test_pid_of_a_process_that_has_exited_still_shows_its_connections(make, space, server):
    client = make.actor(space)
    tracer = make.tracer("-p", str(client.pid), space=space)
    pair = Pair(client, server)
    tracer.wait_step(pair.client_cookie, "SYN_SENT", "ESTABLISHED")
    client.kill()
    server("drain(s); s.close()")
    ours = tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "TIME_WAIT")
    assert ours["owner"]["pid"] == client.pid
    space.run("ss", "-K", "state", "time-wait")
    tracer.wait_step(pair.client_cookie, "TIME_WAIT", "CLOSE")
    assert not tracer.transitions(pair.server_cookie)


def test_pid_of_a_holder_shows_what_another_process_owns(make, space, client, server):
    """Owner or holder: a forked child holds what its parent connected."""
    pair = Pair(client, server)
    client("w = Child('pass'); w.release()")
    child = client("w.pid")
    tracer = make.tracer("-p", str(child), space=space)
    client("c.shutdown(socket.SHUT_WR)")
    first = tracer.wait_steps(pair.client_cookie, 1)[0]
    assert steps([first]) == ["ESTABLISHED->FIN_WAIT1"]
    client("w.stop()")


def test_lport_filter_follows_a_client_whose_port_was_chosen_later(make, space, client, server):
    """The kernel chooses the port between two steps: the first cannot be judged by it."""
    space.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=45000 45001")
    tracer = make.tracer("--lport", "45000-45001", space=space)
    server("l = listen(port=7000)")
    client("c = connect('127.0.0.1', 7000); k = cookie(c)")
    server("s = accept(l)")
    client("c.close()")
    server("drain(s); s.close()")
    ours = tracer.wait_step(client("k"), "FIN_WAIT2", "TIME_WAIT")
    assert ours["owner"]["pid"] == client.pid and ours["direction"] == "out"
    assert tracer.transitions(client("k"))[0]["owner_by"] == "connect"
    assert all(t["lport"] in (45000, 45001) for t in tracer.transitions() if t["lport"])
