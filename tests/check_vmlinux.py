#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""check_vmlinux.py BPFTOOL OBJECT FOLDER: holds the types of vmlinux/ against the running kernel's BTF.

Each type and field must exist there, or be a guarded variant (its name ends in ___something: the code
asks for it before use). Each type must be used by OBJECT: what no program reads is to be deleted.
Leaves FOLDER/check-vmlinux.xml."""

import glob
import json
import os
import re
import subprocess
import sys

import junit

KERNEL_BTF = "/sys/kernel/btf/vmlinux"
AGGREGATES = ("STRUCT", "UNION")


class Btf:
    def __init__(self, bpftool, path):
        dump = subprocess.run([bpftool, "btf", "dump", "-j", "file", path],
                              stdout=subprocess.PIPE, check=True).stdout
        self.types = {entry["id"]: entry for entry in json.loads(dump)["types"]}
        self.named = {}
        for entry in self.types.values():
            if entry["kind"] in AGGREGATES and entry["name"] != "(anon)":
                self.named.setdefault(entry["name"], []).append(entry)

    def fields(self, entry):
        """The names of all fields, those of anonymous members included."""
        names = set()
        for member in entry.get("members", []):
            if member["name"] == "(anon)":
                names |= self.fields(self.types[member["type_id"]])
            else:
                names.add(member["name"])
        return names


def declared_types(folder):
    """The structs that the headers declare with a body."""
    names = []
    for path in sorted(glob.glob(os.path.join(folder, "*.h"))):
        with open(path, encoding="utf-8") as header:
            names += re.findall(r"^struct (\w+) \{", header.read(), re.MULTILINE)
    return names


def problem_of(name, ours, kernel):
    """What is wrong with a declared type, or None."""
    if name not in ours.named:
        return f"struct {name}: no program reads it"
    plain, guarded = re.sub(r"___.*", "", name), "___" in name
    if plain not in kernel.named:
        return None if guarded else f"struct {name}: not in this kernel, and not guarded"
    wanted = set().union(*(ours.fields(entry) for entry in ours.named[name]))
    found = set().union(*(kernel.fields(entry) for entry in kernel.named[plain]))
    missing = sorted(wanted - found)
    if not missing or guarded:
        return None
    return f"struct {name}: this kernel has no field {', '.join(missing)}"


def check(bpftool, path):
    if not os.path.exists(KERNEL_BTF):
        return junit.SKIPPED, f"{KERNEL_BTF} is missing"
    names = declared_types(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vmlinux"))
    ours, kernel = Btf(bpftool, path), Btf(bpftool, KERNEL_BTF)
    problems = list(filter(None, (problem_of(name, ours, kernel) for name in names)))
    if problems:
        return junit.FAILED, "\n".join(problems)
    return junit.PASSED, f"{len(names)} types are as declared"


def main(bpftool, path, folder):
    outcome, text = check(bpftool, path)
    os.makedirs(folder, exist_ok=True)
    junit.write(os.path.join(folder, "check-vmlinux.xml"), "types_exist_in_this_kernel", outcome, text)
    print(f"vmlinux/: {text}")
    return 1 if outcome == junit.FAILED else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
