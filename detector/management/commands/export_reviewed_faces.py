"""`manage.py export_reviewed_faces --out FILE.npz`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.exceptions import DetectorError
from detector.learning import dataset


class Command(BaseCommand):
    help = (
        "Write the faces that people named, of owners who agree to reviews, as a data set to "
        "train on, with a manifest beside it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="the .npz to write")

    def handle(self, *args: Any, **options: Any) -> None:
        out = options["out"]
        if out.suffix != ".npz":
            raise CommandError("--out takes the name of an .npz file.")
        try:
            export = dataset.export(out, actor=None)
        except DetectorError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{export.name}: {export.faces} faces, SHA-256 {export.sha256}")
