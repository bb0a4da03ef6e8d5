# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Loss that is forced, and the refreshes until it is healed."""
import contextlib
import signal
import time

import truth
from tracer import PATIENCE_S
from views import refreshes

TINY = ("--ring-size", "4")  # a page: some 20 records
CAUSES = ("ring_full", "skipped", "map_full", "no_memory", "refused")


@contextlib.contextmanager
def stopped(*tools):
    """By SIGSTOP: nobody reads their rings meanwhile."""
    for tool in tools:
        tool.process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + PATIENCE_S
        while truth.stat_fields(tool.pid)[0] != b"T":
            assert time.monotonic() < deadline
            time.sleep(0.005)
    try:
        yield
    finally:
        for tool in tools:
            tool.process.send_signal(signal.SIGCONT)


def lost(loss):
    return {cause: loss[cause] for cause in CAUSES if loss[cause]}


def losses(tool):
    """Each `loss` object in which more was lost than in the one before, by its place."""
    found, before = [], {}
    for place, o in enumerate(tool.poll()):
        if o["type"] == "loss" and lost(o) != before:
            found.append(place)
            before = lost(o)
    return found


def last_loss(tool):
    return [o for o in tool.poll() if o["type"] == "loss"][-1]


def relists(tool):
    return max([o["relists"] for o in tool.poll() if o["type"] == "loss"], default=0)


def wait_relist(tool):
    """Until what was lost is healed: what was lost, by cause."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        places = losses(tool)
        later = [o for o in tool.objects[places[-1]:] if o["type"] == "loss"] if places else []
        if later and later[-1]["relists"] > later[0]["relists"]:
            return lost(later[-1])
        assert time.monotonic() < deadline, [o for o in tool.objects if o["type"] == "loss"]
        time.sleep(0.01)


def wait_healed(view, after=0):
    """(the first refresh from now on that is whole again, what was lost by cause). Those since the
    last loss say that they are not. `after`: losses that are known already."""
    now = time.time()
    deadline = time.monotonic() + PATIENCE_S
    while True:
        places = losses(view)[after:]
        since = refreshes(view.objects[places[-1]:]) if places else []
        whole = [refresh for refresh in since if not refresh.end["incomplete"]
                 and truth.seconds(refresh.end["time"]) > now]
        if whole:
            assert since[0].end["incomplete"]
            assert last_loss(view)["relists"] > 0
            return whole[0], lost(last_loss(view))
        assert time.monotonic() < deadline, [o for o in view.objects if o["type"] == "loss"]
        time.sleep(0.01)
