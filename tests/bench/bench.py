#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tracing costs: the same loads untraced and traced in turn, for tcplinger and its kin.

Needs root. Each load runs in a network namespace of its own, which takes its TIME_WAITs with it
when it goes; tracers see all namespaces. Prints one table, writes bench.json into the build folder.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

READY_TIMEOUT = 15
STOP_TIMEOUT = 15
DRAIN_TIMEOUT = 10
TIME_WAITS_GONE_TIMEOUT = 10
BPF_STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
TICKS = os.sysconf("SC_CLK_TCK")
# What trace must write of a connection that its client closed, into TIME_WAIT: five steps of the
# client's end, four of the server's.
STEPS_PER_CONNECTION = 9
LOSS_KEYS = ("ring_full", "skipped", "map_full", "no_memory", "refused")


class BenchError(Exception):
    """A run that gives no number; its text says why."""


# -- the tracers: one row each --------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Tracer:
    """How to run one tracer, and how to ask it what it lost.

    ready: "file" (it creates {ready}), "output" (it prints), "link" (it holds a BPF link), "start".
    drain: seconds that it may need after the load to report what it knows.
    """

    name: str
    command: tuple
    ready: str
    losses: callable
    keep_output: bool = True
    needs_tracefs: bool = False
    stop: int = signal.SIGTERM
    drain: float = 0.5


def losses_from_stderr(run, _namespace):
    """libbpf-tools and the text views say it on stderr: "lost N events"."""
    return {"lost": sum(int(n) for n in re.findall(r"\blost (\d+)", run.stderr(), re.IGNORECASE))}


def losses_from_json(run, namespace):
    """The last loss object; and the transitions of the load's namespace, where there are any."""
    loss, steps = None, {}
    for record in run.output_records():
        kind = record.get("type")
        if kind == "loss":
            loss = record
        elif kind == "transition" and record["netns"] == namespace.inode:
            step = f"{record['old']}>{record['new']}"
            steps[step] = steps.get(step, 0) + 1
    if loss is None:
        raise BenchError("no loss object in its output")
    # A listener's own steps belong to no connection, and whether a TIME_WAIT ends within the run
    # is chance: on a busy machine a late packet is answered with a reset.
    made = sum(count for step, count in steps.items()
               if "LISTEN" not in step and not step.startswith("TIME_WAIT>"))
    lost = sum(loss[key] for key in LOSS_KEYS)
    return {"lost": lost, "loss": loss, "steps": steps, "transitions": made}


def tcplinger(name, *arguments, losses=losses_from_json):
    """A view of tcplinger; what it learns from a refresh comes an interval late."""
    command = ("{build}/tcplinger", *arguments, "--ready-file", "{ready}")
    return Tracer(name, command, "file", losses, drain=1.5)


def libbpf_tool(name):
    """A tool of Debian's libbpf-tools: its output costs it least in /dev/null."""
    return Tracer(name, (name,), "link", losses_from_stderr, keep_output=False,
                  needs_tracefs=True, stop=signal.SIGINT)


TRACERS = (
    # Untraced against untraced: what the machine's own noise makes of a ratio.
    Tracer("nothing", ("sleep", "900"), "start", losses_from_stderr),
    Tracer("floor", ("{build}/tests/floor", "{build}/tests/floor.bpf.o"), "output",
           losses_from_stderr),
    tcplinger("trace --json", "trace", "--json"),
    tcplinger("trace", "trace", losses=losses_from_stderr),
    tcplinger("leaks", "leaks", "--json"),
    libbpf_tool("tcplife"),
    libbpf_tool("tcpstates"),
)

LOADS = {
    "churn": ("churn",),
    "syscalls": ("bystander-syscalls",),
    "requests": ("bystander-requests", "--connections", "10000", "--announce"),
}


# Rounds in which BPF time is measured.
STATS_ROUNDS = {"churn": 3, "syscalls": 1, "requests": 1}


# -- the parts of a run ---------------------------------------------------------------------------


def wait_until(condition, timeout, step=0.02):
    """True as soon as the condition holds, False when the time is over."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def stop_process(process, number):
    """Asks, then insists. Returns True if asking was enough."""
    for attempt in (number, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(attempt)
        try:
            process.wait(STOP_TIMEOUT)
            return attempt == number
        except subprocess.TimeoutExpired:
            continue
    return False


def time_wait_objects():
    """How many minisockets the kernel keeps, about; None where it does not tell."""
    try:
        lines = pathlib.Path("/proc/slabinfo").read_text().splitlines()
    except OSError:
        return None
    counts = [int(line.split()[1]) for line in lines if line.startswith("tw_sock_TCP")]
    return sum(counts) if counts else None


class Namespace:
    """A network namespace with loopback up, alive as long as a process that sleeps in it."""

    # Its own limit of TIME_WAITs: a long run must not spill over into another path of the kernel.
    SETUP = ("ip link set lo up && echo 1048576 >/proc/sys/net/ipv4/tcp_max_tw_buckets && "
             "echo up && exec sleep 900")

    def __enter__(self):
        self.time_waits_before = time_wait_objects()
        self.holder = subprocess.Popen(("unshare", "--net", "sh", "-c", self.SETUP),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "up\n":
            self.holder.kill()
            raise BenchError("cannot make a network namespace")
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.inode = os.stat(self.path).st_ino
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        wait_until(self.time_waits_gone, TIME_WAITS_GONE_TIMEOUT)

    def time_waits_gone(self):
        """The namespace's end is work in the background, which must not slow the next run."""
        now = time_wait_objects()
        return now is None or now < self.time_waits_before + 2000

    def run(self, arguments, on_phase):
        """Runs a load, which ends by itself, and returns the object that it prints.

        on_phase is called with "begin" and "end" around what is measured: when the load announces
        it, otherwise around the whole.
        """
        result = None
        announces = "--announce" in arguments
        if not announces:
            on_phase("begin")
        with subprocess.Popen(("nsenter", f"--net={self.path}", *arguments),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as load:
            try:
                for line in load.stdout:
                    if line.startswith(b"{"):
                        result = json.loads(line)
                    else:
                        on_phase(line.decode().strip())
            except BaseException:
                stop_process(load, signal.SIGTERM)
                raise
        if load.returncode or not result:
            raise BenchError(f"the load failed, status {load.returncode}")
        if not announces:
            on_phase("end")
        return result


class BpfStats:
    """Run times of BPF programs are counted inside, and only there: counting has a cost."""

    def __enter__(self):
        self.before = BPF_STATS.read_text()
        BPF_STATS.write_text("1")

    def __exit__(self, *_):
        BPF_STATS.write_text(self.before)


def read_programs(ids):
    """What the kernel knows of these BPF programs."""
    if not ids:
        return []
    shown = subprocess.run(("bpftool", "prog", "show", "--json"), capture_output=True, text=True,
                           env={**os.environ, "PATH": search_path()})
    if shown.returncode:
        raise BenchError(f"bpftool: {shown.stderr.strip()}")
    return [program for program in json.loads(shown.stdout) if program["id"] in ids]


def search_path():
    """Tools of the administrator are not in everyone's PATH."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


class Running:
    """A tracer at work, its output in files of its own."""

    def __init__(self, tracer, command, folder):
        self.tracer = tracer
        self.ready_file = folder / "ready"
        self.output_path = folder / "output" if tracer.keep_output else pathlib.Path(os.devnull)
        self.stderr_path = folder / "stderr"
        self.command = [part.replace("{ready}", str(self.ready_file)) for part in command]

    def __enter__(self):
        self.ready_file.unlink(missing_ok=True)
        command = self.command
        if self.tracer.needs_tracefs and not os.path.isdir("/sys/kernel/tracing/events"):
            # In a mount namespace of its own: the host stays as it is.
            command = ("unshare", "--mount", "sh", "-c",
                       'mount -t tracefs tracefs /sys/kernel/tracing && exec "$0" "$@"', *command)
        with open(self.output_path, "wb") as output, open(self.stderr_path, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=errors)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self.tracer.keep_output:
            self.output_path.unlink()  # hundreds of megabytes, maybe in memory

    def wait_ready(self):
        ready = {"file": self.ready_file.exists,
                 "output": lambda: self.output_path.stat().st_size > 0,
                 "link": self.has_link,
                 "start": lambda: True}[self.tracer.ready]
        if not wait_until(lambda: self.process.poll() is not None or ready(), READY_TIMEOUT):
            raise BenchError(f"not ready after {READY_TIMEOUT} s: {self.last_words()}")
        self.check_alive()
        time.sleep(0.3)  # "link" is the first link, not the last

    def check_alive(self):
        if self.process.poll() is not None:
            raise BenchError(f"exit status {self.process.returncode}: {self.last_words()}")

    def stop(self):
        return stop_process(self.process, self.tracer.stop)

    def finish(self):
        """The end of a good run: a tracer that died or does not stop has measured nothing."""
        self.check_alive()
        if not self.stop():
            raise BenchError("does not stop when asked")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def last_words(self):
        lines = self.stderr().strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def output_records(self):
        with open(self.output_path, "rb") as lines:
            for line in lines:
                yield json.loads(line)

    def fdinfo(self):
        """The text of every descriptor's fdinfo; descriptors come and go."""
        folder = pathlib.Path(f"/proc/{self.process.pid}/fdinfo")
        for path in folder.iterdir():
            try:
                yield path.read_text()
            except OSError:
                continue

    def has_link(self):
        try:
            return any("link_type:" in text for text in self.fdinfo())
        except OSError:
            return False

    def programs(self):
        """By its own descriptors of programs and links: others may be tracing as well."""
        found = (re.search(r"^prog_id:\s*(\d+)$", text, re.MULTILINE) for text in self.fdinfo())
        return {int(match.group(1)) for match in found if match}

    def cpu_s(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def usage(self):
        """What it and its programs have used so far."""
        self.check_alive()
        programs = read_programs(self.programs())
        return {"cpu_s": self.cpu_s(),
                "bpf_ns": sum(program.get("run_time_ns", 0) for program in programs),
                "bpf_runs": sum(program.get("run_cnt", 0) for program in programs),
                "bpf_skipped": sum(program.get("recursion_misses", 0) for program in programs)}

    def peak_rss_kb(self):
        self.check_alive()
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s*(\d+)", status, re.MULTILINE).group(1))

    def drain(self):
        """Until it has been idle for a while, or for a bounded time."""
        time.sleep(self.tracer.drain)
        seen = [self.cpu_s()]

        def is_idle():
            seen.append(self.cpu_s())
            return len(seen) > 3 and seen[-1] - seen[-4] <= 1 / TICKS

        wait_until(is_idle, DRAIN_TIMEOUT, step=0.1)


# -- measuring ------------------------------------------------------------------------------------


class Bench:
    """The runs, and what they gave: results[tracer][load] is a list of pairs."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.pairs = {}
        self.stats = {}
        self.skipped = {}
        self.failed = {}

    def command(self, tracer):
        """The command with its program found, or None."""
        parts = [part.replace("{build}", str(self.options.build)) for part in tracer.command]
        program = shutil.which(parts[0], path=search_path())
        return [program, *parts[1:]] if program else None

    def load(self, namespace, name, on_phase=lambda phase: None):
        program = f"{self.options.build}/tests/load"
        arguments = (program, *LOADS[name], "--duration", str(self.options.seconds))
        result = namespace.run(arguments, on_phase)
        result["operations"] = next(iter(result.values()))  # its unit comes first
        return result

    def untraced(self, load):
        with Namespace() as namespace:
            return self.load(namespace, load)

    def traced(self, tracer, load):
        """One load under the tracer, which has stopped before the namespace goes."""
        with Namespace() as namespace:
            with Running(tracer, self.command(tracer), self.folder) as run:
                used = {}

                def on_phase(phase):
                    used[phase] = run.usage()

                result = self.load(namespace, load, on_phase)
                run.drain()
                if load == "churn":  # its events are still being written after its end
                    used["end"]["cpu_s"] = run.cpu_s()
                result["usage"] = {key: used["end"][key] - used["begin"][key]
                                   for key in used["end"]}
                result["peak_rss_kb"] = run.peak_rss_kb()
                run.finish()
                result.update(tracer.losses(run, namespace))
        return result

    def pair(self, tracer, load, traced_first):
        """Alternating which is first takes a drift of the machine out of the ratio."""
        runs = {}
        for is_traced in (traced_first, not traced_first):
            runs[is_traced] = self.traced(tracer, load) if is_traced else self.untraced(load)
        kept = runs[True]["per_s"] / runs[False]["per_s"]
        return {"kept": kept, "untraced": runs[False], "traced": runs[True]}

    def usable(self):
        return [tracer for tracer in TRACERS
                if tracer.name not in self.skipped and tracer.name not in self.failed]

    def select(self):
        for tracer in TRACERS:
            if self.options.only and tracer.name not in self.options.only:
                self.skipped[tracer.name] = "not chosen"
            elif not self.command(tracer):
                self.skipped[tracer.name] = "not installed or not built"
                print(f"SKIP {tracer.name}: {self.skipped[tracer.name]}", file=sys.stderr)

    def attempt(self, tracer, what, work):
        """A tracer that fails once is out; the others go on."""
        try:
            result = work()
        except (BenchError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            self.failed[tracer.name] = f"{what}: {type(error).__name__}: {error}"
            print(f"FAIL {tracer.name}: {self.failed[tracer.name]}", file=sys.stderr)
            return None
        print(f"{what:<22} {tracer.name:<13} {result.get('kept', 1):5.3f}", file=sys.stderr)
        return result

    def run_pairs(self, number):
        for load in self.options.loads:
            for tracer in self.usable():
                what = f"round {number + 1} {load}"
                pair = self.attempt(tracer, what, lambda: self.pair(tracer, load, number % 2))
                if pair:
                    self.pairs.setdefault(tracer.name, {}).setdefault(load, []).append(pair)

    def run_stats(self, load):
        with BpfStats():
            for tracer in self.usable():
                result = self.attempt(tracer, f"BPF time {load}",
                                      lambda: self.traced(tracer, load))
                if result:
                    by_load = self.stats.setdefault(tracer.name, {})
                    by_load.setdefault(load, []).append(result)

    def run(self):
        self.select()
        for number in range(self.options.rounds):
            self.run_pairs(number)
            for load in self.options.loads:
                if number < STATS_ROUNDS[load]:
                    self.run_stats(load)


# -- the result -----------------------------------------------------------------------------------


def per_operation(runs, amount):
    return statistics.median(amount(run) / run["operations"] for run in runs)


def summarize(name, load, pairs, stats):
    kept = [pair["kept"] for pair in pairs]
    traced = [pair["traced"] for pair in pairs]
    row = {
        "tracer": name,
        "load": load,
        "kept": {"median": statistics.median(kept), "min": min(kept), "max": max(kept)},
        "untraced_per_s": statistics.median(pair["untraced"]["per_s"] for pair in pairs),
        "cpu_ns": per_operation(traced, lambda run: run["usage"]["cpu_s"] * 1e9),
        "peak_rss_kb": max(run["peak_rss_kb"] for run in traced),
        "lost": sum(run["lost"] for run in traced),
        "bpf_skipped": sum(run["usage"]["bpf_skipped"] for run in traced),
    }
    if stats:
        row["bpf_ns"] = per_operation(stats, lambda run: run["usage"]["bpf_ns"])
        row["bpf_runs"] = per_operation(stats, lambda run: run["usage"]["bpf_runs"])
    if load == "churn" and all(run.get("transitions") for run in traced):
        row["transitions"] = per_operation(traced, lambda run: run["transitions"])
        row["missing"] = sum(STEPS_PER_CONNECTION * run["operations"] - run["transitions"]
                             for run in traced)
    return row


def summarize_all(bench):
    return [summarize(tracer.name, load, pairs, bench.stats.get(tracer.name, {}).get(load))
            for tracer in TRACERS
            for load, pairs in bench.pairs.get(tracer.name, {}).items()]


def short(number):
    """Figures that span five orders of magnitude, in few columns."""
    return f"{number:,.1f}" if abs(number) < 100 else f"{number:,.0f}"


# Title, key, form; what a row does not have is "-".
COLUMNS = (
    ("untraced/s", "untraced_per_s", "{:,.0f}".format),
    ("BPF ns", "bpf_ns", short),
    ("CPU ns", "cpu_ns", short),
    ("RSS kB", "peak_rss_kb", "{:,}".format),
    ("lost", "lost", "{:,}".format),
    ("skipped", "bpf_skipped", "{:,}".format),
    ("steps", "transitions", "{:.3f}".format),
)


def table_cells(row):
    kept = row["kept"]
    cells = [row["tracer"], row["load"],
             f"{kept['median']:.3f} ({kept['min']:.2f}..{kept['max']:.2f})"]
    return cells + [form(row[key]) if key in row else "-" for _, key, form in COLUMNS]


def print_table(bench, rows):
    lines = [["tracer", "load", "rate kept", *(title for title, _, _ in COLUMNS)]]
    lines += [table_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:3], widths)]
        right = [cell.rjust(width) for cell, width in zip(line[3:], widths[3:])]
        print("  ".join(left + right).rstrip())
    for row in rows:
        if row.get("missing"):
            print(f"{row['tracer']}: {row['missing']:,} transitions missing over all rounds")
    for name, why in bench.skipped.items():
        if why != "not chosen":
            print(f"SKIP {name}: {why}")
    for name, why in bench.failed.items():
        print(f"FAIL {name}: {why}")
    print("rate kept: traced/untraced, median of pairs (least..most). BPF, CPU: time per "
          "connection, call\nor request. lost: events, by the tracer's own count. skipped: program "
          "runs that the kernel refused\nby recursion. Both are sums over all rounds. steps: "
          f"transitions written per connection,\n{STEPS_PER_CONNECTION} when none is missing.")


def write_json(bench, rows, path):
    options = bench.options
    result = {
        "kernel": os.uname().release,
        "cpus": os.cpu_count(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "rows": rows,
        "pairs": bench.pairs,
        "bpf_time_runs": bench.stats,
        "skipped": bench.skipped,
        "failed": bench.failed,
    }
    path.write_text(json.dumps(result, indent=1) + "\n")


# -- the command line -----------------------------------------------------------------------------


def bounded(kind, low, high):
    """An argument type with bounds, so that a run is bounded too."""
    def parse(text):
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not within {low}..{high}")
        return value
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"),
                        help="folder of tcplinger, tests/load, tests/floor, tests/floor.bpf.o")
    parser.add_argument("--rounds", type=bounded(int, 1, 100), default=5)
    parser.add_argument("--seconds", type=bounded(float, 0.1, 30), default=3,
                        help="length of each run")
    parser.add_argument("--only", action="append", metavar="NAME",
                        choices=[tracer.name for tracer in TRACERS],
                        help="only this tracer (may be repeated): %(choices)s")
    parser.add_argument("--load", action="append", dest="loads", choices=list(LOADS),
                        help="only this load (may be repeated)")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.loads = options.loads or list(LOADS)
    return options


def scratch_folder(build):
    """On tmpfs where there is one: the disk's speed is not what is measured."""
    shared = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else build)


def exit_on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    options = parse_arguments()
    if os.geteuid():
        sys.exit("bench: needs root")
    if not os.access(options.build / "tests" / "load", os.X_OK):
        sys.exit(f"bench: {options.build}/tests/load is missing: build it first")
    # So that every "with" above is left in order, and the statistics are switched off again.
    signal.signal(signal.SIGTERM, exit_on_signal)
    with scratch_folder(options.build) as folder:
        bench = Bench(options, pathlib.Path(folder))
        bench.run()
    rows = summarize_all(bench)
    print_table(bench, rows)
    write_json(bench, rows, options.build / "bench.json")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
