"""Write a file of random secrets for compose: `make env`. Needs nothing but Python.

An existing file is never written over: with another SECRET_KEY all sessions end, and with another
password the database does not open.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

SECRETS: Final = {
    "SECRET_KEY": "signs sessions and links",
    "POSTGRES_PASSWORD": "of the database",
    "METRICS_TOKEN": "opens /metrics to Prometheus",
    "S3_ACCESS_KEY": "of the object store",
    "S3_SECRET_KEY": "of the object store",
}
"""Each is hexadecimal, so that it means the same in URLs, shells and compose."""
BYTES: Final = {"S3_ACCESS_KEY": 10, "S3_SECRET_KEY": 20}
"""Stores limit the length of keys; the others have 32."""
TO_BE_SAID: Final = """\
# --- What only you know; docs/operations.md lists all variables.
# Where mail goes:
#EMAIL_URL=smtp+tls://user:password@mail.example:587
# Whom it comes from:
#DEFAULT_FROM_EMAIL=EmotionSite <no-reply@faces.example>
# The names of the site, and its address:
#ALLOWED_HOSTS=faces.example
#SITE_URL=https://faces.example
# To encrypt stored files: openssl rand -base64 32. Whoever loses it loses all photos.
#STORAGE_KEYS=
"""


def text() -> str:
    """Return the content of a new file."""
    lines = [
        f"# {meaning}\n{name}={secrets.token_hex(BYTES.get(name, 32))}\n"
        for name, meaning in SECRETS.items()
    ]
    return "# Secrets: keep a copy in a safe place, and no other.\n" + "".join(lines) + TO_BE_SAID


def write(file: Path) -> bool:
    """Write the file for its owner alone. Return False, and change nothing, where it exists."""
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(opened, "w") as out:
        out.write(text())
    return True


def main(file: Path) -> int:
    """Write the file, and say what to do next. Returns the exit status."""
    if not write(file):
        sys.stderr.write(f"{file} exists and is kept. Remove it for new secrets.\n")
        return 1
    sys.stdout.write(f"{file} has new secrets. Say in it where mail goes, and the site's names.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:] or [".env"])))
