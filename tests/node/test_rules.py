"""The rules file: what it may say, and errors that name the line and the key."""

from pathlib import Path

import pytest

from corcal.errors import InputError
from corcal.node.destinations import Kind, destination_of, files_for
from corcal.node.rules import (
    FetchBy,
    Limits,
    NodeRules,
    NodeSettings,
    Role,
    SendFormat,
    SendRule,
    When,
    read_rules,
)
from node.delivering import rules_of

PEER = '[[peer]]\nname = "PACS"\naet = "ORTHANC"\nhost = "10.0.0.5"\nport = 4242\n'
NAMED = PEER.replace("10.0.0.5", "pacs.hospital")
WEB = '[[peer]]\nname = "WEB"\naet = "WEB"\ndicomweb = "https://pacs/dicom-web"\n'
SEND = '[[send]]\nname = "a"\nto = "PACS"\n'


def test_an_empty_file_is_safe(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "") == NodeRules()
    assert NodeRules().node == NodeSettings(host="127.0.0.1", http_host="127.0.0.1")
    assert (NodeRules().peers, NodeRules().send, NodeRules().priors) == ((), (), None)
    assert SendRule(name="a", to="b").when is When.SIGNED
    assert NodeRules().peer("PACS") is None


def test_everything_can_be_said(tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem", "ca.pem", "token"):
        (tmp_path / name).write_text("x")
    rules = rules_of(
        tmp_path,
        """
        [node]
        aet = "CALCIUM"
        host = "0.0.0.0"
        port = 104
        http_host = "10.0.0.9"
        http_port = 0
        http_token_file = "token"
        quiet_s = 5.5
        workers = 3
        [limits]
        associations = 4
        object_mb = 10
        objects_per_minute = 100
        study_images = 1000
        idle_s = 9
        disk_free_mb = 0
        [tls]
        certificate = "c.pem"
        key = "k.pem"
        client_ca = "ca.pem"
        server_ca = "ca.pem"
        [[peer]]
        name = "PACS"
        aet = "ORTHANC"
        host = "10.0.0.5"
        port = 4242
        addresses = ["10.0.0.0/24", "::1"]
        roles = ["query"]
        dicomweb = "https://pacs/dicom-web"
        token_file = "token"
        tls = true
        [[take]]
        from = "PACS"
        modality = ["CT"]
        description = "(?i)casc"
        suitable = ["fit"]
        [[take]]
        score = false
        [[send]]
        name = "archive"
        to = "PACS"
        formats = ["seg", "seg", "key"]
        when = "automatic"
        from = ["PACS"]
        description = "Heart"
        verdict = ["fit"]
        max_agatston = 100
        despite_review_advice = true
        commit = true
        [[send]]
        name = "ehr"
        to = "https://ehr/fhir"
        token_file = "token"
        [priors]
        from = "PACS"
        by = "dicomweb"
        years = 3
        at_most = 1
        """,
    )
    assert rules.node.http_token_file == tmp_path / "token"
    assert rules.limits == Limits(
        associations=4,
        object_mb=10,
        objects_per_minute=100,
        study_images=1000,
        idle_s=9,
        disk_free_mb=0,
    )
    assert rules.tls is not None
    assert rules.tls.server_ca == tmp_path / "ca.pem"
    peer = rules.peer("PACS")
    assert peer is not None
    assert (peer.roles, peer.is_tls, len(peer.addresses)) == ({Role.QUERY}, True, 2)
    assert [rule.score for rule in rules.take] == [True, False]
    archive, ehr = rules.send
    assert archive.formats == (SendFormat.SEG, SendFormat.KEY)
    assert (archive.max_agatston, archive.commit, archive.senders) == (100.0, True, ("PACS",))
    assert ehr.formats == (SendFormat.FHIR,)
    assert rules.priors is not None
    assert (rules.priors.by, rules.priors.years, rules.priors.at_most) == (FetchBy.DICOMWEB, 3, 1)


# (text, what is said of it)
WRONG = [
    ("[node\n", r"node.toml is not TOML: .*line 1"),
    ("port = 1\n", r"node.toml, line 1: port is not known; known are node, limits"),
    ("[nod]\n", r"line 1: nod is not known"),
    ("node = 1\n", r"line 1: node is a table: write \[node\]"),
    ("[peer]\n", r"line 1: peer is a list of tables: write \[\[peer\]\]"),
    ("\n[node]\nprot = 1\n", r'line 3: node.prot is not known here; did you mean "port"\?'),
    ("[limits]\nzzz = 1\n", r"line 2: limits.zzz is not known here$"),
    ("[node]\nport = 65536\n", r"node.port is a whole number from 1 to 65535, not 65536"),
    ("[node]\nport = true\n", r"node.port is a whole number"),
    ("[node]\nquiet_s = 0\n", r"node.quiet_s is a number from 0.1 to 3600, not 0"),
    ('[node]\nquiet_s = "5"\n', r"node.quiet_s is a number"),
    ('[node]\naet = "A\\\\B"\n', r"node.aet has 1 to 16 ASCII characters"),
    ("[node]\naet = 5\n", r"node.aet is a text in quotes"),
    (
        '[tls]\ncertificate = "a"\nkey = "b"\nclient_ca = "c"\n',
        r"line 2: tls.certificate names a f",
    ),
    ("[tls]\n", r"line 1: tls.certificate is missing"),
    ('[[peer]]\nname = "P"\n', r"peer.aet is missing"),
    ('[[peer]]\nname = "a/b"\naet = "A"\n', r"peer.name has up to 40 letters"),
    (PEER + PEER, r'line 7: peer.name "PACS" is there twice'),
    ('[[peer]]\nname = "P"\naet = "A"\nhost = "h"\n', r"peer.host and the other belong together"),
    ('[[peer]]\nname = "P"\naet = "A"\nport = 4\n', r"peer.port and the other belong together"),
    (
        '[[peer]]\nname = "P"\naet = "A"\naddresses = ["10.0.0.1/8"]\n',
        r'addresses has "10.0.0.1/8"',
    ),
    (
        '[[peer]]\nname = "P"\naet = "A"\nroles = ["write"]\n',
        r'is one of "send", "query", not "wri',
    ),
    ('[[peer]]\nname = "P"\naet = "A"\nroles = []\n', r"peer.roles is a list of texts"),
    (NAMED + 'roles = ["send"]\n', r'line 6: peer.roles has "send", which needs addresses'),
    (NAMED + '[priors]\nfrom = "PACS"\n', r"line 7: priors.from names .* no addresses"),
    ('[[peer]]\nname = "P"\naet = "A"\ntls = 1\n', r"peer.tls is true or false, not 1"),
    ('[[peer]]\nname = "P"\naet = "A"\ndicomweb = "ftp://x"\n', r"begins with https://"),
    ('[[take]]\ndescription = "("\n', r"take.description is no regular expression"),
    ('[[take]]\nfrom = ["X"]\n', r'take.from names "X", and there is no \[\[peer\]\]'),
    ('[[take]]\nsuitable = ["good"]\n', r'take.suitable is one of "fit", "caution", "unfit"'),
    ('[[send]]\nname = "a"\n', r"send.to is missing"),
    ('[[send]]\nname = "a"\nto = "PACS"\n', r"send.to is none of the name of a \[\[peer\]\]"),
    (PEER + SEND + SEND, r'line 10: send.name "a" is there twice'),
    (PEER + SEND + 'when = "now"\n', r'send.when is one of "signed", "automatic", not "now"'),
    (PEER + SEND + 'formats = ["fhir"]\n', r'send.formats has "fhir", which cannot go to this'),
    ('[[send]]\nname = "a"\nto = "http://ehr/fhir"\n', r"send.to would send patient data unenc"),
    ('[[send]]\nname = "a"\nto = "mllp://his"\n', r"send.to is none of"),
    ('[[send]]\nname = "a"\nto = "mllp://his:99999"\n', r"send.to is none of"),
    (
        WEB + '[[send]]\nname = "a"\nto = "WEB"\ncommit = true\n',
        r"send.commit asks for storage com",
    ),
    ('[[peer]]\nname = "P"\naet = "A"\n[[send]]\nname = "a"\nto = "P"\n', r"neither host and port"),
    ('[priors]\nfrom = "X"\n', r'priors.from names "X", and there is no'),
    (PEER + 'roles = "send"\n[priors]\nfrom = "PACS"\n', r'does not have the role "query"'),
    (WEB + '[priors]\nfrom = "WEB"\n', r"which has no host and port"),
    (PEER + '[priors]\nfrom = "PACS"\nby = "dicomweb"\n', r"which has no dicomweb address"),
]


WEB_PEER = '[[peer]]\nname = "P"\naet = "A"\ndicomweb = '
SEND_TO = '[[send]]\nname = "a"\nto = '
NOT_CALLED = "is no address that can be called: write https://host/path"
CONTROL = "has a control character"
WRONG += [
    (SEND_TO + '"https://[::1"\n', rf"line 3: send.to {NOT_CALLED}"),
    (SEND_TO + '"mllp://[::1"\n', rf"line 3: send.to {NOT_CALLED}"),
    (SEND_TO + '"https://h:99999/x"\n', rf"line 3: send.to {NOT_CALLED}"),
    (SEND_TO + '"https://h:0/x"\n', rf"line 3: send.to {NOT_CALLED}"),
    (SEND_TO + '"https://h h/x"\n', rf"line 3: send.to {NOT_CALLED}"),
    (SEND_TO + '"/tmp/a\\u0000b"\n', rf"line 3: send.to {CONTROL}"),
    (WEB_PEER + '"https://[::1"\n', rf"line 4: peer.dicomweb {NOT_CALLED}"),
    (WEB_PEER + '"https://h:99999/x"\n', rf"line 4: peer.dicomweb {NOT_CALLED}"),
    ('[node]\nhttp_token_file = "a\\u0000b"\n', rf"line 2: node.http_token_file {CONTROL}"),
    ('[node]\nhost = "a\\u0000b"\n', rf"line 2: node.host {CONTROL}"),
    ('[[take]]\nmodality = ["C\\u0000T"]\n', rf"line 2: take.modality {CONTROL}"),
    ("[node]\n\nport = 1" + "0" * 6000, r"node.toml, line 3: no rule has a number of thousands"),
    ("[node]\nport = 0x" + "f" * 6000, r"line 2: node.port .*, not a number of thousands of dig"),
    ("[node]\nport = 1" + "0" * 2000 + "\n", r"line 2: node.port .* not 1(0{59})\.\.\.$"),
    ("[node]\nx = " + "[" * 3000 + "\n\n", r"node.toml, line 2: no rule has brackets in brackets"),
    (f'[[take]]\ndescription = "{"(" * 3000}"\n', r"line 2: take.description is a regular expr"),
    ('[[take]]\ndescription = "a{99999999999}"\n', r"line 2: take.description is a regular expr"),
    (
        f'[tls]\ncertificate = "{"c" * 300}"\nkey = "k"\nclient_ca = "a"\n',
        r"line 2: tls.certificate names a file that is not there",
    ),
]


@pytest.mark.parametrize(("text", "match"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        rules_of(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the rules file none\.toml cannot be read: No such file"):
        read_rules(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(InputError, match=r"the rules file latin\.toml is not UTF-8"):
        read_rules(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("to", "kind", "formats"),
    [
        ("PACS", Kind.DICOM, "sr seg pdf"),
        ("https://ehr/fhir", Kind.FHIR, "fhir"),
        ("http://127.0.0.1:8080/fhir", Kind.FHIR, "fhir"),  # this machine alone can read it
        ("mllp://his:2575", Kind.HL7, "hl7"),
        ("mllps://his:2575", Kind.HL7, "hl7"),
        ("./out", Kind.FOLDER, "sr seg pdf fhir hl7"),
        ("/srv/out", Kind.FOLDER, "sr seg pdf fhir hl7"),
    ],
)
def test_each_destination_gets_what_it_can_take(
    tmp_path: Path, to: str, kind: Kind, formats: str
) -> None:
    rules = rules_of(tmp_path, f'{PEER}[[send]]\nname = "a"\nto = "{to}"\n')
    assert " ".join(rules.send[0].formats) == formats
    assert destination_of(to, rules.peers, base=tmp_path).kind is kind


def test_a_peer_that_has_both_is_called_over_dicom(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, PEER + 'dicomweb = "https://pacs/dicom-web"\ntls = true\n' + WEB)
    archive = destination_of("PACS", rules.peers, base=tmp_path).archive
    assert str(archive) == "dicoms://ORTHANC@10.0.0.5:4242"
    assert str(destination_of("WEB", rules.peers, base=tmp_path).archive) == (
        "https://pacs/dicom-web"
    )


def test_only_files_that_are_there_are_sent() -> None:
    rule = SendRule(name="a", to="./x", formats=(SendFormat.SEG, SendFormat.PDF, SendFormat.KEY))
    present = ("segmentation.dcm", "report.pdf", "calcium_report.dcm", "key_LAD.dcm")
    assert files_for(rule, Kind.DICOM, present) == (
        "segmentation.dcm",
        "calcium_report.dcm",
        "key_LAD.dcm",
    )
    assert files_for(rule, Kind.FOLDER, present)[-1] == "report.pdf"
    assert files_for(rule, Kind.DICOM, ()) == ()
