"""Ask staff for the second factor that the setting `STAFF_MFA` demands."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

from detector.models import User


def is_missing(person: User) -> bool:
    """Return whether a person may do nothing as staff until two-step login is turned on."""
    return bool(settings.STAFF_MFA and person.is_staff and not is_mfa_enabled(person))
