"""Exams in a store, rules, and a worker's step: what tests of the way out have in common."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from corcal.interop.dicom import write_dicom
from corcal.interop.fhir import fhir_json
from corcal.interop.hl7v2 import hl7_message
from corcal.node.jobs import node_doings
from corcal.node.route import begin, tick
from corcal.node.rules import NodeRules, read_rules
from corcal.pipeline import Exam
from corcal.serve.doing import DOINGS
from corcal.serve.scans import scan_of_version
from corcal.serve.worker import work_once
from corcal.store.store import AUTOMATIC, Store

RECEIVED = {"peer": "CT", "aet": "SCANNER", "images": 24, "late": False, "fetched": False}


def rules_file(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text, encoding="utf-8")
    return path


def rules_of(folder: Path, text: str) -> NodeRules:
    return read_rules(rules_file(folder, text))


def received(store: Store, exam: str, **changed: object) -> str:
    """Write down that the exam came to the node, as the intake does."""
    store.add_event(exam, "received", by=AUTOMATIC, after=RECEIVED | changed)
    return exam


def begun(store: Store) -> Store:
    begin(store)
    return store


def work(store: Store, path: Path, *, most: int = 20) -> int:
    """Do all jobs that are due; how many."""
    doings: Mapping[str, object] = DOINGS | node_doings(path)
    done = 0
    while done < most and work_once(store, name="test", doings=doings):  # type: ignore[arg-type]
        done += 1
    return done


def route(store: Store, path: Path) -> int:
    return tick(store, read_rules(path))


def history(store: Store, exam: str, kind: str) -> list[dict[str, object]]:
    return [each.after for each in store.events(exam) if each.kind == kind]


TINY_PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def with_files(store: Store, exam: str) -> str:
    """Give a version the files that it would have, without pictures, which take seconds."""
    made = Exam(
        result=store.result(exam, 1),
        scan=scan_of_version(store, exam, 1),
        voxels=store.voxels(exam, 1),
    )
    with TemporaryDirectory() as folder:
        write_dicom(made, Path(folder), documents={"calcium_report": TINY_PDF})
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    files |= {
        "result.json": b"{}",
        "report.pdf": TINY_PDF,
        "fhir.json": fhir_json(made.result).encode(),
        "report.hl7": hl7_message(made.result).encode(),
    }
    store.attach(exam, 1, files)
    return exam
