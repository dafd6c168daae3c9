"""Write nginx's configuration from the template that compose uses, too."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emotionsite.stack import ROOT

TEMPLATE: Final = ROOT / "deploy" / "nginx.conf.template"
NAME: Final = re.compile(r"\$\{([A-Z_]+)\}")


def names() -> set[str]:
    """Return the names that the template wants to know."""
    return set(NAME.findall(TEMPLATE.read_text()))


def write(folder: Path, values: Mapping[str, str]) -> Path:
    """Write the configuration into a folder, where nginx keeps its other files. Return its path.

    Raises KeyError for a name that has no value.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = {"NGINX_RUN": str(folder), **values}
    file = folder / "nginx.conf"
    file.write_text(NAME.sub(lambda found: known[found[1]], TEMPLATE.read_text()))
    return file


def command(file: Path) -> list[str]:
    """Return the command that runs nginx in the foreground, as the present user."""
    # Root would become `nobody`, who may read no stored file.
    user = "user root; " if os.geteuid() == 0 else ""
    return [
        "nginx", "-e", "stderr", "-p", str(file.parent), "-c", str(file),
        "-g", f"{user}daemon off;",
    ]  # fmt: skip
