"""Read the stored files of an export, and note those that are lost or damaged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from detector.common import storage

logger = logging.getLogger(__name__)

PIECE: Final = 256 * 2**10


class Damaged(list[str]):
    """The names in an export of files that are not whole."""

    @contextmanager
    def as_far_as_readable(self, name: str) -> Iterator[None]:
        """End the block where its file is gone or damaged: people still get all their other data.

        `name` is that of the file in the export. An outage passes through, so that nobody takes
        half an export for the whole.
        """
        try:
            yield
        except FileNotFoundError:
            self.append(name)
        except OSError as error:
            if not storage.is_single_file_error(error):
                raise
            logger.warning("A file of an export cannot be read: %s", error)
            self.append(name)
