# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a socket costs in the kernel's memory: the kernel charges BPF maps to the cgroup of who made them."""

import contextlib
import os
import pathlib
import time
import uuid

SETTLE_S = 1
# Where the memory controller may be, and what a group's file of kernel memory is there.
HIERARCHIES = ((pathlib.Path("/sys/fs/cgroup/memory"), "memory.kmem.usage_in_bytes"),
               (pathlib.Path("/sys/fs/cgroup"), "memory.current"))


class MemoryGroup:
    """A cgroup of its own for one process. OSError where there can be none."""

    def __enter__(self):
        for root, name in HIERARCHIES:
            self.path = root / f"tcpl-{uuid.uuid4().hex[:10]}"
            with contextlib.suppress(OSError):
                self.path.mkdir()
                self.usage = self.path / name
                self.bytes()
                return self
            self.__exit__()
        raise OSError("no memory controller")

    def __exit__(self, *_):
        """Its process may still be going."""
        for _ in range(50):
            try:
                if self.path.exists():
                    self.path.rmdir()
                return
            except OSError:
                time.sleep(0.1)

    def enter(self):
        """For a child, between fork and exec."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")

    def bytes(self):
        return int(self.usage.read_text(encoding="utf-8"))


def settled(group):
    """What is freed at a start is freed later."""
    seen = [group.bytes()]
    while len(seen) < 4 or len(seen) < 30 and len(set(seen[-3:])) > 1:
        time.sleep(SETTLE_S)
        seen.append(group.bytes())
    return seen[-1]


def of_a_socket(group, begin_load, sockets):
    """`begin_load` returns when `sockets` more are there."""
    before = settled(group)
    begin_load()
    return (settled(group) - before) / sockets
