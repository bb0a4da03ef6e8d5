# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tool under test: `tcplinger trace --json`, or another view, begun, awaited and stopped."""
import json
import os
import signal
import subprocess
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
PATIENCE_S = float(os.environ.get("TCPLINGER_PATIENCE_S", 15))  # a guest is slow
# The peer's FIN in FIN_WAIT2 is told an interval late at most: no test needs to wait a second.
INTERVAL = ("-i", "0.1")


def hooks(command, arguments):
    """The form of hooks that a guest is to test; none where the test asks for one, or for no BPF."""
    form = os.environ.get("TCPLINGER_HOOKS")
    if not form or not command or {"--hooks", "--no-bpf"} & set(arguments):
        return []
    return ["--hooks", form]


def binary():
    return os.environ.get("TCPLINGER") or os.path.join(ROOT, "build", "tcplinger")


def tcplinger(*arguments, **options):
    """A run that ends by itself."""
    options.setdefault("timeout", PATIENCE_S)
    return subprocess.run([binary(), *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, **options)


def refused():
    """Why this host refuses BPF, or None."""
    if not hasattr(refused, "why"):
        result = tcplinger("trace", "--json", "-d", "0.05")
        refused.why = result.stderr.strip() if result.returncode == 3 else None
    return refused.why


class Tracer:
    """Its output goes to a file, so that no slow reader holds it up."""

    command = "trace"

    def __init__(self, *arguments, space=None, json_lines=True, prefix=(), interval=INTERVAL,
                 pass_fds=()):
        self.directory = tempfile.TemporaryDirectory(prefix="tcpl-")
        self.ready_file = os.path.join(self.directory.name, "ready")
        self.output = open(os.path.join(self.directory.name, "out"), "w+b")
        self.errors = open(os.path.join(self.directory.name, "err"), "w+b")
        command = [*prefix, *self.tool(), "--ready-file", self.ready_file, *interval,
                   *hooks(self.command, arguments)]
        command += ["--json"] if json_lines else []
        command += ["--netns", space.name] if space else []
        self.begun = time.monotonic()
        self.process = subprocess.Popen([*command, *arguments], stdin=subprocess.DEVNULL,
                                        stdout=self.output, stderr=self.errors,
                                        pass_fds=pass_fds)
        self.read = 0
        self.lines = []
        self.objects = []
        try:
            self.await_ready()
        except BaseException:
            self.close()
            raise

    def tool(self):
        return [binary(), self.command]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        return self.process.pid

    def await_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while not os.path.exists(self.ready_file):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the tracer is not ready (status {self.process.poll()}): "
                                     + self.stderr())
            time.sleep(0.005)

    def stderr(self):
        with open(self.errors.name, encoding="utf-8") as file:
            return file.read()

    def poll(self):
        """Takes in the whole lines that were written since."""
        with open(self.output.name, "rb") as file:
            file.seek(self.read)
            data = file.read()
        data = data[:data.rfind(b"\n") + 1]
        self.read += len(data)
        new = data.splitlines()
        self.lines += new
        if new and new[0].startswith(b"{"):
            self.objects += [json.loads(line.decode("utf-8")) for line in new]
        return self.objects

    def transitions(self, cookie=None):
        self.poll()
        return [o for o in self.objects if o["type"] == "transition"
                and (cookie is None or o["cookie"] == cookie)]

    def wait(self, condition, what="", limit=PATIENCE_S):
        """Until condition(transitions) is true; its value."""
        deadline = time.monotonic() + limit
        while True:
            value = condition(self.transitions())
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {limit} s for {what or condition}; seen:\n"
                                     + "\n".join(map(brief, self.transitions())))
            time.sleep(0.01)

    def wait_steps(self, cookie, count, limit=PATIENCE_S):
        """Until `count` transitions of a connection are there; all of them."""
        self.wait(lambda all_: sum(t["cookie"] == cookie for t in all_) >= count,
                  f"{count} transitions of {cookie}", limit)
        return self.transitions(cookie)

    def wait_step(self, cookie, old, new, limit=PATIENCE_S):
        found = self.wait(lambda all_: [t for t in all_ if t["cookie"] == cookie
                                        and (t["old"], t["new"]) == (old, new)],
                          f"{old}->{new} of {cookie}", limit)
        return found[0]

    def stop(self, signal_number=signal.SIGINT):
        """Ends it; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        status = self.process.wait(PATIENCE_S)
        self.poll()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()
        self.errors.close()
        self.directory.cleanup()


def step(transition):
    return transition["old"] + "->" + transition["new"]


def steps(transitions):
    return [step(t) for t in transitions]


def brief(t):
    owner = (t["owner"] or {}).get("pid")
    return (f'{t["time"]} {t["cookie"]} {t["laddr"]}:{t["lport"]} {t["raddr"]}:{t["rport"]} '
            f'{t["direction"]} {step(t)} owner={owner} by={t["owner_by"]} end={t["end_reason"]}')
