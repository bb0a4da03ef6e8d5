# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger leaks --json`."""
import views
from views import View, complaints, refreshes  # noqa: F401 (for the tests)


def once(space, *arguments, **options):
    """What `leaks --once` says of a namespace, of sockets of any age unless --age is given."""
    if "--age" not in arguments:
        arguments = ("--age", "0", *arguments)
    refresh, said = views.once("leaks", space, *arguments, **options)
    assert said == []
    return refresh


class Leaks(View):
    command = "leaks"
