# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs that leak, in the languages at hand, and whom they leak from."""
import os
import select
import shutil
import subprocess

import pytest

from actors import PYTHON
from tracer import PATIENCE_S

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
BUILD_S = 120  # Go's first


class Program:
    """One that says a line, and stays until its input ends."""

    def __init__(self, space, *command):
        self.process = subprocess.Popen(space.enter(*command), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    @property
    def pid(self):
        """nsenter becomes the program."""
        return self.process.pid

    def line(self, limit=PATIENCE_S):
        ready = select.select([self.process.stdout], [], [], limit)[0]
        assert ready, "nothing was said"
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start(make, space):
    def begin(*command):
        program = Program(space, *command)
        make.stack.callback(program.end)
        return program
    return begin


@pytest.fixture
def peer(start):
    """The port of a server that closes at once."""
    return start(PYTHON, os.path.join(PROGRAMS, "peer.py")).line()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """compiled("leak.c", "-O2"): the path of the program."""
    folder, made = tmp_path_factory.mktemp("stacks"), {}

    def build(source, *options):
        key = (source, *options)
        if key not in made:
            path = str(folder / f"{source.partition('.')[0]}{len(made)}")
            made[key] = path
            compile_one(os.path.join(PROGRAMS, source), path, options, str(folder))
        return made[key]
    return build


def compile_one(source, path, options, folder):
    if source.endswith(".go"):
        if not shutil.which("go"):
            pytest.skip("no Go here")
        environment = dict(os.environ, GOCACHE=folder + "/cache", GO111MODULE="off", HOME=folder)
        command = ["go", "build", "-o", path, source]
    else:
        environment = dict(os.environ)
        command = ["gcc", "-g", *options, "-o", path, source]
    subprocess.run(command, check=True, env=environment, timeout=BUILD_S)
