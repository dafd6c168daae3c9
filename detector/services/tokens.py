"""Keys for programs."""

from detector.models import ApiToken, User


def create_token(owner: User, *, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret, which is kept nowhere."""
    token, secret = ApiToken.objects.create(owner, name=name)
    return token, secret


def revoke_token(token: ApiToken) -> None:
    """Make a token worthless."""
    token.delete()
