# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A kernel that BPF programs like ours cannot be loaded into says what it lacks, and does the rest."""
from tracer import tcplinger


def test_trace_is_3_and_names_what_is_missing():
    result = tcplinger("trace")
    assert result.returncode == 3 and result.stdout == ""
    [line] = result.stderr.splitlines()
    assert "bpf_sock_from_file" in line and "Linux 6.1" in line and "--no-bpf" in line


def test_leaks_goes_on_without_BPF_and_names_what_is_missing():
    result = tcplinger("leaks", "--once")
    assert result.returncode == 0 and "sockets in CLOSE_WAIT" in result.stdout
    [line] = result.stderr.splitlines()
    assert "bpf_sock_from_file" in line and "without BPF" in line
