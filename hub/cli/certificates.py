"""Certificates for trying out TLS: an authority of one's own, the hub's certificate, and things' client certificates.

Rule: an authority that is there is kept; keys are for their owner alone (mode 0600). A hub that strangers reach should
have its certificate from a public authority; things' client certificates may come from this one all the same.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.control.names import CommandError

certificate = typer.Typer()

_PEM = serialization.Encoding.PEM
_AUTHORITY_DAYS = 3_650
_DAYS = 397
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@certificate.command("certificate")
def certificate_for(
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the files.")] = Path("tls"),
    host: Annotated[list[str] | None, typer.Option(help="What things call the hub: a name or an address.")] = None,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Issue a thing's client certificate.")] = None,
) -> None:
    """Make certificates to try TLS with: an authority, the hub's certificate, or one for a thing (--client).

    Without --client: DIR/ca.pem (for the things) and DIR/hub.pem, DIR/hub.key (for the hub); prints the lines for
    barrio.toml. With it: DIR/NAME.pem and DIR/NAME.key, for `barrio thing credential THING --certificate NAME`.
    """
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = Authority(to)
        if client is not None:
            authority.issue_client(client)
            typer.echo(f"{to}/{client}.pem and {client}.key: put both into the thing, with {to}/ca.pem")
            typer.echo(f"then: barrio thing credential THING --certificate {client}")
            return
        authority.issue_hub(host or [])
    except OSError as error:
        raise CommandError(f"{error.filename or to}: {error.strerror}") from error
    typer.echo("In barrio.toml, under [mqtt]:\n")
    lines = ("tls_port = 8883", f'certificate = "{to}/hub.pem"', f'key = "{to}/hub.key"', f'client_ca = "{to}/ca.pem"')
    for line in lines:
        typer.echo(f"  {line}")
    typer.echo(f"\nThings need {to}/ca.pem to know the hub. Keep {to}/ca.key: whoever has it can be any thing.")


class Authority:
    """An authority in a folder: ca.pem and ca.key, made when they are not there."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            CommandError: what is there is no authority of this command's.
        """
        self._folder = folder
        if (folder / "ca.key").exists() or (folder / "ca.pem").exists():
            self._open()
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Barrio, our own authority")])
        self._name = name
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = self._builder(name, self._key.public_key(), _AUTHORITY_DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._write("ca", made.add_extension(usage, critical=True), self._key)

    def issue_hub(self, hosts: Sequence[str]) -> None:
        """Write hub.pem and hub.key, for these names and addresses and this machine itself."""
        names = list(dict.fromkeys([*hosts, "localhost", "127.0.0.1", "::1"]))
        self._issue("hub", names[0], x509.SubjectAlternativeName([_alternative(n) for n in names]), client=False)

    def issue_client(self, name: str) -> None:
        """Write a client certificate and its key.

        Raises:
            CommandError: the name cannot be one, or its files are there.
        """
        if not _SAFE.fullmatch(name) or name in {"ca", "hub"}:
            raise CommandError(f"{name!r}: use up to 64 letters, digits, . _ and -, and neither ca nor hub")
        if (self._folder / f"{name}.key").exists():
            raise CommandError(f"{self._folder / name}.key is there already: take another name, or move it away")
        self._issue(name, name, x509.SubjectAlternativeName([x509.DNSName(name)]), client=True)

    def _open(self) -> None:
        try:
            key = serialization.load_pem_private_key((self._folder / "ca.key").read_bytes(), None)
            mine = x509.load_pem_x509_certificate((self._folder / "ca.pem").read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"{self._folder}: ca.pem and ca.key cannot be used: move them away") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != mine.public_key():
            raise CommandError(f"{self._folder}: ca.key is not the key of ca.pem: move both away")
        self._key, self._name = key, mine.subject

    def _issue(self, file: str, name: str, known_as: x509.SubjectAlternativeName, *, client: bool) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(subject, key.public_key(), _DAYS)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(usage, critical=True).add_extension(known_as, critical=False)
        self._write(file, made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False), key)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        begins, ends = now - dt.timedelta(hours=1), now + dt.timedelta(days=days)
        made = x509.CertificateBuilder(self._name, subject, key, x509.random_serial_number(), begins, ends)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return made.add_extension(by, critical=False)

    def _write(self, file: str, made: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> None:
        secret = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        _put(self._folder / f"{file}.key", secret, 0o600)
        _put(self._folder / f"{file}.pem", made.sign(self._key, hashes.SHA256()).public_bytes(_PEM), 0o644)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _put(file: Path, data: bytes, mode: int) -> None:
    """Write a file that nobody else could read for a moment, in the place of what was there."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
