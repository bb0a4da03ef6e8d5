# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is held is counted whole, whatever comes and goes beside it, and charged to whom it waits for."""
import subprocess

from actors import ActorError
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401 (a fixture)

HELD = 3000
CHURN_S = 30
REFRESHES = 8  # each lists, which may take 2 % of a CPU
CLIENTS = 40


def test_no_refresh_misses_a_held_socket_under_churn(make, space, load_program):
    leaks = make.leaks("-i", "0.1", "--age", "3600", space=space)
    hold = subprocess.Popen(space.enter(load_program, "hold", "--connections", str(HELD),
                                        "--duration", "60", "--unaccepted"),
                            stdout=subprocess.PIPE, text=True)
    try:
        pid = int(hold.stdout.readline().rsplit(" ", 1)[1])
        leaks.wait_row(pid, lambda row: row["sockets"] == HELD)
        before = len(leaks.refreshes())
        churn = subprocess.Popen(space.enter(load_program, "churn", "--duration", str(CHURN_S)),
                                 stdout=subprocess.DEVNULL)
        try:
            leaks.wait_refresh(lambda refresh: refresh.end["seq"] > before + REFRESHES,
                               limit=CHURN_S)
        finally:
            churn.terminate()
            churn.wait(60)
        counts = [refresh.of(pid)["sockets"] for refresh in leaks.refreshes()[before:]]
        assert set(counts) == {HELD}, counts
        assert not any(refresh.end["incomplete"] for refresh in leaks.refreshes()[before:])
    finally:
        hold.terminate()
        hold.wait(60)
        hold.stdout.close()


def shared_listener(make, space, port):
    actor = make.actor(space)
    actor("l = make()")
    actor("l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)")
    actor(f"l.bind(('127.0.0.1', {port}))")
    actor("l.listen(100)")
    return actor


def test_of_listeners_that_share_a_port_the_one_that_does_not_accept_is_charged(make, space, client):
    leaks = make.leaks("-i", "0.1", "--age", "0.2", space=space)
    hung = shared_listener(make, space, 0)
    port = hung("l.getsockname()[1]")
    good = shared_listener(make, space, port)
    for _ in range(CLIENTS):
        client(f"connect('127.0.0.1', {port}).close()")
    good("l.setblocking(False)")
    accepted = 0
    while True:
        try:
            good("l.accept()[0].close()")
        except ActorError:
            break
        accepted += 1
    assert 0 < accepted < CLIENTS  # the kernel spreads them by a hash of the tuple
    row = leaks.wait_row(hung.pid, lambda r: r["verdict"] == "backlog")
    assert row["kinds"]["unaccepted"] == CLIENTS - accepted
    leaks.wait_refresh(lambda refresh: not (refresh.of(good.pid) or {}).get("sockets"))


def test_a_namespace_that_cannot_be_entered_is_no_empty_one(space, anyones_binary):
    for command in ([], ["leaks", "--once"]):
        result = as_nobody(anyones_binary, *command, "--no-bpf", "--netns", space.name)
        assert result.returncode == 3 and not result.stdout
        assert "CAP_SYS_ADMIN" in result.stderr and result.stderr.count("\n") == 1


def test_who_may_not_enter_the_others_says_so(space, anyones_binary):
    everything_else = ["bpf", "perfmon", "sys_ptrace", "dac_read_search", "syslog"]
    result = with_capabilities(everything_else, anyones_binary, "leaks", "--once")
    assert result.returncode == 0
    assert "CAP_SYS_ADMIN" in result.stderr and result.stderr.count("\n") == 1
