# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the kernel itself says: /proc, ss, and the lists of transitions that it takes."""
import datetime
import os
import re
import time

from spaces import run

# A connection that its client closes first, seen from both ends, TIME_WAIT's end left out.
ACTIVE = ["ESTABLISHED->FIN_WAIT1", "FIN_WAIT1->FIN_WAIT2", "FIN_WAIT2->TIME_WAIT"]
PASSIVE = ["ESTABLISHED->CLOSE_WAIT", "CLOSE_WAIT->LAST_ACK", "LAST_ACK->CLOSE"]
CLIENT = ["CLOSE->SYN_SENT", "SYN_SENT->ESTABLISHED"]
SERVER = ["SYN_RECV->ESTABLISHED"]
NO_LOSS = {"ring_full": 0, "skipped": 0, "map_full": 0, "no_memory": 0, "refused": 0, "relists": 0}


def boot_time():
    with open("/proc/stat", encoding="ascii") as file:
        return int(re.search(r"^btime (\d+)", file.read(), re.M)[1])


def stat_fields(pid):
    """/proc/PID/stat from its third field on: a comm may hold anything."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


def start_since_boot(pid):
    """Seconds; /proc has hundredths."""
    return int(stat_fields(pid)[22 - 3]) / os.sysconf("SC_CLK_TCK")


def seconds(text):
    """An RFC 3339 time of the tool's, as seconds since the epoch."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text), text
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()


def cgroup_v2(pid):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        found = re.search(r"^0::(/.*)$", file.read(), re.M)
    return found[1] if found else None


def cgroup_v2_mount():
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields[2] == "cgroup2":
                return fields[1]
    return None


SS_STATES = {"ESTAB": "ESTABLISHED", "SYN-SENT": "SYN_SENT", "SYN-RECV": "SYN_RECV",
             "FIN-WAIT-1": "FIN_WAIT1", "FIN-WAIT-2": "FIN_WAIT2", "TIME-WAIT": "TIME_WAIT",
             "UNCONN": "CLOSE", "CLOSE-WAIT": "CLOSE_WAIT", "LAST-ACK": "LAST_ACK",
             "LISTEN": "LISTEN", "CLOSING": "CLOSING"}


def ss(space, *filters):
    """{cookie: (state, local, remote)} of a namespace."""
    rows = {}
    for line in space.run("ss", "-Htane", *filters).splitlines():
        fields = line.split()
        cookie = re.search(r"\bsk:([0-9a-f]+)", line)
        rows[cookie[1]] = (SS_STATES[fields[0]], fields[3], fields[4])
    return rows


def ss_counts(space):
    counts = {}
    for state, _, _ in ss(space).values():
        counts[state] = counts.get(state, 0) + 1
    return counts


def netstat(space, file="netstat"):
    """{counter: value} of a namespace: each line of names in /proc/net/netstat, or snmp, has one of
    values."""
    counters = {}
    lines = space.run("cat", "/proc/net/" + file).splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        counters.update(zip(names.split()[1:], map(int, values.split()[1:])))
    return counters


def bpf_ids(pid, kind):
    """Ids of the BPF objects that a process holds, as their descriptors name them."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
                ids.update(int(n) for n in re.findall(rf"^{kind}_id:\s+(\d+)", file.read(), re.M))
        except FileNotFoundError:
            pass
    return ids


def bpf_programs(pid):
    return bpf_ids(pid, "prog")


def bpf_maps(pid):
    return bpf_ids(pid, "map")


def bpf_programs_loaded(bpftool="bpftool"):
    return {int(n) for n in re.findall(r"^(\d+): ", run(bpftool, "prog", "list"), re.M)}


def await_bpf_programs_gone(ids):
    """True once none is loaded any more; False where there is no bpftool to ask."""
    deadline = time.monotonic() + 5
    try:
        while bpf_programs_loaded() & ids:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    except FileNotFoundError:
        return False
    return True
