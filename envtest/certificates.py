"""A certificate authority of our own, and the certificates and keys that a control plane needs.

What flows in: names and hosts. What flows out: PEM files in a folder, private keys readable by the owner only. Called by the
thread that starts a control plane. Mirrors sigs.k8s.io/controller-runtime pkg/internal/testing/certs.
"""

import datetime
import ipaddress
import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid

_VALID_FOR = datetime.timedelta(days=30)  # a control plane for tests and demos lives for minutes
_CLOCK_SLACK = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """Issues certificates that live in one folder.

    Attributes:
        certificate: The authority's own certificate, what clients trust.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("coxswain-envtest-ca", ())
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True,
            content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = folder / "ca.crt"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, organizations: Sequence[str] = (), hosts: Sequence[str] = ()) -> Pair:
        """Issue a certificate that serves as client and, if it has hosts, as server.

        Args:
            name: The common name: for a client, the user as Kubernetes sees it; colons become dashes in the file name.
            organizations: For a client, its groups.
            hosts: DNS names and IP addresses of a server.

        Returns:
            The files.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [oid.ExtendedKeyUsageOID.CLIENT_AUTH]
        # etcd's JSON gateway dials etcd itself with the server's certificate, so a server is a client too.
        builder = _builder(_name(name, organizations), self._name, key.public_key())
        if hosts:
            usages.append(oid.ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        stem = name.replace(":", "-")
        pair = Pair(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(pair.key, key)
        return pair


def service_account_key(folder: pathlib.Path) -> pathlib.Path:
    """Make the key that signs service-account tokens.

    Returns:
        The private key's file; the API server and the controller-manager also verify with it.
    """
    path = folder / "service-account.key"
    _write_key(path, ec.generate_private_key(ec.SECP256R1()))
    return path


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + _VALID_FOR)
    )


def _name(common_name: str, organizations: Sequence[str]) -> x509.Name:
    attributes = [x509.NameAttribute(oid.NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name([*attributes, x509.NameAttribute(oid.NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: pathlib.Path, key: ec.EllipticCurvePrivateKey) -> None:
    # Kubernetes reads a public key out of a private one only in this format.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
