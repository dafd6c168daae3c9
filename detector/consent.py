"""What people agree to when they sign up, and what they may agree to besides.

The text of each version is `templates/consent/<version>.html`. A change of what people agree to is
a new file there and a new version here: everyone is asked again, and old files stay as a record.
"""

from typing import Final

VERSION: Final = "2026-11-24"
TEMPLATE: Final = f"consent/{VERSION}.html"

REVIEW_VERSION: Final = "2026-11"
REVIEW_TEMPLATE: Final = f"consent/review-{REVIEW_VERSION}.html"
"""Of the second question: whether reviewers may look at one's photos. Nobody has to say yes."""
