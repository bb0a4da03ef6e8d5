# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Several views in one process, on one stream."""
import json
import os
import time

from tracer import PATIENCE_S
from traffic import built
from views import View

VIEWS = ("leaks", "timewait", "ports", "trace")


class Together(View):
    """What each view says goes to a file of its own."""

    views = VIEWS

    def tool(self):
        self.files = {view: os.path.join(self.directory.name, view) for view in self.views}
        return [built("together"), *map("=".join, self.files.items()), "leaks"]

    def said(self, view):
        """The whole lines of its file."""
        with open(self.files[view], encoding="utf-8") as file:
            text = file.read()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def wait_said(self, view, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition(self.said(view)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
