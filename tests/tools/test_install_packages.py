# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""install-packages among files of its own, with an apt-get that does what the packages' scripts would."""
import os
import signal
import subprocess
import time

import pytest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "install-packages")
PATIENCE_S = 10
OWN_POLICY = "#!/bin/sh\n# the host's\nexit 104\n"

# Says whether it may start anything; enables a service; ends when it is told to, if it has to be.
APT_GET = """#!/bin/sh
[ "$1" = install ] || exit 0
echo begin >>"$INSTALL_ROOT/log"
"$INSTALL_ROOT/usr/sbin/policy-rc.d" server start
echo "policy $?" >>"$INSTALL_ROOT/log"
ln -s /lib/systemd/system/server.service "$INSTALL_ROOT/etc/systemd/system/alias.service"
ln -s /lib/systemd/system/server.service "$INSTALL_ROOT/etc/systemd/system/multi-user.target.wants/"
ln -s /usr/lib/systemd/user/server.socket "$INSTALL_ROOT/etc/systemd/user/sockets.target.wants/"
ln -s /dev/null "$INSTALL_ROOT/etc/systemd/system/masked.service"
ln -s ../init.d/server "$INSTALL_ROOT/etc/rc2.d/S01server"
ln -s ../init.d/server "$INSTALL_ROOT/etc/rc0.d/K01server"
while [ -e "$INSTALL_ROOT/hold" ]; do sleep 0.02; done
echo end >>"$INSTALL_ROOT/log"
! [ -e "$INSTALL_ROOT/broken" ]
"""
FOLDERS = ("bin", "run", "usr/sbin", "etc/systemd/system/multi-user.target.wants",
           "etc/systemd/user/sockets.target.wants", "etc/rc0.d", "etc/rc2.d")


def heed_signals():
    """What runs the tests may ignore some (nohup, a shell's background), and a shell cannot heed what
    it began ignoring."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Host:
    def __init__(self, root):
        self.root = root
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True)
        self.program("apt-get", APT_GET)
        self.program("dpkg-query", "#!/bin/sh\necho not-installed\n")
        self.program("id", "#!/bin/sh\necho 0\n")
        self.policy = root / "usr/sbin/policy-rc.d"

    def program(self, name, text):
        path = self.root / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def begin(self):
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "INSTALL_ROOT": str(self.root)}
        return subprocess.Popen(["sh", SCRIPT, "server"], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True,
                                preexec_fn=heed_signals)

    def install(self):
        process = self.begin()
        process.communicate(timeout=PATIENCE_S)
        return process.returncode

    def log(self):
        path = self.root / "log"
        return path.read_text().splitlines() if path.exists() else []

    def await_policy(self):
        deadline = time.monotonic() + PATIENCE_S
        while not any(line.startswith("policy") for line in self.log()):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def mark(self, name):
        (self.root / name).touch()

    def unmark(self, name):
        (self.root / name).unlink()

    def links(self):
        return {str(path.relative_to(self.root)) for path in (self.root / "etc").rglob("*")
                if path.is_symlink()}


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def none(policy):
    pass


def script(policy):
    policy.write_text(OWN_POLICY)
    policy.chmod(0o750)


def link(policy):
    policy.symlink_to("/etc/alternatives/policy-rc.d")


def state(policy):
    """All of the folder: nothing is left beside it either."""
    return {path.name: (path.is_symlink() and os.readlink(path), path.lstat().st_mode,
                        path.lstat().st_ino, path.lstat().st_mtime_ns)
            for path in policy.parent.iterdir()}


@pytest.fixture(params=[none, script, link], ids=lambda before: before.__name__)
def before(request, host):
    request.param(host.policy)
    return state(host.policy)


def test_nothing_may_start_and_the_policy_is_as_before(host, before):
    assert host.install() == 0
    assert host.log() == ["begin", "policy 101", "end"]
    assert state(host.policy) == before


def test_an_installation_that_fails(host, before):
    host.mark("broken")
    assert host.install() == 1
    assert host.log() == ["begin", "policy 101", "end"] * 2
    assert state(host.policy) == before


@pytest.mark.parametrize("name, status", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_is_heeded_when_apt_has_ended(host, before, name, status):
    host.mark("hold")
    process = host.begin()
    host.await_policy()
    process.send_signal(getattr(signal, name))
    time.sleep(0.1)
    assert state(host.policy) != before  # which is what dpkg, at work yet, may start things by
    host.unmark("hold")
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == status
    assert host.log() == ["begin", "policy 101", "end"]
    assert state(host.policy) == before and not starts(host.links())


@pytest.mark.parametrize("name, status", [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_to_all_of_the_terminal(host, before, name, status):
    host.mark("hold")
    process = host.begin()
    host.await_policy()
    os.killpg(process.pid, getattr(signal, name))
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == status
    assert state(host.policy) == before and not starts(host.links())


def test_what_a_killed_run_left_is_put_right_by_the_next(host, before):
    host.mark("hold")
    process = host.begin()
    host.await_policy()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    assert state(host.policy) != before
    host.unmark("hold")
    assert host.install() == 0
    assert state(host.policy) == before


def test_two_at_once_come_one_after_the_other(host, before):
    host.mark("hold")
    first = host.begin()
    host.await_policy()
    second = host.begin()
    time.sleep(0.1)
    host.unmark("hold")
    for process in (first, second):
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    assert host.log() == ["begin", "policy 101", "end"] * 2
    assert state(host.policy) == before


def starts(links):
    return {link for link in links if link.startswith("etc/systemd") and "masked" not in link
            or "/S" in link}


def test_what_is_newly_enabled_is_disabled_and_nothing_else(host):
    old = {"etc/systemd/system/multi-user.target.wants/older.service": "/lib/systemd/older.service",
           "etc/rc2.d/S01older": "../init.d/older"}
    for path, target in old.items():
        (host.root / path).symlink_to(target)
    assert host.install() == 0
    assert host.links() == {*old, "etc/systemd/system/masked.service", "etc/rc0.d/K01server",
                            "etc/rc2.d/K01server"}


def test_where_all_is_installed_nothing_is_touched(host, before):
    host.program("dpkg-query", "#!/bin/sh\nprintf installed\n")
    assert host.install() == 0
    assert host.log() == [] and state(host.policy) == before
    assert not any((host.root / "run").iterdir())
