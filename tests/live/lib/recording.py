# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger record` as it runs, and what the views show of what it has written."""
import json
import os
import time

from tracer import PATIENCE_S, Tracer, binary, tcplinger

DAMAGED = "damaged"


def shown(path, view, *arguments):
    """The objects that a view shows of a recording."""
    done = tcplinger(*([view] if view else []), "-I", str(path), "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Recorder(Tracer):
    """Not a view: what it writes goes to a file."""

    command = "record"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, json_lines=False, **options)

    def tool(self):
        self.recording = os.path.join(self.directory.name, "recording")
        return [binary(), "record", "-o", self.recording]

    def wait_shown(self, view, condition):
        """Until condition(what the view shows of the recording) is true: it grows."""
        deadline = time.monotonic() + PATIENCE_S
        while not (os.path.getsize(self.recording) and condition(shown(self.recording, view))):
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.05)
