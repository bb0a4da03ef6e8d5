# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's cloud kernels: the newest of each series, unpacked into a cache outside of the tree."""
import glob
import os
import re
import shutil
from typing import NamedTuple

from archive import Archive, Unreachable

# Older ones rotate out of the archive: what is missing of these is named.
WANTED = ("5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2",
          "7.3")
REFUSED = "5.10"  # too old: the tool has to say so
NEWEST = "newest"
REQUIRED = ("6.1", "6.12")  # and the newest, whichever that is
FLAVOUR = "cloud-amd64"
# the kernel and its modules: one package, or one each since 6.19
PARTS = ("linux-image-", "linux-binary-", "linux-modules-")


class Kernel(NamedTuple):
    series: str
    release: str
    image: str
    modules: str  # the folder; there is none if the archive has lost the package

    def module(self, name):
        """The path of a module's file, or None."""
        pattern = re.compile(rf"{name.replace('_', '[-_]')}\.ko(\.\w+)?")
        for folder, _, names in os.walk(self.modules):
            for found in filter(pattern.fullmatch, names):
                return os.path.join(folder, found)
        return None


def numbers(text):
    return tuple(map(int, re.findall(r"\d+", text)))


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "tcplinger", "kernels")


def releases(names, prefix):
    """{series: its newest release}, of names that end in a release; the newest series last."""
    found = {}
    for name in names:
        match = re.fullmatch(rf"{prefix}((\d+\.\d+)\.\d\S*-{FLAVOUR})", name)
        if match:
            found[match[2]] = max(match[1], found.get(match[2], ""), key=numbers)
    return dict(sorted(found.items(), key=lambda item: numbers(item[0])))


def installed(folder, series, release):
    """The kernel that lies in `folder`, or None."""
    images = glob.glob(f"{folder}/boot/vmlinuz-*") + glob.glob(f"{folder}/usr/lib/modules/*/vmlinuz")
    modules = glob.glob(f"{folder}/lib/modules/*/kernel") + \
        glob.glob(f"{folder}/usr/lib/modules/*/kernel")
    if not images:
        return None
    return Kernel(series, release, images[0], modules[0] if modules else "")


def fetch(archive, offered, release):
    """Into the cache, where it takes the place of the one of the same series."""
    folder = os.path.join(cache_folder(), release)
    partial = folder + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    for package in filter(offered.__contains__, (part + release for part in PARTS)):
        archive.unpack(package, partial)
    series = ".".join(release.split(".")[:2])
    for old in glob.glob(os.path.join(cache_folder(), f"{series}.*-{FLAVOUR}")):
        shutil.rmtree(old)
    os.rename(partial, folder)


def in_cache():
    return releases(os.listdir(cache_folder()), "")


def newest_known(wanted):
    """{series: release} of those wanted: in the cache, or just put there; the newest last."""
    try:
        archive = Archive(os.path.join(cache_folder(), "apt"))
    except Unreachable:
        known = in_cache()
        if not known:
            raise
    else:
        offered = set(archive.packages("linux-"))
        known = releases(offered, "linux-(?:image|binary)-")
    newest = list(known)[-1]
    chosen = {series: release for series, release in known.items()
              if series in wanted or series == newest and NEWEST in wanted}
    for release in set(chosen.values()) - set(os.listdir(cache_folder())):
        fetch(archive, offered, release)
    return chosen


def available(wanted):
    """{series: Kernel}, the newest last: of those wanted, all that can be had."""
    kernels = {series: installed(os.path.join(cache_folder(), release), series, release)
               for series, release in newest_known(wanted).items()}
    return {series: kernel for series, kernel in kernels.items() if kernel}
