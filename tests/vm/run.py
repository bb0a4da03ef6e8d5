#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""run.py --build build [--quick]: the binary as it is built, and the live tests, on other kernels under
QEMU. Leaves a JUnit file for each boot in build/results, the guests' consoles in build/vm. Exits 1 if
a test failed, or if a required kernel is missing; with --quick what cannot be had is skipped."""

import argparse
import concurrent.futures
import json
import os
import platform
import shutil
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import archive  # noqa: E402
import boots  # noqa: E402
import guest  # noqa: E402
import junit  # noqa: E402
import kernels  # noqa: E402
import matrix  # noqa: E402
import modules  # noqa: E402
import payload  # noqa: E402
from cpio import Cpio  # noqa: E402

LIMIT_S = 600  # for one boot, which needs a tenth of it where nothing else runs


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--whole", action="store_true",
                        help="all tests that are meant for guests, in both forms: five times as long")
    parser.add_argument("--audit", action="store_true",
                        help="very many connections each instead, on the kernels of --quick")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--kernel", action="append", help="only these series, or newest")
    parser.add_argument("--tests", nargs="+", help="these instead, as pytest names them")
    parser.add_argument("--limit", type=int, default=LIMIT_S, metavar="SECONDS")
    return parser.parse_args()


def obstacle():
    """Why no guest can be booted here, or None."""
    if platform.machine() != "x86_64":
        return "the guests are x86_64, and so has to be the binary"
    if not shutil.which(guest.QEMU):
        return f"{guest.QEMU} is not installed"
    return None


def wanted(options):
    few = options.quick or options.audit
    return options.kernel or (boots.QUICK if few else (*kernels.WANTED, kernels.NEWEST))


def find_kernels(options):
    """{series: Kernel}, the newest last; archive.Unreachable where there are none."""
    if obstacle():
        raise archive.Unreachable(obstacle())
    return kernels.available(wanted(options))


def name_missing(options, found):
    """Whether one of them is required."""
    absent = [series for series in wanted(options) if series not in (*found, kernels.NEWEST)]
    if absent:
        print("not in the archive: " + ", ".join(absent))
    return not options.quick and bool(set(absent) & set(kernels.REQUIRED))


def own_part(kernel, boot):
    """What only this boot's initramfs has: modules, and which tests to run."""
    part = Cpio()
    loaded = modules.closure(kernel)
    for name, data in loaded.items():
        part.add(f"/modules/{name}.ko", stat.S_IFREG | 0o644, data)
    part.text("/modules/order", "".join(name + "\n" for name in loaded))
    part.text("/plan", json.dumps(boot.tests))
    return part.data()


def run(boot, kernel, common, options):
    begun = time.monotonic()
    cases = guest.run(boot.suite, kernel.image, (common, own_part(kernel, boot)), boot.parameters,
                      os.path.join(options.build, "vm"), options.limit, boot.cpus)
    seconds = time.monotonic() - begun
    print(f"{boot.name} ({kernel.release}): {junit.totals(cases)} in {seconds:.0f} s", flush=True)
    junit.write_all(os.path.join(options.build, "results", boot.suite + ".xml"), cases)
    return cases, seconds


def planned(options, series):
    if options.audit:
        return boots.audit_boots(series)
    plan = boots.quick_boots(series) if options.quick else boots.boots(series, options.whole)
    if options.tests:
        plan = [boot._replace(tests=tuple(options.tests)) for boot in plan]
    return plan


def run_all(options, found):
    common = payload.pack(options.build)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {boot: pool.submit(run, boot, found[boot.series], common, options)
                   for boot in planned(options, list(found))}
        return {boot: future.result() for boot, future in futures.items()}


def skip(options, reason):
    print(f"no other kernels: {reason}")
    if options.quick:
        junit.write(os.path.join(options.build, "results", "vm.xml"), "kernels", junit.SKIPPED,
                    f"no other kernels: {reason}")
    return 0 if options.quick else 1


def main():
    options = arguments()
    os.makedirs(os.path.join(options.build, "results"), exist_ok=True)
    try:
        found = find_kernels(options)
    except archive.Unreachable as reason:
        return skip(options, str(reason))
    failed = name_missing(options, found)
    results = run_all(options, found)
    everything = [case for cases, _ in results.values() for case in cases]
    junit.print_failures(everything)
    print(matrix.text(results))
    print(junit.totals(everything), flush=True)
    return 1 if failed or junit.count(everything, junit.FAILED) else 0


if __name__ == "__main__":
    sys.exit(main())
