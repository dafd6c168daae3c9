"""Storage of static files: hashed names, and compressed in a moment."""

from collections.abc import Iterable, Iterator

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

BROTLI_QUALITY = 9
"""Of 11: takes an eighth of the time, for files that are a tenth larger."""


class QuickCompressor(Compressor):
    """Compresses with less than the highest quality of Brotli."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data, compressed."""
        compressed: bytes = brotli.compress(data, quality=BROTLI_QUALITY)
        return compressed


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Compresses the files with hashed names alone: pages link to no others.

    Scripts import each other by these names, too, so that none is an older one than its page.
    """

    # Django's own switch, `support_js_module_import_aggregation`, would do so in the scripts of all
    # packages, of which some import what a bundler is to find.
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield each file with the name of each compressed form."""
        linked = set(self.hashed_files.values())
        yield from super().compress_files([path for path in paths if path in linked])

    def create_compressor(self, **options: object) -> Compressor:
        """Return what compresses a file."""
        return QuickCompressor(**options)
