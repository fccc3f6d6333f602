"""A scored exam in a store without the time that scoring takes, and people who are logged in."""

from dataclasses import dataclass, replace
from pathlib import Path

import httpx2 as httpx
import numpy as np
from fastapi import FastAPI
from starlette.testclient import TestClient

from corcal.ct.read import read_scan
from corcal.lesions.classifier import SITES
from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.review.candidates import Proposer, marked_candidates
from corcal.review.candidates_file import candidates_to_bytes
from corcal.scoring.measure import measure
from corcal.serve.files import CANDIDATES, THUMBNAIL
from corcal.serve.services import Services
from corcal.serve.thumbnail import thumbnail_png
from corcal.store.records import Role
from corcal.store.store import Store
from dicom_maker import make_series
from result_maker import make_automatic_result

API = "/api/v1"
NAME = "Zacharias^Testpatient"
NUMBER = "PATIENT-4711"
SHAPE = (24, 32, 32)  # of 3 mm: 72 mm, enough to be scored
SPACING_MM = (3.0, 0.5, 0.5)
# (site, first slice, rows, columns, HU); two slices of 16 pixels of 0.25 mm2: 4 mm2 in each
BLOCKS = (
    (Site.LAD, 4, slice(8, 12), slice(4, 8), 450),
    (Site.RCA, 10, slice(20, 24), slice(20, 24), 250),
    (Site.ASCENDING_AORTA, 16, slice(4, 8), slice(20, 28), 350),
)


def hu(number: int = 0) -> np.ndarray:
    """A block of water with calcium; `number` makes its files differ from others."""
    values = np.full(SHAPE, 40, np.int16)
    values[0, 0, 0] = number
    for _, z, rows, columns, value in BLOCKS:
        values[z : z + 2, rows, columns] = value
    return values


def write_scan(
    folder: Path, number: int = 1, *, patient: str = NUMBER, date: str = "20260102"
) -> None:
    """Write the images of a study."""
    make_series(
        folder,
        hu=hu(number),
        spacing_mm=SPACING_MM,
        study_uid=f"2.25.{number}",
        series_uid=f"2.25.{number}.1",
        tags={
            "PatientID": patient,
            "PatientName": NAME,
            "PatientBirthDate": "19610503",
            "PatientSex": "F",
            "PatientAge": "064Y",
            "StudyDate": date,
            "AcquisitionDate": date,
        },
    )


def scored_exam(store: Store, folder: Path, number: int = 1, **described: str) -> str:
    """Import a study, and give it a result as a worker would; its exam."""
    write_scan(folder, number, **described)
    return given_result(store, folder)


def given_result(store: Store, folder: Path) -> str:
    """Import the scan of a folder, and give it a result as a worker would; its exam."""
    (exam_id,) = store.import_study(folder).exams
    scan = read_scan(folder)
    sites = np.zeros(SHAPE, np.uint8)
    for site, z, rows, columns, _ in BLOCKS:
        sites[z : z + 2, rows, columns] = site
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=SHAPE, index=index, site=sites.reshape(-1)[index])
    found = marked_candidates(scan, voxels)
    chances = np.zeros((found.count, len(SITES)))
    chances[:, SITES.index(Site.NOISE)] = 0.1
    chances[np.arange(found.count), found.site.astype(int) - 1] += 0.9
    why = tuple((Reason(text="was put there", feature="truth", value=1.0),) for _ in chances)
    found = replace(found, proposer=Proposer.AUTOMATIC, probabilities=chances, why=why)
    measured, base = measure(scan, voxels), make_automatic_result()
    record = replace(
        base,
        scan=replace(
            base.scan,
            patient=scan.patient,
            study_instance_uid=scan.series.study_instance_uid,
            series_instance_uid=scan.series.series_instance_uid,
            frame_of_reference_uid=scan.series.frame_of_reference_uid,
            date=scan.acquisition.date,
            shape=scan.shape,
            sop_instance_uids=tuple(one.sop_instance_uid for one in scan.slices),
        ),
        score=measured.score,
        lesions=measured.lesions,
    )
    store.add_result(
        exam_id,
        record,
        voxels=voxels,
        attachments={
            CANDIDATES: candidates_to_bytes(found),
            THUMBNAIL: thumbnail_png(scan, voxels),
        },
    )
    return exam_id


@dataclass
class Person:
    """Somebody who is logged in."""

    login: str
    client: TestClient
    cookies: dict[str, str]
    csrf: str

    def send(self, method: str, path: str, *, csrf: bool = True, **how: object) -> httpx.Response:
        """Make a request as this person."""
        self.client.cookies.clear()
        headers = {"X-CSRF-Token": self.csrf} if csrf else {}
        headers |= how.pop("headers", {})  # type: ignore[operator, arg-type]
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.client.request(
            method,
            path if path.startswith("/start") else API + path,
            headers=headers | {"Cookie": cookie},
            **how,  # type: ignore[arg-type]
        )

    def get(self, path: str, **how: object) -> httpx.Response:
        return self.send("GET", path, **how)

    def post(self, path: str, content: object = None, **how: object) -> httpx.Response:
        return self.send("POST", path, json=content, **how)


def person(client: TestClient, role: Role, login: str | None = None) -> Person:
    """Add a user of a role, and log them in without a password."""
    app = client.app
    assert isinstance(app, FastAPI)
    services: Services = app.state.services
    name = login or f"the-{role}"
    user = services.store.users.add(name, role)
    value, who = services.sessions.begin(user)
    return Person(name, client, {services.settings.cookie_name: value}, who.csrf or "")
