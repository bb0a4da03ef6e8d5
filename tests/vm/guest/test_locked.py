# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""lockdown=confidentiality on a kernel without bpf_rdonly_cast: all but TIME_WAIT is traced."""
from traffic import Pair
from tracer import steps, tcplinger


def test_what_is_not_followed_is_said():
    result = tcplinger("trace", "-d", "0.1")
    assert result.returncode == 0
    assert "TIME_WAIT is not followed: lockdown=confidentiality" in result.stderr


def test_transitions_of_full_sockets_are_whole(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    seen = steps(tracer.wait_steps(pair.server_cookie, 4))
    assert seen == ["SYN_RECV->ESTABLISHED", "ESTABLISHED->CLOSE_WAIT", "CLOSE_WAIT->LAST_ACK",
                    "LAST_ACK->CLOSE"]
    assert steps(tracer.wait_steps(pair.client_cookie, 3))[:3] == [
        "CLOSE->SYN_SENT", "SYN_SENT->ESTABLISHED", "ESTABLISHED->FIN_WAIT1"]
