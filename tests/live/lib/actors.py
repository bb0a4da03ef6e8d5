# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Processes that make the traffic: each is a python of its own, told what to do line by line."""
import json
import os
import select
import subprocess

from tracer import PATIENCE_S

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"


class ActorError(OSError):
    """What a snippet raised; errno is kept."""


class Actor:
    """actor("c = connect('127.0.0.1', 80)") runs a statement; of an expression it is the value."""

    def __init__(self, space=None, cgroup=None, comm=None):
        setup = {"netns": space.path if space else None, "cgroup": cgroup,
                 "comm": None if comm is None else comm.hex()}
        self.process = subprocess.Popen(
            [PYTHON, os.path.join(HERE, "actor_main.py"), json.dumps(setup)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""
        self.pid = self.answer()

    def answer(self):
        while b"\n" not in self.buffer:
            ready = select.select([self.process.stdout], [], [], PATIENCE_S)[0]
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not data:
                raise ActorError(None, "no answer" if not ready else "the actor is gone")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            raise ActorError(answer["errno"], answer["error"])
        return answer["value"]

    def start(self, code):
        """Without waiting: for calls that block. answer() waits."""
        self.process.stdin.write(json.dumps(code).encode() + b"\n")

    def __call__(self, code):
        self.start(code)
        return self.answer()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def exit(self):
        """Ends in its own time: the kernel closes its sockets."""
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)

    def close(self):
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()
