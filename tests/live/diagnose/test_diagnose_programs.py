# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real software that makes a connection for each use, and its own remedy: the finding goes, and
nothing else is wrong."""
import pytest

import programs
from diagnosis import is_place

# How it begins, and what its help begins with.
PROGRAMS = {
    "nginx": (programs.nginx_in_front, "nginx: `keepalive"),
    "haproxy": (programs.haproxy_in_front, "HAProxy: `option http-keep-alive`"),
    "apache": (programs.apache_in_front, "Apache: `ProxyPass"),
    "php-fpm": (programs.php_and_redis, "PHP: persistent connections"),
    "node": (programs.node_asks, "Node: one `new http.Agent"),
    "redis-benchmark": (programs.redis_benchmark, "redis-benchmark: `-k 1`"),
    "requests": (programs.python_requests, "Python: one `requests.Session()`"),
}


def watch(make, space, drive):
    run = make.diagnose(space=space)
    drive()
    return run.end(least_s=3)


def is_about(advice, port):
    """As a client of that port, or as the server there."""
    place = advice["evidence"]["place"]
    return is_place(place, rport=port) or is_place(place, lport=port)


def check_short(found, port, help_):
    [advice] = [advice for advice in found.all("short_connections") if is_about(advice, port)]
    evidence = advice["evidence"]
    assert evidence["rate_per_s"] >= 5 and evidence["closed_first_share"] > 0.9
    assert advice["helps"][0].startswith(help_), advice["helps"]
    assert any("tcp_tw_reuse" in word for word in advice["does_not_help"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_connection_for_each_use(make, space, servers, name):
    begin, help_ = PROGRAMS[name]
    port, drive = begin(servers, kept=False)
    check_short(watch(make, space, drive), port, help_)


@pytest.mark.parametrize("name", PROGRAMS)
def test_connections_are_kept(make, space, servers, name):
    port, drive = PROGRAMS[name][0](servers, kept=True)
    found = watch(make, space, drive)
    assert found.grave() == set(), found.advice
    assert not [advice for advice in found.all("short_connections") if is_about(advice, port)]


@pytest.fixture(scope="session")
def go_program(tmp_path_factory):
    """Built once."""
    return programs.go_build(tmp_path_factory.mktemp("go"), programs.GO)


def test_go(make, space, servers, go_program):
    programs.back_end(servers)
    found = watch(make, space, lambda: space.run(go_program, "anew"))
    [advice] = [a for a in found.all("short_connections") if is_about(a, programs.BACK)]
    assert "program" in advice["text"]
    found = watch(make, space, lambda: servers.begin(go_program, "kept"))
    assert found.grave() == set() and not found.all("short_connections"), found.advice


def test_cron_jobs_of_a_database(make, space, servers):
    """Each is a process of its own, of one connection."""
    port, drive = programs.mariadb_asks(servers, kept=False)
    found = watch(make, space, drive)
    advice = found.one("process_per_connection")
    evidence = advice["evidence"]
    assert (evidence["comm"], evidence["processes"]) == ("mariadb", programs.JOBS)
    assert is_place(evidence["place"], raddr="127.0.0.1", rport=port)


def test_one_client_of_a_database(make, space, servers):
    _, drive = programs.mariadb_asks(servers, kept=True)
    found = watch(make, space, drive)
    assert found.grave() == set() and "process_per_connection" not in found.rules()
