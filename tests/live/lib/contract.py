# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the contract says of every view: the keys of an object, and their types."""
number = (int, float)
REFRESH = {"type": str, "time": str, "view": str, "seq": int, "rows": int, "incomplete": bool}
PROCESS = {"pid": int, "start_time": str, "comm": str, "exe": str, "cgroup": str, "container": str}


def check_types(o, types, nullable=()):
    assert set(o) == set(types)
    for key, kind in types.items():
        if o[key] is None:
            assert key in nullable, key
        elif kind:
            assert isinstance(o[key], kind), (key, o[key])
            if kind is int or kind == number:
                assert not isinstance(o[key], bool), key
