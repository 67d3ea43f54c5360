"""TLS on a port of its own, and the authority behind all certificates."""

import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.server import Server, serve
from qwensim.server.authority import CERTIFICATE, KEY, Authority
from qwensim.simulator import Simulator

NAME = "dashscope-intl.aliyuncs.com"
GET = b"GET /compatible-mode/v1/models HTTP/1.1\r\nhost: %b\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture(scope="module")
def wire(simulator: Simulator, line: Any) -> Iterator[Any]:
    with serve(simulator, tls_port=0) as server:
        yield line(server=server)


def call(wire: Any, name: str | None, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    context = context or wire.trusting()
    connection: ssl.SSLSocket = context.wrap_socket(
        wire.open(port=wire.server.tls_port), server_hostname=name
    )
    return connection


@pytest.mark.parametrize("name", load().host_names)
def test_every_host_of_the_service_is_served_under_its_name(
    wire: Any, simulator: Simulator, name: str
) -> None:
    with call(wire, name) as connection:
        connection.sendall(GET % name.encode())
        assert wire.read_all(connection).startswith(b"HTTP/1.1 4")
    assert simulator.journal[-1].host == name


def test_upper_case_and_one_trailing_dot_are_the_same_name(wire: Any) -> None:
    careless = wire.trusting()
    careless.check_hostname = False
    for name in (NAME.upper(), f"{NAME}."):
        with call(wire, name, careless) as connection:
            connection.sendall(GET % NAME.encode())
            assert wire.read_all(connection).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "name", ["example.com", f"{NAME}.evil.test", f"a.{NAME}", "127.0.0.1", None]
)
def test_another_name_or_none_is_refused_and_noted(
    wire: Any, simulator: Simulator, name: str | None
) -> None:
    careless = wire.trusting()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        call(wire, name, careless)
    entry = simulator.journal[-1]
    noted = name if name and not name[0].isdigit() else "-"
    assert (entry.method, entry.host, entry.error) == ("TLS", noted, "kept-away")


def test_http_1_1_is_agreed_on(wire: Any) -> None:
    context = wire.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with call(wire, NAME, context) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_it_is_no_proxy_unless_asked(wire: Any) -> None:
    assert wire.ask(b"CONNECT %b:443 HTTP/1.1\r\n\r\n" % NAME.encode()).startswith(b"HTTP/1.1 400")


def test_garbage_is_hung_up_on(wire: Any) -> None:
    connection = wire.open(b"GET / HTTP/1.1\r\n\r\n", port=wire.server.tls_port)
    assert not wire.read_all(connection).startswith(b"HTTP")


def test_a_tls_port_in_use_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}"), serve(Simulator(), tls_port=port):
            pass


# ---- the authority


def kept(server: Server, folder: Path) -> tuple[bytes, bytes]:
    assert server.certificate == (folder / CERTIFICATE).read_bytes()
    return (folder / CERTIFICATE).read_bytes(), (folder / KEY).read_bytes()


def test_a_folder_keeps_the_authority_for_its_owner(tmp_path: Path, line: Any) -> None:
    folder = tmp_path / "ours"
    with serve(Simulator(), proxy=True, ca_dir=folder) as first:
        before = kept(first, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
    with serve(Simulator(), proxy=True, ca_dir=folder) as second:
        assert kept(second, folder) == before
        line(server=first)  # its certificate is good for the second too
        context = line(server=first).trusting()
        connection = line(server=second).connect(f"{NAME}:443")
        context.wrap_socket(connection, server_hostname=NAME).close()


def test_without_a_folder_each_run_has_an_authority_of_its_own() -> None:
    with serve(Simulator(), proxy=True) as first, serve(Simulator(), proxy=True) as second:
        assert first.certificate != second.certificate
        assert b"PRIVATE KEY" not in first.certificate


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        (
            b"",
            None,
            r"No such file.*ca-key\.pem.*: give a folder with both ca\.pem and ca-key\.pem",
        ),
        (None, b"", r"No such file.*ca\.pem.*or with neither"),
        (b"a", b"b", r"no certificate and its key: delete both"),
    ],
)
def test_a_folder_that_holds_no_authority_is_told_of(
    tmp_path: Path, certificate: bytes | None, key: bytes | None, told: str
) -> None:
    for name, content in ((CERTIFICATE, certificate), (KEY, key)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=told):
        Authority.kept_in(tmp_path)


def test_a_certificate_of_another_authority_is_told_of(tmp_path: Path) -> None:
    Authority.kept_in(tmp_path / "a")
    Authority.kept_in(tmp_path / "b")
    (tmp_path / "b" / CERTIFICATE).replace(tmp_path / "a" / CERTIFICATE)
    with pytest.raises(UsageError, match="no certificate and its key"):
        Authority.kept_in(tmp_path / "a")


def test_a_folder_without_proxy_or_tls_is_told_of(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="ask for either"),
        serve(Simulator(), ca_dir=tmp_path / "ours"),
    ):
        pass
    assert not (tmp_path / "ours").exists()


def test_openssl_takes_the_chain(tmp_path: Path, wire: Any) -> None:
    authority = tmp_path / CERTIFICATE
    authority.write_bytes(wire.server.certificate)
    leaf = tmp_path / "leaf.pem"
    with call(wire, NAME) as connection:
        der = connection.getpeercert(binary_form=True)
        assert der is not None
        leaf.write_text(ssl.DER_cert_to_PEM_cert(der))
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(authority), str(leaf)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no openssl here")
    assert done.returncode == 0, done.stderr
