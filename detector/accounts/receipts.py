"""Signed receipts of erasures: what was deleted, and that a search found nothing of it.

Ed25519 (RFC 8032): whoever has the public key can verify a receipt, and only this site can sign
one. The key comes from `SECRET_KEY`, so there is no other secret to keep. A receipt holds no
personal data: the account is named by a keyed digest of its id, which only this site can compute.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORMAT: Final = 1


class ReceiptError(Exception):
    """A text that is no receipt of this site; the message is a sentence for people."""


def signed(content: dict[str, Any]) -> str:
    """Return a receipt as JSON, with signature and public key."""
    key = _key(settings.SECRET_KEY)
    receipt = {"format": FORMAT, **content}
    signature = key.sign(_bytes(receipt))
    public = key.public_key().public_bytes_raw()
    whole = {**receipt, "public_key": _base64(public), "signature": _base64(signature)}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def verify(text: str) -> dict[str, Any]:
    """Return what a receipt of this site says.

    Keys of `SECRET_KEY_FALLBACKS` count, too. Raises ReceiptError.
    """
    try:
        receipt: dict[str, Any] = json.loads(text)
        signature = base64.b64decode(receipt.pop("signature"), validate=True)
        receipt.pop("public_key")
        content = _bytes(receipt)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReceiptError("This is not a receipt of an erasure.") from error
    for secret in _secrets():
        try:
            _key(secret).public_key().verify(signature, content)
        except InvalidSignature:
            continue
        return receipt
    raise ReceiptError("This receipt was changed, or is not of this site.")


def reference_of(user_id: UUID) -> str:
    """Return what a receipt calls an account: a keyed digest of its id."""
    key = _derived(settings.SECRET_KEY, b"emotionsite erasure reference")
    return hmac.new(key, user_id.bytes, hashlib.sha256).hexdigest()[:32]


def _secrets() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from map(str, settings.SECRET_KEY_FALLBACKS)


def _key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(secret, b"emotionsite erasure receipt"))


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, purpose).derive(secret.encode())


def _bytes(receipt: dict[str, Any]) -> bytes:
    """Return one form of the same content, whatever spaces and order a copy has."""
    return json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
