"""What people agree to when they sign up.

The text of each version is `templates/consent/<version>.html`. A change of what people agree to is
a new file there and a new version here: everyone is asked again, and old files stay as a record.
"""

from typing import Final

VERSION: Final = "2026-11-24"
TEMPLATE: Final = f"consent/{VERSION}.html"
