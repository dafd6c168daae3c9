"""`manage.py verify_receipt FILE`."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from detector.accounts import receipts


class Command(BaseCommand):
    help = "Verify a receipt of an erasure: whether this site signed exactly this."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            receipt = receipts.verify(options["file"].read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        except receipts.ReceiptError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("This site signed this receipt:")
        self.stdout.write(json.dumps(receipt, indent=2, ensure_ascii=False))
