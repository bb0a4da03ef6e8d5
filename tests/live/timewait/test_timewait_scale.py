# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As many TIME_WAITs at once as the kernel allows, and more than that."""
import pytest

import audits
import truth
from timewaits import Counters, end_when_all_is_closed, ends, total
from traffic import churn, nearly_all

pytestmark = pytest.mark.alone

MOST = 131072
REFUSED = 3000


def test_as_many_at_once_as_fit_and_some_refused(make, space, load_program):
    most = min(MOST, int(space.run("sysctl", "-n", "net.ipv4.tcp_max_tw_buckets")))
    space.sysctl(tcp_max_tw_buckets=most)
    waits = make.timewaits("--audit", space=space, interval=("-i", "1"))
    counters = Counters(space)
    churn(space, load_program, most)
    ended_early = most - truth.ss_counts(space)["TIME_WAIT"]
    churn(space, load_program, ended_early + REFUSED)
    last = end_when_all_is_closed(waits, space)

    there, born = truth.ss_counts(space)["TIME_WAIT"], counters.minisockets()
    print({key: total(last, key) for key in ("sockets", "created", "ended", "overflow")},
          there, born, ends(last))
    assert waits.objects[-1] == {**waits.objects[-1], **truth.NO_LOSS}
    assert not last.end["incomplete"]
    assert nearly_all(total(last, "sockets"), there) and nearly_all(total(last, "created"), born)
    assert counters["TCPTimeWaitOverflow"] > 0
    assert nearly_all(total(last, "overflow"), counters["TCPTimeWaitOverflow"])
    for line in audits.of(waits, space).values():
        assert nearly_all(line["seen"], line["kernel"]), line
    closed_first = sum(row["closed_first"] for row in last.rows if row["direction"] == "out")
    assert closed_first == most + ended_early + REFUSED  # told by the process that closed
