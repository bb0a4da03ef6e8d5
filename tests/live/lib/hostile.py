# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Names that processes may have, and what is to be made of them."""

NAMES = {
    "empty": b"",
    "escape": b"\x1b[31mred\x1b[0m",
    "title": b"\x1b]0;owned\x07",
    "quote": b'"}\\\\",{"a":"',
    "newline": b"a\nb\rc\td",
    "broken": b"\xff\xfe\xc3(\xe2\x82",
    "cut": b"12345678901234\xc3",
    "overlong": b"\xc0\xaf\xed\xa0\x80",
    "c1": b"\xc2\x9b31m\xc2\x85",
    "delete": b"del\x7f",
    "bidi": "a\u202egnp.exe".encode(),
    "wide": "漢字漢字漢".encode(),
    "spaces": b" a) R 1 (b ",
    "percent": b"%s%n%d%x",
}
REPLACEMENT = "\ufffd"


def wanted_in_json(name):
    """One U+FFFD for each byte that belongs to no character."""
    text = ""
    while name:
        for size in range(min(4, len(name)), 0, -1):
            try:
                character = name[:size].decode("utf-8")
            except UnicodeDecodeError:
                continue
            if len(character) == 1:
                text, name = text + character, name[size:]
                break
        else:
            text, name = text + REPLACEMENT, name[1:]
    return text
