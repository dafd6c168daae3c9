"""What makes the tables, in order.

Databases from before the first migration was one still know the 27 that it replaces: Django finds
them in `replaced/` by these lines, until decision 0024 says that they may go.
"""

from pathlib import Path

__path__.append(str(Path(__file__).with_name("replaced")))
