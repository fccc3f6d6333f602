"""Addresses, AE titles, credentials and certificates: what is taken, and what is refused."""

import base64
import ssl

import pytest

from corcal.errors import InputError
from corcal.interop.send import DicomAddress, SendOptions, WebAddress, deliver, parse_address
from corcal.interop.send.address import ae_title, is_loopback
from corcal.interop.send.credentials import find_credentials
from corcal.interop.send.tls import client_context, server_context
from corcal.interop.send.types import TlsFiles

SECRET = "pa55word"  # noqa: S105


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "dicom://PACS@pacs.example:11112",
            DicomAddress(called="PACS", host="pacs.example", port=11112),
        ),
        ("dicom://PACS@10.0.0.7", DicomAddress(called="PACS", host="10.0.0.7", port=104)),
        (
            "dicoms://PACS@10.0.0.7/",
            DicomAddress(called="PACS", host="10.0.0.7", port=2762, is_tls=True),
        ),
        ("dicom://MY%20PACS@h:1", DicomAddress(called="MY PACS", host="h", port=1)),
        ("dicom://pacs@[::1]:104", DicomAddress(called="pacs", host="::1", port=104)),
    ],
)
def test_an_application_entity_is_read(text, expected):
    found = parse_address(text)
    assert found == expected
    assert parse_address(str(found)) == found


@pytest.mark.parametrize(
    ("text", "url", "is_tls"),
    [
        ("https://pacs.example/dicom-web", "https://pacs.example/dicom-web", True),
        ("https://pacs.example:8443/a/b/", "https://pacs.example:8443/a/b", True),
        ("http://localhost:8042/dicom-web", "http://localhost:8042/dicom-web", False),
        ("HTTPS://Pacs.example", "https://Pacs.example", True),
    ],
)
def test_a_web_service_is_read(text, url, is_tls):
    found = parse_address(text)
    assert isinstance(found, WebAddress)
    assert (found.url, str(found), found.is_tls) == (url, url, is_tls)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pacs.example:104", "no known scheme"),
        ("PACS@pacs.example:104", "no known scheme"),
        ("ftp://pacs.example", "no known scheme"),
        ("file:///etc/passwd", "no known scheme"),
        ("dicom://pacs.example:104", "AE title before the @"),
        ("dicom://ABCDEFGHIJKLMNOPQ@h:104", "1 to 16 ASCII characters"),
        ("dicom://A%5CB@h:104", "1 to 16 ASCII characters"),
        ("dicom://A%0AB@h:104", "1 to 16 ASCII characters"),
        ("dicom://PACS@h:104/path", "has no path"),
        ("dicom://PACS@h:99999", "cannot be read"),
        ("dicom://PACS@h:0", "port 0"),
        ("dicom://PACS@:104", "names no host"),
        ("dicom://PACS@a b:104", "names no host"),
        ("https://h/p?q=1", r"no password, \? or #"),
        ("https://h/p#f", r"no password, \? or #"),
        ("https://h/Müller", "must be encoded"),
        (f"https://user:{SECRET}@h/p", "no password"),
        ("https://user@h/p", "use the environment, or --password-file"),
        (f"dicom://PACS:{SECRET}@h:104", "no password"),
        ("http://[::1", "cannot be read"),
        ("", "no known scheme"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text, reason):
    with pytest.raises(InputError, match=reason) as caught:
        parse_address(text)
    assert SECRET not in str(caught.value)


def test_an_ae_title_has_up_to_16_characters():
    assert ae_title(" CORCAL ", of="of x") == "CORCAL"
    assert ae_title("A" * 16, of="of x") == "A" * 16
    for wrong in ("", "   ", "A" * 17, "Ä", "A\\B"):
        with pytest.raises(InputError, match="the AE title of x must have 1 to 16"):
            ae_title(wrong, of="of x")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_this_machine_is_known(host, expected):
    assert is_loopback(host) is expected


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_credentials_come_from_files_or_from_the_environment(tmp_path):
    token, pair = tmp_path / "token", tmp_path / "pair"
    token.write_text("abc.def\n")
    pair.write_text("erika:pass word:x\r\n")
    environ = {"CORCAL_SEND_TOKEN": "env"}
    assert find_credentials({}) is None
    assert find_credentials(environ).authorization == "Bearer env"
    assert find_credentials(environ, token_file=token).authorization == "Bearer abc.def"
    assert find_credentials({}, password_file=pair).authorization == basic("erika:pass word:x")
    both = {"CORCAL_SEND_USER": "u", "CORCAL_SEND_PASSWORD": "p:q"}
    assert find_credentials(both).authorization == basic("u:p:q")


def test_credentials_that_are_none_are_refused_without_repeating_them(tmp_path):
    token, pair = tmp_path / "token", tmp_path / "pair"
    token.write_text(f"two {SECRET}")
    pair.write_text(SECRET)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    cases = [
        ({}, {"token_file": token}, "the file of --token-file must hold one token"),
        ({}, {"password_file": pair}, r"must hold a user and a password \(user:password\)"),
        ({}, {"token_file": binary}, "cannot be read as text"),
        ({}, {"token_file": tmp_path / "absent"}, "cannot be read as text"),
        ({}, {"token_file": token, "password_file": pair}, "not both"),
        ({"CORCAL_SEND_TOKEN": f"{SECRET}\nX: y"}, {}, "CORCAL_SEND_TOKEN must hold one token"),
        ({"CORCAL_SEND_TOKEN": SECRET, "CORCAL_SEND_USER": "u"}, {}, "are both set"),
    ]
    for environ, files, reason in cases:
        with pytest.raises(InputError, match=reason) as caught:
            find_credentials(environ, **files)
        assert SECRET not in str(caught.value)


def test_certificates_that_cannot_be_used_are_refused(tmp_path, certificates):
    absent, text = tmp_path / "absent.pem", tmp_path / "text.pem"
    text.write_text("no certificate")
    one = certificates
    cases = [
        (TlsFiles(ca_file=absent), "--ca-file"),
        (TlsFiles(ca_file=text), "--ca-file"),
        (TlsFiles(client_cert=absent), "--client-cert"),
        (TlsFiles(client_cert=text), "--client-cert"),
        (TlsFiles(client_cert=one.client_alone), "--client-cert"),  # without its key
        (TlsFiles(client_key=one.client_key), "is for a certificate"),
        (TlsFiles(client_cert=one.server, client_key=one.client_key), "do not belong together"),
        (TlsFiles(client_cert=one.client_alone, client_key=one.locked_key), "locked by a password"),
    ]
    for files, reason in cases:
        with pytest.raises(InputError, match=reason):
            client_context(files)


def test_whoever_calls_back_must_be_known_where_we_say_whom_we_know(certificates):
    ours = certificates.client
    known = TlsFiles(client_cert=ours, ca_file=certificates.authority)
    assert server_context(known).verify_mode is ssl.CERT_REQUIRED
    assert server_context(TlsFiles(client_cert=ours)).verify_mode is ssl.CERT_NONE


def test_a_certificate_is_looked_at_before_anything_is_sent(slices, tmp_path):
    options = SendOptions(tls=TlsFiles(ca_file=tmp_path / "absent.pem"))
    for address in ("dicoms://PACS@127.0.0.1:1", "https://127.0.0.1:1"):
        with pytest.raises(InputError, match="--ca-file"):
            deliver(slices(None), parse_address(address), options=options)
