# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Fixtures of the live tests, and their order: what takes a minute begins first, is asked last."""
import contextlib
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import expiring as expiring_traffic  # noqa: E402
import sockdiag  # noqa: E402
from actors import Actor  # noqa: E402
from aging import Aged  # noqa: E402
from diagnosis import Watching  # noqa: E402
from leaksview import Leaks  # noqa: E402
from lingering import Closing, ClosingBesideTrace, Opening  # noqa: E402
from portsview import Ports  # noqa: E402
from servers import Servers  # noqa: E402
from serving import Serve  # noqa: E402
from spaces import Space  # noqa: E402
from timewaits import TimeWaits  # noqa: E402
from tracer import Tracer, binary, refused, tcplinger  # noqa: E402
from traffic import built  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: takes all of the machine; no other runs beside it")


# What takes a minute, and what begins it.
LATE = {"expiring": "expiring_rounds", "aged": "aged"}


def pytest_collection_modifyitems(items):
    """A natural expiry takes 60 s: its tests come last, its traffic begins before the first."""
    items.sort(key=lambda item: bool(LATE.keys() & set(item.fixturenames)))


@pytest.fixture(scope="session", autouse=True)
def begin_what_takes_a_minute(request):
    wanted = {name for item in request.session.items for name in item.fixturenames}
    for name, begins in LATE.items():
        if name in wanted and not refused():
            request.getfixturevalue(begins)


def pytest_sessionstart():
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"{binary()} is not there: build it first", 1)


@contextlib.contextmanager
def stage():
    """Makes spaces, actors and tracers, and ends them in the reverse order."""
    if os.geteuid() != 0:
        pytest.skip("the live tests need root: namespaces, BPF")
    with contextlib.ExitStack() as stack:
        yield Stage(stack)


class Stage:
    def __init__(self, stack):
        self.stack = stack

    def space(self):
        try:
            space = Space()
        except subprocess.CalledProcessError as error:
            if "not permitted" not in error.stderr:
                raise
            pytest.skip("no network namespaces may be made here: " + error.stderr.strip())
        self.stack.callback(space.remove)
        return space

    def actor(self, space=None, **options):
        actor = Actor(space, **options)
        self.stack.callback(actor.close)
        return actor

    def tracer(self, *arguments, **options):
        if refused():
            pytest.skip(refused())
        return self.stack.enter_context(Tracer(*arguments, **options))

    def view(self, kind, arguments, options):
        """One that runs; without BPF where that is asked for."""
        if refused() and "--no-bpf" not in arguments:
            pytest.skip(refused())
        return self.stack.enter_context(kind(*arguments, **options))

    def leaks(self, *arguments, **options):
        return self.view(Leaks, arguments, options)

    def timewaits(self, *arguments, **options):
        return self.view(TimeWaits, arguments, options)

    def ports(self, *arguments, **options):
        return self.view(Ports, arguments, options)

    def closing(self, *arguments, **options):
        return self.view(Closing, arguments, options)

    def opening(self, *arguments, **options):
        return self.view(Opening, arguments, options)

    def diagnose(self, *arguments, **options):
        return self.view(Watching, arguments, options)

    def serve(self, *arguments, **options):
        return self.view(Serve, arguments, options)

    def closing_beside_trace(self, *arguments, **options):
        return self.view(ClosingBesideTrace, arguments, options)

    def cgroup(self, path):
        os.mkdir(path)
        self.stack.callback(os.rmdir, path)
        return path


@pytest.fixture
def make():
    with stage() as made:
        yield made


@pytest.fixture(scope="module")
def make_module():
    with stage() as made:
        yield made


@pytest.fixture
def space(make):
    return make.space()


@pytest.fixture
def server(make, space):
    return make.actor(space)


@pytest.fixture
def client(make, space):
    return make.actor(space)


@pytest.fixture
def servers(make, space):  # `make` ends after it
    """Real servers: they end before the namespace that they are in."""
    with Servers(space) as begun:
        yield begun


@pytest.fixture
def tracer(make, space):
    return make.tracer(space=space)


@pytest.fixture(scope="session")
def expiring_rounds():
    with stage() as made:
        if refused():
            pytest.skip(refused())
        yield [expiring_traffic.begin(made) for _ in range(expiring_traffic.ROUNDS)]


@pytest.fixture
def expiring(request, expiring_rounds):
    return expiring_rounds[min(getattr(request.node, "execution_count", 1), len(expiring_rounds)) - 1]


@pytest.fixture(scope="session")
def aged():
    with stage() as made:
        if refused():
            pytest.skip(refused())
        yield Aged(made)


@pytest.fixture(scope="session")
def load_program():
    """The loopback load of the benchmark."""
    return built("load")


@pytest.fixture(scope="module")
def fentry():
    """Where the kernel lets no such program attach, there is nothing to test of it."""
    for view in ("trace", "ports"):
        result = tcplinger(view, "--hooks", "fentry", "-d", "0.1")
        if result.returncode:
            pytest.skip(result.stderr.strip())


@pytest.fixture(params=["bpf", "no-bpf"])
def source(request):
    """The arguments that choose where a view has its sockets from."""
    if request.param == "no-bpf":
        sockdiag.need()
        return ["--no-bpf"]
    if refused():
        pytest.skip(refused())
    return []
