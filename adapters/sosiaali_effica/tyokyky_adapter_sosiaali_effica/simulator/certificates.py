"""A throw-away certificate authority with a server and a client certificate, for mutual TLS in simulation."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FILES = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
_LIFE = timedelta(days=365)


def ensure(directory: Path) -> Path:
    """Make the certificates in *directory* unless they are there and last another day; return it."""
    directory.mkdir(parents=True, exist_ok=True)
    if not all((directory / name).exists() for name in FILES) or _expires(directory) < _now() + timedelta(
        days=1
    ):
        _make(directory)
    return directory


def _now() -> datetime:
    return datetime.now(UTC)


def _expires(directory: Path) -> datetime:
    return x509.load_pem_x509_certificate((directory / "server.pem").read_bytes()).not_valid_after_utc


def _make(directory: Path) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("Effica-simulaattorin CA")
    ca = _builder(ca_name, ca_name, ca_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    authority = ca.add_extension(usage, critical=True).sign(ca_key, hashes.SHA256())
    _write(directory / "ca.pem", authority.public_bytes(serialization.Encoding.PEM))
    ca_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())

    for name, purpose in (
        ("server", ExtendedKeyUsageOID.SERVER_AUTH),
        ("client", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        host = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        certificate = (
            _builder(_name(f"effica-{name}"), ca_name, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(host), critical=False)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(ca_id, critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        _write(directory / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(directory / f"{name}.key", pem)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    # An hour back, so that a test that sets its clock a little aside still trusts them.
    start = _now() - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def client_context(directory: Path) -> ssl.SSLContext:
    """The TLS context of somebody who may come in, for control calls and tests."""
    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    context.load_cert_chain(directory / "client.pem", directory / "client.key")
    return context


def options(directory: Path) -> dict[str, str]:
    """The adapter's options that point at the client certificate."""
    return {
        "ca_file": str(directory / "ca.pem"),
        "cert_file": str(directory / "client.pem"),
        "key_file": str(directory / "client.key"),
    }
