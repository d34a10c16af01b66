"""The signed assertion with which a client logs in to TYPPI (private_key_jwt, RFC 7523), and its key."""

import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tyokyky_bridge.adapterkit.contract import SystemConfig

AUDIENCE = "urn:typpi:token"
"""Who the assertion is for, unless the installation says otherwise (option ``audience``)."""

ALGORITHM = "ES256"
LIFE_S = 120
"""Seconds an assertion lives: it is used at once, and TYPPI refuses more than five minutes."""


@dataclass(frozen=True)
class Signer:
    """Who we are to TYPPI and the key that proves it."""

    client_id: str
    audience: str
    key: ECKey

    @classmethod
    def of(cls, config: SystemConfig) -> "Signer":
        """Read the options ``client_id``, ``audience`` and ``private_key`` (PEM) or ``private_key_file``.

        Raises:
            ValueError: an option is missing or the key is not a P-256 key.
        """
        options = config.options
        pem = options.get("private_key") or _read(options.get("private_key_file"))
        if not pem or not options.get("client_id"):
            msg = "typpi needs the options client_id and private_key (or private_key_file)"
            raise ValueError(msg)
        key = ECKey.import_key(pem)
        if key.curve_name != "P-256":
            msg = "typpi needs a P-256 key"
            raise ValueError(msg)
        return cls(options["client_id"], options.get("audience", AUDIENCE), key)

    def assertion(self) -> str:
        """A fresh assertion, good for one login."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "iat": now,
            "exp": now + LIFE_S,
            "jti": token_urlsafe(18),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.thumbprint()}, claims, self.key)


def make_key() -> tuple[str, dict[str, Any]]:
    """A new key pair: the private key as PEM for us, the public key set for TYPPI to register."""
    key = ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
    return key.as_pem(private=True).decode(), {"keys": [public]}


def _read(path: str | None) -> str | None:
    return Path(path).read_text("utf-8") if path else None
