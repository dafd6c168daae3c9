"""A file whose time shows that the work goes on, for health checks of containers.

A check looks at the time of `ALIVE_FILE`, which costs nothing; to ask the database, it would have
to load Django every time.
"""

import os
from contextlib import suppress
from pathlib import Path

FILE = os.environ.get("ALIVE_FILE", "")


def touch() -> None:
    """Show that the work goes on; without `ALIVE_FILE`, do nothing."""
    if FILE:
        # A full disk must not end what is alive: the check will tell of it.
        with suppress(OSError):
            Path(FILE).touch(mode=0o600)
