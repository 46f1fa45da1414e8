"""The table of capabilities: every entry loads, an unknown name is refused with the known ones."""

from __future__ import annotations

import pytest

from anatomy_twin import plugins
from anatomy_twin.errors import UsageError


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, table in plugins.TABLE.items() for name in table])
def test_every_entry_of_the_table_loads(kind, name):
    assert name in plugins.names(kind) and callable(plugins.resolve(kind, name))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"ct-brain.*ct-abdomen"):
        plugins.resolve("segmenters", "ct-brain")
