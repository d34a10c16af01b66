"""The only reader of the environment: every setting, its unit and its default."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one hub process, from ``TYOKYKY_*`` variables.

    Settings without a default have to be given: nothing insecure is assumed (security.md 1.6).
    """

    model_config = SettingsConfigDict(
        env_prefix="TYOKYKY_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(description="sqlite:///path/to/file.db, or postgresql://user@host/name")
    directory_file: Path = Field(description="YAML: parties and installed systems with validity dates")
    index_key: SecretStr = Field(min_length=32, description="key of the blind index of identity numbers")
    token_keys_file: Path = Field(description="JWKS with the public keys of the token issuer")
    token_issuer: str = Field(description="expected `iss` of bearer tokens")
    token_audience: str = Field(default="tyokyky-bridge", description="expected `aud` of bearer tokens")
    token_endpoint: str | None = Field(
        default=None,
        description="where the issuer gives tokens, told to SMART clients; /token of the issuer if not set",
    )
    public_url: str | None = Field(
        default=None,
        description="where callers reach the hub, for links in FHIR; as each request says if not set",
    )
    legal_bases_file: Path | None = Field(
        default=None, description="YAML: dated legal bases; the shipped ones if not set"
    )
    host: str = "127.0.0.1"
    port: int = 8080
    synthetic_only: bool = Field(
        default=False, description="accept only identity numbers 900–999 (test and demo)"
    )
    worker_name: str = Field(
        default="worker", description="first part of a worker's name; each start adds a part of its own"
    )
    lease_s: float = Field(
        default=30.0, description="seconds a link is leased; above every adapter's deadline"
    )
    licence_s: float = Field(
        default=2.0, description="seconds from a decision to the latest start of its request"
    )
    poll_s: float = Field(
        default=0.25, description="seconds between looks for due links while there is work; 1 s when idle"
    )
    poll_fastest_s: float = Field(
        default=2.0,
        gt=0,
        description="seconds between looks into a partner's change log while something comes",
    )
    poll_slowest_s: float = Field(default=60.0, gt=0, description="the same while nothing comes")
    verify_every_s: float = Field(
        default=72000.0, gt=0, description="seconds until a link is compared with its record again; 20 h"
    )
