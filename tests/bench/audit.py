#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Do the books balance? A million connections at full speed under `--audit`.

Half of them are closed by the client first, half by the server, with resets among both, in a network
namespace of their own. Prints what the kernel counted, what the view saw, and what nothing explains.
Fails if a counter of the kernel is off by more than --tolerance. Needs root.
"""

import argparse
import pathlib
import sys
import tempfile

from runs import Namespace, Running
from tracers import tcplinger

RESET_EVERY = {"client": 10, "server": 7}


def churn(options, namespace):
    for closer, every in RESET_EVERY.items():
        result = namespace.run((f"{options.build}/tests/load", "churn", "--closer", closer, "--reset-every",
                                str(every), "--connections", str(options.connections // 2)),
                               lambda phase: None)
        print(f"{result['connections']:,} connections closed by the {closer}, every {every}th reset: "
              f"{result['per_s']:,.0f}/s", flush=True)


def audited(options, folder):
    """What the view says in the end: its audits of that namespace, and all that it lost."""
    with Namespace() as namespace:
        view = tcplinger(options.view, options.view, "--json", "--audit", "--netns", namespace.path)
        command = [part.replace("{build}", str(options.build)) for part in view.command]
        with Running(view, command, folder) as run:
            churn(options, namespace)
            run.drain()
            run.finish()
            records = [record for record in run.output_records() if record["type"] in ("audit", "loss")]
    audits = [record for record in records if record["type"] == "audit" and record["netns"] == namespace.inode]
    return audits, [record for record in records if record["type"] == "loss"][-1]


def show(audits, loss):
    print(f"{'counter':<20} {'kernel':>10} {'seen':>10} {'unexplained':>11}  explained")
    for audit in audits:
        why = {key: count for key, count in audit["explained"].items() if count}
        print(f"{audit['counter']:<20} {audit['kernel']:>10,} {audit['seen']:>10,} "
              f"{audit['unexplained']:>11,}  {why or ''}")
    print("loss", {key: value for key, value in loss.items() if key not in ("type", "time")})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--connections", type=int, default=1000000)
    parser.add_argument("--view", default="timewait", choices=("trace", "leaks", "timewait", "ports"))
    parser.add_argument("--tolerance", type=float, default=0, metavar="SHARE",
                        help="of each counter, for hosts that run no BPF program now and then (0)")
    options = parser.parse_args()
    options.build = options.build.resolve()
    with tempfile.TemporaryDirectory() as folder:
        audits, loss = audited(options, pathlib.Path(folder))
    show(audits, loss)
    off = [audit["counter"] for audit in audits
           if abs(audit["unexplained"]) > options.tolerance * audit["kernel"]]
    sys.exit(f"unexplained: {', '.join(off)}" if off else 0)


if __name__ == "__main__":
    main()
