# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TIME_WAITs that nobody disturbs, begun before all other tests and looked at after them."""
import time

from traffic import Pair

WHOLE_S = 75  # after which there is none any more
ROUNDS = 2    # a test that failed is tried again, by a round of its own


class Expiring:
    pass


def begin(made):
    """A tracer that sees all of it, and one that comes when the TIME_WAITs are there already."""
    e = Expiring()
    e.end = time.monotonic() + WHOLE_S
    e.space = made.space()
    e.tracer = made.tracer(space=e.space)
    e.timewaits = made.timewaits(space=e.space, interval=("-i", "1"))
    server, client = made.actor(e.space), made.actor(e.space)
    mortal = made.actor(e.space)
    e.client_pid, e.server_pid, e.mortal_pid = client.pid, server.pid, mortal.pid

    # each Pair has a listener of its own: kept, it tells the direction of what is older
    server("kept = []")
    e.client_closed = Pair(client, server)
    e.client_closed.client_closes()
    server("kept.append(l)")
    e.server_closed = Pair(client, server, "::1")
    server("kept.append(l)")
    e.server_closed.server_closes()
    # shutdown with the descriptor open: the full socket itself goes into TIME_WAIT
    e.shut = Pair(client, server)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    server("s.close()")
    client("drain(c)")
    client("c.close()")
    e.dead = Pair(mortal, server)
    e.dead.client_closes()
    e.tracer.wait_step(e.dead.client_cookie, "FIN_WAIT1", "FIN_WAIT2")
    mortal.exit()

    for pair in (e.client_closed, e.shut, e.dead):
        e.tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "TIME_WAIT")
    e.tracer.wait_step(e.server_closed.server_cookie, "FIN_WAIT2", "TIME_WAIT")
    e.late_begun = time.time()
    e.late = made.tracer(space=e.space)
    e.late_timewaits = made.timewaits(space=e.space, interval=("-i", "1"))
    return e
