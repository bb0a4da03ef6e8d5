# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Processes by the thousand (crowd.c), each with a connection and a name of its own."""
import contextlib
import subprocess

import pytest

from hostile import NAMES
from traffic import built

NAME_BYTES = 16
LIMIT_S = 120
SKIPPED = 77


def hostile_names(count):
    """So many, of 15 bytes at most, no two alike."""
    all_ = list(NAMES.values())
    return [b"%03x" % i + all_[i % len(all_)][:12] for i in range(count)]


def packed(names):
    return b"".join(name.ljust(NAME_BYTES, b"\0") for name in names)


class Crowds:
    def __init__(self, program):
        self.program = program

    def run(self, space, mode, names):
        """The pids, in the order of the names, once all is over."""
        command = [self.program, mode, str(len(names))]
        result = subprocess.run(space.enter(*command) if space else command, input=packed(names),
                                stdout=subprocess.PIPE, timeout=LIMIT_S)
        if result.returncode == SKIPPED:
            pytest.skip(f"crowd {mode} is not allowed here")
        assert result.returncode == 0
        return [int(line) for line in result.stdout.split()]

    @contextlib.contextmanager
    def hold(self, space, count, names):
        """{pid, in any order} while they hold."""
        with subprocess.Popen(space.enter(self.program, "hold", str(count)), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdin.write(packed(names))
            process.stdin.flush()
            yield [int(process.stdout.readline()) for _ in range(count)]
            process.stdin.close()
            assert process.wait(LIMIT_S) == 0


@pytest.fixture(scope="session")
def crowds():
    return Crowds(built("crowd"))
