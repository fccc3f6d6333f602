"""What would keep the node from working is found before it is started."""

import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corcal.cli import main
from corcal.errors import InputError
from corcal.node import check as checking
from corcal.node.certificates import validity
from corcal.node.check import Finding, check, check_peers
from corcal.node.run import FOLDER
from corcal.store.store import Store
from interop.send.conftest import Certificates
from node.delivering import rules_of
from node.intake_maker import RULES, receiving
from node.test_worklist import LEFT_SOCKET
from ports import free_port


def found(folder: Path, text: str, *, data: Path | None = None) -> tuple[Finding, ...]:
    """Check rules whose ports are free unless they say otherwise."""
    for key in ("port", "http_port"):
        if f"\n{key} =" not in text:
            text = text.replace("[node]", f"[node]\n{key} = {free_port()}", 1)
    rules = rules_of(folder, text)
    return check(rules, data or folder / "data", base=folder, database=None)


def texts(findings: tuple[Finding, ...]) -> list[str]:
    return [("" if one.is_error else "warning: ") + one.text for one in findings]


QUIET = "[limits]\ndisk_free_mb = 1\n[node]\n"


def test_rules_by_which_all_is_well_have_no_findings(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    token.chmod(0o640)
    assert found(tmp_path, QUIET + 'http_token_file = "token"\n') == ()


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ('http_token_file = "token"\n', "node.http_token_file"),
        ('[[peer]]\nname = "A"\naet = "A"\ntoken_file = "token"\n', "token_file of [[peer]] A"),
        (
            '[[send]]\nname = "e"\nto = "https://a"\ntoken_file = "token"\n',
            "token_file of [[send]] e",
        ),
    ],
)
def test_tokens_that_cannot_be_used_or_that_everybody_reads(
    tmp_path: Path, rules: str, key: str
) -> None:
    (missing,) = texts(found(tmp_path, QUIET + rules))
    assert missing.startswith(f"{key}: token cannot be read by ")
    assert "(No such file or directory): it has to be a file that " in missing
    token = tmp_path / "token"
    token.write_text(" \n")
    token.chmod(0o600)
    assert texts(found(tmp_path, QUIET + rules)) == [
        f"{key}: token is empty: it has to hold the token"
    ]
    token.write_text("secret")
    token.chmod(0o604)
    assert texts(found(tmp_path, QUIET + rules)) == [
        f"warning: {key}: token can be read by everybody on this machine: chmod o= token"
    ]
    token.unlink()
    token.mkdir()
    (folder,) = texts(found(tmp_path, QUIET + rules))
    assert "(Is a directory)" in folder


def test_one_port_for_two_and_a_port_that_is_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        used = f"port {port} of 127.0.0.1 is in use by another program: end it, or choose another"
        both = f"node.port and node.http_port are both {port}: give each a port of its own"
        assert texts(found(tmp_path, f"{QUIET}port = {port}\n")) == [f"node.port: {used}"]
        twice = found(tmp_path, f"{QUIET}port = {port}\nhttp_port = {port}\n")
        assert texts(twice) == [both, f"node.port: {used}", f"node.http_port: {used}"]
        everywhere = f'{QUIET}host = "0.0.0.0"\nport = {port}\nhttp_port = {port}\n'
        assert both in texts(found(tmp_path, everywhere))
    apart = f'{QUIET}host = "127.0.0.2"\nport = {port}\nhttp_port = {port}\n'
    assert found(tmp_path, apart) == ()
    assert found(tmp_path, f"{QUIET}port = {port}\nhttp_port = 0\n") == ()


def test_the_ports_of_the_node_that_runs_here_are_in_use_rightly(tmp_path: Path) -> None:
    from corcal.node.run import _alone

    with socket.create_server(("127.0.0.1", 0)) as busy:
        text = f"{QUIET}port = {busy.getsockname()[1]}\n"
        data = tmp_path / "data"
        with Store(data):
            pass
        assert len(found(tmp_path, text)) == 1
        with _alone(data / FOLDER):
            assert found(tmp_path, text) == ()


def test_ports_that_nobody_here_can_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (serve,) = texts(found(tmp_path, f"{QUIET}http_port = 8420\n"))[:1]
    assert serve == (
        "warning: node.http_port is 8420, where corcal serve listens by default: choose another one"
    )
    (elsewhere,) = texts(found(tmp_path, f'{QUIET}host = "192.0.2.1"\n'))  # RFC 5737: nobody's
    assert "nothing can listen at port" in elsewhere
    assert "of 192.0.2.1 (Cannot assign requested address)" in elsewhere

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    (low, _) = texts(found(tmp_path, f"{QUIET}port = 104\nhttp_port = 8422\n"))
    assert "may not listen at port 104: choose one from 1024 on, or give the service" in low

    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket.socket, "bind", unknown)
    (name, _) = texts(
        found(tmp_path, f'{QUIET}host = "pacs.invalid"\nport = 104\nhttp_port = 8422\n')
    )
    assert name.startswith("node.port: pacs.invalid is no address of this machine")


def test_a_data_folder_that_cannot_be_written_or_is_something_else(tmp_path: Path) -> None:
    (nowhere,) = texts(found(tmp_path, QUIET, data=Path("/proc/nowhere/data")))
    assert nowhere.startswith("/proc, where the data folder would be, cannot be written by ")
    other = tmp_path / "other"
    other.mkdir()
    (other / "holiday.jpg").touch()
    assert texts(found(tmp_path, QUIET, data=other)) == [
        "the data folder cannot be used: other holds other files: give the data a folder of "
        "their own"
    ]
    (full,) = texts(found(tmp_path, "[limits]\ndisk_free_mb = 10000000\n[node]\n"))
    assert "free and limits.disk_free_mb asks for 10000000: make room" in full
    send = '[[send]]\nname = "out"\nto = "/proc/nowhere"\n'
    (folder,) = texts(found(tmp_path, QUIET + send))
    assert folder.startswith("[[send]] out: its folder cannot be written by ")


def tls_of(made: Path, **changed: Path) -> str:
    """Use one file for all, unless something is changed."""
    files = {"certificate": made, "key": made.with_suffix(".key"), "client_ca": made} | changed
    lines = "".join(f'{key} = "{path}"\n' for key, path in files.items())
    return f"{QUIET}[tls]\n{lines}"


def made_certificate(folder: Path, days: int, name: str = "made") -> Path:
    """Make a certificate that vouches for itself, with its key beside it."""
    path = folder / f"{name}.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a", "-days", str(days)]
    command = ["openssl", "req", *options, "-keyout", str(path.with_suffix(".key"))]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    path.with_suffix(".key").chmod(0o600)
    return path


def test_tls_files_that_do_not_belong_together_are_told(tmp_path: Path) -> None:
    made, other = (made_certificate(tmp_path, 100, name) for name in ("made", "other"))
    assert found(tmp_path, tls_of(made)) == ()
    (apart,) = texts(found(tmp_path, tls_of(made, key=other.with_suffix(".key"))))
    assert "they do not belong together: give files that do, all of them PEM" in apart
    other.with_suffix(".key").chmod(0o644)
    (seen, _) = texts(found(tmp_path, tls_of(made, key=other.with_suffix(".key"))))
    assert seen.startswith("warning: tls.key: other.key can be read by everybody")
    (tmp_path / "empty.pem").touch()
    empty = texts(found(tmp_path, tls_of(made, client_ca=tmp_path / "empty.pem")))
    assert "tls.client_ca: empty.pem: it holds no PEM certificate: give one" in empty


def test_certificates_that_have_expired_or_will_soon_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_certificate(tmp_path, 100)
    ((since, until),) = validity(made)
    day = f"{until:%Y-%m-%d}"
    expected = {
        until - timedelta(days=30): [],
        until - timedelta(days=29): [
            f"warning: tls.{key}: made.pem expires on {day}: have a new one made"
            for key in ("certificate", "client_ca")
        ],
        until + timedelta(seconds=1): [
            f"tls.{key}: made.pem has expired on {day}: give a new one"
            for key in ("certificate", "client_ca")
        ],
        since - timedelta(seconds=1): [
            f"tls.{key}: made.pem is valid from {since:%Y-%m-%d} on: set the clock, or give one "
            "that is valid"
            for key in ("certificate", "client_ca")
        ],
    }
    for moment, told in expected.items():
        _at(monkeypatch, moment)
        assert texts(found(tmp_path, tls_of(made))) == told, moment


def _at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(checking, "_now", lambda: moment)


@pytest.mark.parametrize("days", [1, 20_000])  # beyond 2049 the year has four digits
def test_validity_is_what_openssl_says(
    certificates: Certificates, tmp_path: Path, days: int
) -> None:
    made = made_certificate(tmp_path, days)
    asked = ["openssl", "x509", "-in", str(made), "-noout", "-dates"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    said = tuple(
        datetime.strptime(line.partition("=")[2], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        for line in told.splitlines()
    )
    assert validity(made) == (said,)
    both = tmp_path / "both.pem"
    both.write_text(made.read_text() + certificates.authority.read_text())
    assert len(validity(both)) == 2


def test_what_is_no_certificate_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    for text in (
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAMwAQ==\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    ):
        path.write_text(text)
        with pytest.raises(InputError, match="a certificate that cannot be read"):
            validity(path)
    with pytest.raises(InputError, match="cannot be read"):
        validity(tmp_path / "absent.pem")


PEERS = """
[node]
aet = "CT1"
[[peer]]
name = "here"
aet = "CORCAL"
host = "127.0.0.1"
port = {here}
[[peer]]
name = "wrong title"
aet = "OTHER"
host = "127.0.0.1"
port = {here}
[[peer]]
name = "away"
aet = "A"
host = "127.0.0.1"
port = {away}
[[peer]]
name = "calls only"
aet = "B"
[[send]]
name = "his"
to = "mllp://127.0.0.1:{away}"
[[send]]
name = "ehr"
to = "http://127.0.0.1:{here}/fhir"
[[send]]
name = "far"
to = "https://127.0.0.1:{away}/fhir"
"""


@LEFT_SOCKET
def test_peers_are_asked_by_echo_if_that_is_wanted(tmp_path: Path) -> None:
    away = free_port()
    with receiving(tmp_path / "data", RULES) as node:
        rules = rules_of(tmp_path, PEERS.format(here=node.port, away=away))
        told = texts(check_peers(rules, base=tmp_path))
    wrong, absent, his, far = told
    assert wrong.startswith("[[peer]] wrong title does not answer: ")
    assert "it has another AE title than the one called" in wrong
    assert wrong.endswith("it has to answer C-ECHO of CT1, called OTHER")
    assert absent.startswith("[[peer]] away does not answer: ")
    listens = f"nobody listens at port {away} of 127.0.0.1 (Connection refused)"
    assert his == f"[[send]] his: {listens}: a receiver has to"
    assert far == f"[[send]] far: {listens}: a receiver has to"


@LEFT_SOCKET
def test_the_command_says_each_finding_and_fails_if_one_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "node.toml"
    token = tmp_path / "token"
    token.write_text("secret")
    token.chmod(0o644)
    text = f'{QUIET}port = {free_port()}\nhttp_port = 0\nhttp_token_file = "token"\n'
    rules.write_text(text)
    asked = ["node", "--data", str(tmp_path / "data"), "--rules", str(rules), "--check"]
    assert main(asked) == 0  # a warning keeps nobody from starting
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("warning: node.http_token_file: token can be read by everybody")
    assert said[1:] == ["node.toml can be used"]
    rules.write_text(text + '[[peer]]\nname = "A"\naet = "A"\nhost = "127.0.0.1"\nport = 1\n')
    assert main(asked) == 0
    capsys.readouterr()
    assert main([*asked, "--peers"]) == 2
    told = capsys.readouterr()
    assert "error: [[peer]] A does not answer" in told.out
    assert "can be used" not in told.out
    assert "the node would not work as it should: 1 of the above have to be mended" in told.err
    rules.write_text('[[peer]]\nname = "A"\naet = "A_TITLE_THAT_IS_TOO_LONG"\n')
    assert main(asked) == 2
    assert "peer.aet has 1 to 16 ASCII characters" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()  # a check makes nothing


@pytest.mark.parametrize("command", ["status", "retry"])
def test_a_folder_without_a_store_is_named_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    wrong = tmp_path / "dta"
    assert main(["node", command, "--data", str(wrong)]) == 2
    said = capsys.readouterr().err
    assert f"no node has worked in the folder {wrong}, and no store is there: check --data" in said
    assert not wrong.exists()
    (tmp_path / "node.toml").touch()  # a folder that is there, and is no store
    assert main(["node", command, "--data", str(tmp_path)]) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["node.toml"]


def test_names_that_no_machine_or_folder_can_have_are_told(tmp_path: Path) -> None:
    host = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 70  # a part has 63 characters at most
    (finding,) = texts(found(tmp_path, f'{QUIET}host = "{host}"\n'))
    assert finding.startswith(f"node.port: {host} is no name of a machine: give a number")
    to = f'[[send]]\nname = "e"\nto = "./{"f" * 300}"\n'
    (finding,) = texts(found(tmp_path, QUIET + to))
    assert finding.startswith("[[send]] e: its folder cannot be written by ")
    assert "File name too long" in finding
    peer = '[[peer]]\nname = "P"\naet = "A"\nhost = "a..b"\nport = 104\n'
    asked = rules_of(tmp_path, peer + '[[send]]\nname = "e"\nto = "mllp://a..b:2575"\n')
    assert texts(check_peers(asked, base=tmp_path)) == [
        "[[peer]] P: a..b is no name of a machine: give one, or a number",
        "[[send]] e: a..b is no name of a machine: give one, or a number",
    ]
