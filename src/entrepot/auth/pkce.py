"""PKCE (RFC 7636): proof that who exchanges the code is who asked for it."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from typing import Literal

from entrepot.core.secret import Secret

Method = Literal["S256", "plain", "none"]


def fresh_verifier() -> Secret:
    """64 unreserved characters, 384 bits: between the 43 and 128 of RFC 7636, 4.1."""
    return Secret(token_urlsafe(48))


def challenge_of(verifier: Secret, method: Method) -> dict[str, str]:
    """The parameters for the authorization URL; none where the service knows no PKCE."""
    match method:
        case "S256":
            digest = sha256(verifier.reveal().encode("ascii")).digest()
            return {
                "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
                "code_challenge_method": "S256",
            }
        case "plain":
            return {"code_challenge": verifier.reveal(), "code_challenge_method": "plain"}
        case "none":
            return {}
