# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Debian's archive, asked by a throw-away apt configuration: the addresses are those that this
machine's own apt uses, its lists and settings stay as they are."""
import glob
import os
import platform
import re
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# suites that have kernels, by the suite of this machine in whose archive they are
SUITES = {"-security": ("bullseye-security", "bookworm-security", "trixie-security"),
          "": ("trixie-backports", "sid")}


class Unreachable(Exception):
    """Why there is no archive."""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def address_of(suite):
    """Where this machine's apt gets `suite` from."""
    uris = run("apt-get", "update", "--print-uris")
    found = re.search(rf"^'([^']+)/dists/{re.escape(suite)}/InRelease'", uris, re.M)
    if not found:
        raise Unreachable(f"apt knows no archive of {suite}")
    return found[1]


def sources():
    try:
        codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
        return "".join(f"deb [arch=amd64 signed-by={KEYRING}] {address} {suite} main\n"
                       for own, suites in SUITES.items()
                       for address in [address_of(codename + own)] for suite in suites)
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        raise Unreachable(f"no Debian archive: {error}") from error


class Archive:
    def __init__(self, folder):
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        with open(os.path.join(folder, "sources.list"), "w", encoding="utf-8") as file:
            file.write(sources())
        self.ask("apt-get", "update", "-qq", "--error-on=any")

    def ask(self, tool, *arguments, **options):
        at = self.folder
        settings = {"Dir::Etc::sourcelist": f"{at}/sources.list",
                    "Dir::Etc::sourceparts": f"{at}/parts", "Dir::State::lists": f"{at}/lists",
                    "Dir::Cache": f"{at}/cache", "Dir::State::status": "/dev/null",
                    "APT::Sandbox::User": "root", "Acquire::Languages": "none"}
        flags = [f"-o{key}={value}" for key, value in settings.items()]
        try:
            return run(tool, *flags, *arguments, **options)
        except subprocess.CalledProcessError as error:
            why = error.stderr.strip().partition("\n")[0]
            raise Unreachable(f"{tool} {arguments[0]}: {why}") from error

    def packages(self, prefix):
        return self.ask("apt-cache", "pkgnames", prefix).split()

    def unpack(self, package, folder):
        self.ask("apt-get", "download", "-qq", package, cwd=folder)
        for path in glob.glob(os.path.join(glob.escape(folder), "*.deb")):
            run("dpkg-deb", "-x", path, folder)
            os.unlink(path)
