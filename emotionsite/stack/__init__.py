"""The production shape on one host without containers: `make stack`.

Nothing here reads Django's settings: those are the platform's, which the stack is about to start.
"""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
