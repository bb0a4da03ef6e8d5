# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Archives in the newc format, as the kernel unpacks them into its first root file system."""
import os
import stat

TRAILER = "TRAILER!!!"


def padded(data):
    return data + b"\0" * (-len(data) % 4)


class Cpio:
    def __init__(self):
        self.parts = []
        self.names = {"/"}

    def entry(self, name, mode, data, time):
        encoded = name.lstrip("/").encode() + b"\0"
        fields = (len(self.parts) + 1, mode, 0, 0, 1, time, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self.parts.append(padded(header + encoded) + padded(data))

    def add(self, name, mode, data=b"", time=0):
        """What is there already stays as it is."""
        if name in self.names:
            return
        self.folder(os.path.dirname(name))
        self.names.add(name)
        self.entry(name, mode, data, time)

    def folder(self, name):
        if name not in self.names:
            self.add(name, stat.S_IFDIR | 0o755)

    def symlink(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def text(self, name, text, mode=0o644):
        self.add(name, stat.S_IFREG | mode, text.encode())

    def copy(self, source, name=None):
        """A file of this machine, symlinks followed; without a name, at its own place. Its time is
        kept: Python compares it with what the compiled file says."""
        name = name or os.path.join(os.path.realpath(os.path.dirname(source)),
                                    os.path.basename(source))
        with open(source, "rb") as file:
            status = os.fstat(file.fileno())
            self.add(name, stat.S_IFREG | stat.S_IMODE(status.st_mode), file.read(),
                     int(status.st_mtime))

    def data(self):
        self.entry(TRAILER, 0, b"", 0)
        return b"".join(self.parts)
