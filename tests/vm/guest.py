# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One boot of one kernel under QEMU, without KVM, and what its tests said."""
import json
import os
import subprocess
import tempfile
import threading

import junit

QEMU = "qemu-system-x86_64"
MEMORY_MB = 1024
CONSOLE_LINES = 40  # of what the guest said last, where it did not come to its end
# Never several CPUs with thread=multi: patching kernel text under it gives spurious oopses.
MACHINE = ("-accel", "tcg,thread=single", "-M", "pc", "-cpu", "max", "-m",
           str(MEMORY_MB), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
COMMAND_LINE = ("console=ttyS0 panic=-1 quiet rdinit=/init random.trust_cpu=on mitigations=off "
                "rcupdate.rcu_expedited=1 init_on_alloc=0")
OUTCOMES = {"passed": junit.PASSED, "failed": junit.FAILED, "skipped": junit.SKIPPED}


def command(image, initramfs, parameters, cpus, console):
    """ttyS0 is the console, kept in a file; ttyS1 brings the results to stdout."""
    return [QEMU, *MACHINE, "-smp", str(cpus), "-kernel", image, "-initrd", initramfs,
            "-append", f"{COMMAND_LINE} {parameters}", "-serial", f"file:{console}",
            "-serial", "stdio"]


def lines_of(command_line, limit_s):
    """What the guest's runner sends (guest/run.py), until the guest is off or its time is up."""
    with subprocess.Popen(command_line, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        clock = threading.Timer(limit_s, process.kill)
        clock.start()
        try:
            for line in process.stdout:
                try:
                    yield json.loads(line)
                except ValueError:  # cut off, or not the runner's: the console may tell
                    continue
        finally:
            clock.cancel()
            process.kill()


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-CONSOLE_LINES:])


def unfinished(suite, status, begun, console):
    """The case that says so where the runner did not come to an orderly end."""
    if status in (0, 1):  # of pytest: 1 is that tests failed, which are cases already
        return []
    why = f"pytest ended with {status}" if status is not None else \
        "the guest died or its time was up" + (f", in {begun}" if begun else "")
    return [junit.Case(suite, "guest", junit.FAILED, f"{why}; its console:\n{tail(console)}")]


def cases_of(suite, lines, console):
    """A test has a line for each phase that has something to say: the worst of them counts."""
    cases, begun, status = {}, None, None
    for line in lines:
        if "test" in line:
            name = line["test"].removeprefix("tests/")
            if name not in cases or line["outcome"] == "failed":
                cases[name] = junit.Case(suite, name, OUTCOMES[line["outcome"]], line["message"])
        begun = line.get("begun", begun)
        status = line.get("finished", status)
    return [*cases.values(), *unfinished(suite, status, begun, console)]


def run(suite, image, data, parameters, folder, limit_s, cpus=1):
    """Boots `image` with the initramfs `data`; the cases."""
    os.makedirs(folder, exist_ok=True)
    console = os.path.join(folder, suite + ".console")
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".initramfs") as initramfs:
        initramfs.writelines(data)
        initramfs.flush()
        lines = lines_of(command(image, initramfs.name, parameters, cpus, console), limit_s)
        return cases_of(suite, lines, console)
