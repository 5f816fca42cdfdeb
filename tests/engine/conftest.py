"""What several tests of engines need."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority, a server and a client that it vouches for, as docker names them."""
    directory = tmp_path_factory.mktemp("certs")

    def openssl(*args: str) -> None:
        subprocess.run(["openssl", *args], cwd=directory, check=True, capture_output=True)

    new_key = ("-newkey", "rsa:2048", "-nodes", "-batch")
    openssl("req", "-x509", *new_key, "-subj=/CN=ca", "-keyout=ca-key.pem", "-out=ca.pem")
    (directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name, extra in (("server", ("-extfile", "names")), ("client", ())):
        openssl("req", *new_key, f"-subj=/CN={name}", f"-keyout={name}-key.pem", f"-out={name}.csr")
        sign = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial")
        openssl("x509", "-req", "-in", f"{name}.csr", *sign, "-out", f"{name}.pem", *extra)
    (directory / "client.pem").rename(directory / "cert.pem")
    (directory / "client-key.pem").rename(directory / "key.pem")
    return directory
