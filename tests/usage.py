# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a process that traces takes: memory of its own, descriptors, maps in the kernel, CPU time."""
import dataclasses
import os
import re

TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Usage:
    rss_kb: int
    descriptors: int
    maps_kb: int
    cpu_s: float

    def __str__(self):
        return (f"RSS {self.rss_kb:8} kB  maps {self.maps_kb:8} kB  descriptors {self.descriptors:4}"
                f"  CPU {self.cpu_s:8.1f} s")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def maps_bytes(pid):
    """A map that two descriptors refer to counts once."""
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            text = read(f"/proc/{pid}/fdinfo/{fd}")
        except FileNotFoundError:  # closed meanwhile
            continue
        number, bytes_ = re.search(r"^map_id:\s+(\d+)", text, re.M), re.search(r"^memlock:\s+(\d+)",
                                                                                text, re.M)
        if number and bytes_:
            maps[number[1]] = int(bytes_[1])
    return sum(maps.values())


def cpu_s(pid):
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid, name):
    """VmRSS, VmHWM, RssAnon: as /proc names them."""
    return int(re.search(rf"^{name}:\s+(\d+)", read(f"/proc/{pid}/status"), re.M)[1])


def of(pid):
    return Usage(rss_kb=memory_kb(pid, "VmRSS"),
                 descriptors=len(os.listdir(f"/proc/{pid}/fd")),
                 maps_kb=maps_bytes(pid) // 1024,
                 cpu_s=cpu_s(pid))
