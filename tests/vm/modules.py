# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Modules of a kernel's package, with what they depend on. The package has no modules.dep."""
import lzma
import re
import subprocess

# What the tests need of a kernel that distributions build as modules.
NAMES = ("tcp_diag", "tls", "veth", "nf_tables", "nft_chain_nat", "nft_nat")


def content(path):
    """The module as insmod wants it."""
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout
    with lzma.open(path) if path.endswith(".xz") else open(path, "rb") as file:
        return file.read()


def dependencies(data):
    found = re.search(rb"\0depends=([^\0]*)\0", data)
    return [name.decode() for name in found[1].split(b",") if name] if found else []


def closure(kernel, names=NAMES):
    """{name: content}, each behind what it depends on; what the package lacks is left out."""
    loaded = {}

    def load(name):
        path = kernel.module(name)
        if name in loaded or not path:
            return
        data = content(path)
        for needed in dependencies(data):
            load(needed)
        loaded[name] = data

    for name in names:
        load(name)
    return loaded
