"""A backup does not depend on the kind of database and storage that it came from."""

from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test import override_settings

from detector.models import AuditEntry, Photo, PhotoTag
from detector.photos import search
from detector.tests import stores
from detector.tests.operations.full_system import run, stored
from detector.tests.operations.systems import (
    everything,
    postgresql_system,
    sqlite_system,
    without_restores,
)


@pytest.mark.django_db
def test_everything_moves_to_postgresql_and_a_bucket_and_back(
    full: Photo, folder: Path, tmp_path: Path
) -> None:
    before, files = everything(), stored()
    run("backup", folder)
    with (
        stores.working() as store,
        postgresql_system(tmp_path / "server"),
        override_settings(STORAGES=stores.storages(store, "photos", timeout=5)),
    ):
        default_storage.create_bucket()  # type: ignore[attr-defined]
        run("restore", folder)
        assert not (tmp_path / "server" / "media").exists()
        assert connection.vendor == "postgresql"
        assert without_restores(everything()) == before
        assert stored() == files
        run("backup", tmp_path / "second")
        assert connection.get_autocommit()
        assert not connection.in_atomic_block
        # New rows get new keys, the log is final, and searches find the words.
        PhotoTag.objects.create(photo=full, owner=full.owner, name="later")
        with pytest.raises(IntegrityError, match="final"), transaction.atomic():
            AuditEntry._base_manager.update(action="x")
        assert Photo.objects.filter(pk__in=found("later")).get() == full
    with sqlite_system(tmp_path / "file"):
        run("restore", tmp_path / "second")
        assert connection.vendor == "sqlite"
        assert without_restores(everything()) == before
        assert stored() == files
        assert found("läke") == [full.pk]
        assert not found("later")


def found(text: str) -> list[UUID]:
    owner = Photo.objects.get().owner
    return search._photos_with(owner, text, 10)
