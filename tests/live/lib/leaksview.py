# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger leaks --json`."""
import views
from views import View, complaints, refreshes  # noqa: F401 (for the tests)


def once(space, *arguments, **options):
    """What `leaks --once` says of a namespace."""
    refresh, said = views.once("leaks", space, *arguments, **options)
    assert said == []
    return refresh


class Leaks(View):
    command = "leaks"
