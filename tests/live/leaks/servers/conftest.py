# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real servers: they end before the namespace that they are in."""
import pytest

from servers import Servers


@pytest.fixture
def servers(make, space):  # `make` ends after it
    with Servers(space) as begun:
        yield begun
