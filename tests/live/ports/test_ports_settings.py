# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Settings that change while `ports` runs: a failure is explained by those that it met."""
import pytest

from portsview import PORT, check_sums, owners

LOW, HIGH = 20000, 20007
SUPPLY = HIGH - LOW + 1
SLOW = ("-i", "30")  # nothing is listed between the start and the end, unless a connect fails
CHANGES = {
    "range": ({"ip_local_port_range": f"{LOW} {HIGH}"}, SUPPLY),
    "reserved": ({"ip_local_reserved_ports": f"{LOW}-{LOW + 91}"}, SUPPLY),
}


def begin_slowly(make, **options):
    ports = make.ports(interval=SLOW, **options)
    ports.wait_refresh(lambda refresh: True, "the first refresh")
    return ports


@pytest.fixture
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 99}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")


@pytest.mark.parametrize("name", CHANGES)
def test_change_between_two_listings(make, space, client, listening, name):
    settings, supply = CHANGES[name]
    ports = begin_slowly(make, space=space)
    space.sysctl(**settings)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    assert ports.stop() == 0
    [failure] = ports.failures()
    check_sums(failure["census"])
    assert failure["cause"] == "range_exhausted"
    assert failure["census"]["supply"] == failure["census"]["used"] == supply
    assert owners(failure["census"]) == {client.pid: supply}


def test_range_that_is_widened_after_the_failure(make, space, client, listening):
    """What the operator does against it changes nothing of what was."""
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
    ports = begin_slowly(make, space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 99}")
    assert ports.stop() == 0
    [failure] = ports.failures()
    assert failure["cause"] == "range_exhausted"
    assert failure["census"]["supply"] == failure["census"]["used"] == SUPPLY
    row = ports.destination("127.0.0.1")
    assert (row["supply"], row["used"]) == (100, SUPPLY)


def test_namespace_younger_than_the_last_listing(make):
    """A container that begins with connects that fail."""
    ports = begin_slowly(make)
    space = make.space()
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
    server, client = make.actor(space), make.actor(space)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    assert ports.stop() == 0
    [failure] = [o for o in ports.failures() if o["netns"] == space.inode]
    check_sums(failure["census"])
    assert failure["cause"] == "range_exhausted"
    assert failure["census"]["supply"] == failure["census"]["used"] == SUPPLY
