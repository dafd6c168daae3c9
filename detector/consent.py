"""Versions of the consent texts.

The text of each version is `templates/consent/<version>.html`. To change a text, add a new file and
change the version here: everyone is asked again. Old files stay as a record.
"""

from typing import Final

VERSION: Final = "2026-11-26"
TEMPLATE: Final = f"consent/{VERSION}.html"

REVIEW_VERSION: Final = "2026-11"
REVIEW_TEMPLATE: Final = f"consent/review-{REVIEW_VERSION}.html"
"""The second, voluntary consent: that reviewers may look at one's photos."""
