"""An empty site for a benchmark, with its database and files in a temporary folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager


@contextmanager
def empty_site(**environment: str) -> Iterator[None]:
    """Set up Django on an empty, migrated database during the block.

    `environment` are additional variables. Without `DATABASE_URL` in them the database is a file in
    the temporary folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {
            "VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "emotionsite.settings", **environment,
        }  # fmt: skip
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield


def plain_static_files() -> AbstractContextManager[object]:
    """Link static files by their plain names: collecting hashed ones takes long."""
    from django.conf import settings
    from django.test import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain})
