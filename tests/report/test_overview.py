"""The page says what the result says, escapes what it is given, and needs nothing but itself."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from corcal.ct.scan import Finding, Patient, Severity
from corcal.errors import InputError
from corcal.report.hero import hero
from corcal.report.markup import Markup, joined, tag
from corcal.report.overview import ExamView, write_overview
from corcal.report.patient import person_name
from corcal.report.words import exam_label
from corcal.result import AnnotationRecord, Result
from report.clinician.clinician_cases import stent
from result_maker import make_automatic_result, make_result

VOID = {"meta", "img", "br", "link"}
EVIL = "<script>alert('x')</script> & \"quotes\" \u05db\u05d4\u05df " + "x" * 300


class Page(HTMLParser):
    """A page taken apart; an element that is not closed, or closed twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def write(folder: Path, *results: Result, pictures: dict[str, Path] | None = None) -> str:
    exams = [
        ExamView(label=f"exam {k}", result=result, pictures=pictures or {})
        for k, result in enumerate(results, start=1)
    ]
    return write_overview(folder, exams).read_text(encoding="utf-8")


def with_total(result: Result, agatston: float) -> Result:
    """The same result with all of another score in the LAD."""
    total = replace(result.score.total, agatston=agatston)
    lad = replace(result.score.vessels["LAD"], agatston=agatston)
    vessels = result.score.vessels | {"LAD": lad}
    return replace(result, score=replace(result.score, total=total, vessels=vessels))


def with_scan(result: Result, **changes: object) -> Result:
    return replace(result, scan=replace(result.scan, **changes))


def evil_result() -> Result:
    """A result in which every text that comes from outside is hostile."""
    base = make_result()
    finding = Finding(code="CODE", severity=Severity.ERROR, message=EVIL)
    return replace(
        with_scan(
            base,
            patient=Patient(patient_id=EVIL, name=EVIL, birth_date=EVIL, sex=EVIL),
            **dict.fromkeys(
                (
                    "study_description",
                    "series_description",
                    "series_instance_uid",
                    "manufacturer",
                    "model_name",
                    "convolution_kernel",
                    "date",
                    "time",
                ),
                EVIL,
            ),
        ),
        suitability=replace(base.suitability, kind=EVIL, verdict=EVIL, findings=(finding,)),
        lesions=(replace(base.lesions[0], id=EVIL, site=EVIL),),
        score=replace(
            base.score,
            rule=EVIL,
            mass_calibration=EVIL,
            other_sites={EVIL: base.score.vessels["LAD"]},
            by_rule={EVIL: replace(base.score.by_rule["textbook"], rule=EVIL)},
        ),
        provenance=replace(
            base.provenance,
            software=EVIL,
            software_version=EVIL,
            created=EVIL,
            rule=EVIL,
            rule_reason=EVIL,
            series_reason=EVIL,
            method=EVIL,
            annotation=replace(base.provenance.annotation, source=EVIL, format=EVIL, sha256=EVIL),
            reader=EVIL,
            libraries={EVIL: EVIL},
            statement=EVIL,
        ),
    )


def test_the_page_is_well_formed_and_says_its_language(tmp_path: Path) -> None:
    page = Page(write(tmp_path, make_result(), make_result()))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_is_named_index_html(tmp_path: Path) -> None:
    path = write_overview(tmp_path, [ExamView(label="one", result=make_result())])
    assert path == tmp_path / "index.html"


def test_every_text_from_outside_is_escaped(tmp_path: Path) -> None:
    exams = [
        ExamView(label=EVIL, result=evil_result()),
        ExamView(label=EVIL, result=make_result()),
    ]
    text = write_overview(tmp_path, exams).read_text(encoding="utf-8")
    assert Page(text).all("script") == []
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 20
    assert "alert('x')" not in text


@pytest.mark.parametrize("agatston", [0.0, 0.04, 14.0, 366.4918, 4321.7])
def test_the_score_stands_large_and_exact(agatston: float, tmp_path: Path) -> None:
    page = Page(write(tmp_path, with_total(make_result(), agatston)))
    first = next(k for k, (_, a) in enumerate(page.elements) if a.get("class") == "score")
    assert page.elements[first + 1] == ("data", {"value": repr(agatston)})


def test_every_number_of_the_result_is_on_the_page(tmp_path: Path) -> None:
    result = make_result()
    values = {a["value"] for a in Page(write(tmp_path, result)).all("data")}
    for score in (result.score.total, *result.score.vessels.values()):
        for number in (score.agatston, score.volume_mm3, score.mass_mg):
            assert repr(float(number)) in values
    lesion = result.lesions[0]
    for number in (lesion.agatston, lesion.volume_mm3, lesion.mass_mg, lesion.peak_hu):
        assert repr(number) in values


def test_the_page_says_how_the_score_was_made(tmp_path: Path) -> None:
    text = Page(write(tmp_path, make_result())).text
    for part in (
        "textbook: the default",
        "130 HU",
        "Ca score 3.0",
        "corcal 0.1.0",
        "the only series",
        "calcium.xml",
        "120 kV",
        "For research use only",
        "100 kVp, not 120",
    ):
        assert part in text


def without_calcium(*, regions: int, codes: tuple[str, ...] = ()) -> Result:
    """A score of 0 from an annotation with so many regions, and findings with these codes."""
    base = with_total(make_result(), 0.0)
    annotation = replace(base.provenance.annotation, region_count=regions)
    findings = tuple(Finding(code=x, severity=Severity.INFO, message="m") for x in codes)
    return replace(
        base,
        lesions=(),
        suitability=replace(base.suitability, findings=findings),
        provenance=replace(base.provenance, annotation=annotation),
    )


NOTHING_MARKED = {"regions": 0}, {"regions": 2, "codes": ("ANNOTATION_EMPTY",)}


@pytest.mark.parametrize("case", NOTHING_MARKED)
def test_an_annotation_that_marks_nothing_is_said_to_mark_nothing(
    case: dict, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    pictures = dict.fromkeys(("slices", "projection"), tmp_path / "a.png")
    page = Page(write(tmp_path, without_calcium(**case), pictures=pictures))
    assert {"class": "nothing"} in page.all("p")
    assert "The score is 0 because of that, whatever the scan shows." in page.text
    assert "No calcified lesion: no calcium was marked." in page.text
    for image, what in zip(page.all("img"), ("Axial slices", "The heart seen"), strict=True):
        assert image["alt"].startswith(what)
        assert ": no calcium was marked." in image["alt"]
    assert "no coronary calcium" not in page.text


@pytest.mark.parametrize("codes", [(), ("ANNOTATION_EMPTY_REGION",)])
def test_marks_without_coronary_calcium_are_not_said_to_be_none(
    codes: tuple[str, ...], tmp_path: Path
) -> None:
    text = Page(write(tmp_path, without_calcium(regions=2, codes=codes))).text
    assert "No calcified lesion: no coronary calcium among what was marked." in text
    assert "no calcium was marked" not in text
    assert "whatever the scan shows" not in text


def test_calcium_is_never_said_to_be_none(tmp_path: Path) -> None:
    page = Page(write(tmp_path, with_total(make_result(), 0.04)))
    assert {"class": "nothing"} not in page.all("p")
    assert "no coronary calcium" not in page.text


@pytest.mark.parametrize(
    ("known", "label"),
    [
        ({"date": "2026-01-02"}, "2026-01-02"),
        ({"date": None}, "Exam of unknown date, series 3, Ca score 3.0"),
        ({"date": None, "series_description": None}, "Exam of unknown date, series 3"),
        ({"date": None, "series_number": None}, "Exam of unknown date, Ca score 3.0"),
        (
            {"date": None, "series_number": 0, "series_description": ""},
            "Exam of unknown date, series 0",
        ),
        (
            {"date": None, "series_number": None, "series_description": None},
            "Exam of unknown date",
        ),
    ],
)
def test_an_exam_is_named_by_its_date_or_its_series(known: dict, label: str) -> None:
    assert exam_label(with_scan(make_result(), **known).scan) == label


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ({"date": None, "time": "00:00:00"}, "Exam datenot in the headers"),
        ({"date": "2026-01-02", "time": "10:00:00"}, "Exam date2026-01-02 10:00:00"),
        ({"date": "2026-01-02", "time": None}, "Exam date2026-01-02Age"),
    ],
)
def test_a_time_is_shown_with_a_date_alone(known: dict, written: str, tmp_path: Path) -> None:
    text = Page(write(tmp_path, with_scan(make_result(), **known))).text
    assert written in text
    assert "00:00:00" not in text.replace("10:00:00", "")


def test_a_scan_that_names_no_patient_says_so(tmp_path: Path) -> None:
    unnamed = with_scan(make_result(), patient=Patient())
    assert "The headers do not name the patient." in Page(write(tmp_path, unnamed)).text
    assert "do not name the patient" not in Page(write(tmp_path, make_result())).text


def test_a_date_is_not_broken_over_two_lines(tmp_path: Path) -> None:
    exams = [
        ExamView(label=label, result=make_result()) for label in ("2023-01-03", "2023-01-03 a")
    ]
    page = Page(write_overview(tmp_path, exams).read_text(encoding="utf-8"))
    # both stand above their score, over their column and over their exam
    assert page.all("bdi").count({"class": "date"}) == 3


@pytest.mark.parametrize(
    ("source", "detail", "words"),
    [
        (
            "header_device",
            "factor of the device for a medium patient (0018,9352), 350 mm wide",
            "from the scan's header: factor of the device for a medium patient, 350 mm wide",
        ),
        ("header_patient", "", "from the scan's header"),
        ("default", "a median (0.71 to 0.93)", "from the literature: a median (0.71 to 0.93)"),
        ("scan", "", "measured on an insert in the scan"),
    ],
)
def test_the_mass_factor_is_told_in_words(
    source: str, detail: str, words: str, tmp_path: Path
) -> None:
    base = make_result()
    score = replace(base.score, mass_calibration=source, mass_calibration_detail=detail)
    text = Page(write(tmp_path, replace(base, score=score))).text
    assert f"Mass calibration0.743 mg/cm³ per HU, {words}How calcium" in text


@pytest.mark.parametrize(
    ("form", "regions", "words"),
    [
        ("osirix", 16, "marked by a person (OsiriX/Horos file a.b, 16 regions)"),
        ("rtstruct", 1, "marked in a file given with the scan (DICOM structure set a.b, 1 region)"),
        ("new", 2, "marked in a file given with the scan (new a.b, 2 regions)"),
    ],
)
def test_who_marked_the_calcium_is_told_in_words(
    form: str, regions: int, words: str, tmp_path: Path
) -> None:
    base = make_result()
    record = AnnotationRecord(format=form, source="a.b", sha256="0" * 64, region_count=regions)
    result = replace(base, provenance=replace(base.provenance, annotation=record))
    assert words in Page(write(tmp_path, result)).text


def test_a_kernel_of_two_values_has_no_backslash(tmp_path: Path) -> None:
    first = with_scan(make_result(), convolution_kernel="I30f\\3")
    text = Page(write(tmp_path, first, make_result())).text
    assert "KernelI30f, 3" in text
    assert "Kernel: I30f, 3 \N{RIGHTWARDS ARROW} MEDIUM" in text
    assert "\\" not in text


def test_a_moment_is_written_in_utc(tmp_path: Path) -> None:
    base = make_result()
    made = replace(base.provenance, created="2026-01-02T11:00:00+02:00")
    text = Page(write(tmp_path, replace(base, provenance=made))).text
    assert "Made2026-01-02 09:00:00 UTC" in text


def test_shares_are_written_as_well_as_drawn(tmp_path: Path) -> None:
    base = with_total(make_result(), 300.0)
    vessels = base.score.vessels | {
        "LAD": replace(base.score.vessels["LAD"], agatston=298.8),
        "LCX": replace(base.score.vessels["LCX"], agatston=1.2),  # 0.4 per cent
    }
    page = Page(write(tmp_path, replace(base, score=replace(base.score, vessels=vessels))))
    for percent in ("Left main0 %", "Left anterior descending100 %", "Left circumflex<1 %"):
        assert percent in page.text


def test_calcium_outside_the_arteries_stands_below_the_total(tmp_path: Path) -> None:
    base = make_result()
    score = replace(base.score, other_sites={"aortic_valve": base.score.vessels["LAD"]})
    page = Page(write(tmp_path, replace(base, score=score)))
    places = [page.text.index(x) for x in ("Total14.0", "Not coronary, not part", "aortic valve")]
    assert places == sorted(places)
    assert "Not coronary" not in Page(write(tmp_path, base)).text


def test_every_number_of_a_card_has_a_name(tmp_path: Path) -> None:
    page = Page(write(tmp_path, make_result()))
    assert page.all("td")
    assert all("data-name" in cell for cell in page.all("td"))
    assert all(table.get("class") == "stacks" for table in page.all("table"))


def test_the_page_says_how_slices_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    page = Page(write(tmp_path, make_result(), pictures={"slices": tmp_path / "a.png"}))
    words = "Slices are counted from 0 at the feet."
    assert words in page.all("img")[0]["alt"]
    assert f"Largest first. {words}" in page.text


def test_no_lesion_is_said_in_words(tmp_path: Path) -> None:
    text = Page(write(tmp_path, replace(make_result(), lesions=()))).text
    assert "No calcified lesion." in text


def test_neighbouring_slices_are_written_as_a_range(tmp_path: Path) -> None:
    result = make_result()
    lesion = replace(result.lesions[0], slices=(3, 4, 5, 8, 10, 11))
    page = Page(write(tmp_path, replace(result, lesions=(lesion,))))
    assert "3\N{EN DASH}5, 8, 10\N{EN DASH}11" in page.text


def test_a_finding_shows_its_severity_in_words(tmp_path: Path) -> None:
    page = Page(write(tmp_path, make_result()))
    assert {"class": "badge warning"} in page.all("span")
    assert "warning 100 kVp" in page.text.replace("warning100", "warning 100")


def test_pictures_are_part_of_the_page_and_told_in_words(tmp_path: Path) -> None:
    content = b"\x89PNG not really"
    (tmp_path / "a.png").write_bytes(content)
    page = Page(write(tmp_path, make_result(), pictures={"slices": tmp_path / "a.png"}))
    (image,) = page.all("img")
    assert image["src"] == "data:image/png;base64," + base64.b64encode(content).decode()
    assert "Agatston score 14.0: LM 0, LAD 14.0, LCX 0, RCA 0." in image["alt"]


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    text = write(tmp_path, make_result(), make_result())
    page = Page(text)
    assert not any(name in {"script", "link", "iframe", "object"} for name, _ in page.elements)
    for _, attributes in page.elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert "href" not in attributes
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text


def test_nothing_of_the_template_is_left(tmp_path: Path) -> None:
    assert "$" not in write(tmp_path, make_result())


def test_a_dollar_sign_in_a_name_survives(tmp_path: Path) -> None:
    page = write(tmp_path, with_scan(make_result(), series_description="$body $style $x"))
    assert "$body $style $x" in Page(page).text


def test_tables_have_headers_and_captions(tmp_path: Path) -> None:
    page = Page(write(tmp_path, make_result(), make_result()))
    assert all(attributes.get("scope") in {"row", "col"} for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 7  # the change, and 3 an exam
    assert len(page.all("thead")) == 7


def test_one_exam_is_not_compared(tmp_path: Path) -> None:
    assert "side by side" not in Page(write(tmp_path, make_result())).text


def test_two_exams_show_their_change(tmp_path: Path) -> None:
    first = with_scan(with_total(make_result(), 10.0), date="2023-01-02")
    second = with_scan(with_total(make_result(), 14.5), date="2026-01-02")
    page = Page(write(tmp_path, first, second))
    assert {"value": "4.5"} in page.all("data")
    assert "+4.5" in page.text
    assert "3.0 years apart" in page.text
    assert "Scanner, settings and scoring rule were the same." in page.text
    assert "Lesions11same number" in page.text


def test_exams_without_dates_have_no_interval(tmp_path: Path) -> None:
    undated = with_scan(make_result(), date=None)
    assert "years apart" not in Page(write(tmp_path, undated, make_result())).text


def test_what_was_not_the_same_is_listed(tmp_path: Path) -> None:
    second = with_scan(make_result(), kvp=100.0, model_name=None)
    text = Page(write(tmp_path, make_result(), second)).text
    assert "Tube voltage: 120 kV \N{RIGHTWARDS ARROW} 100 kV" in text
    assert "Scanner: phantom \N{RIGHTWARDS ARROW} not known" in text
    assert "Kernel:" not in text


def test_exams_of_two_patients_are_told(tmp_path: Path) -> None:
    other = with_scan(make_result(), patient=Patient(patient_id="SIM-2"))
    assert "different patient identifiers" in Page(write(tmp_path, make_result(), other)).text


def test_a_patient_who_has_aged_is_the_same(tmp_path: Path) -> None:
    patient = make_result().scan.patient
    older = with_scan(make_result(), patient=replace(patient, age_years=64.0))
    text = Page(write(tmp_path, make_result(), older)).text
    assert "different patient identifiers" not in text
    assert text.count("Simulated, Patient") == 1
    assert "61 years" in text
    assert "64 years" in text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Doe^Jane^M", "Doe, Jane M"),
        ("Doe^Jane^^Dr", "Doe, Jane Dr"),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=", "Yamada, Tarou / \u5c71\u7530, \u592a\u90ce"),
        ("Anonymous", "Anonymous"),
        ("^Jane", "Jane"),
        ("", ""),
    ],
)
def test_a_name_is_written_for_people(name: str, written: str) -> None:
    assert person_name(name) == written


def test_a_page_needs_an_exam(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one exam, got none"):
        write_overview(tmp_path, [])


def test_a_picture_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the picture gone\.png: No such file"):
        write(tmp_path, make_result(), pictures={"slices": tmp_path / "gone.png"})


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write index\.html: No such file"):
        write(tmp_path / "missing", make_result())


def test_markup_is_not_escaped_twice_and_text_is_escaped_once() -> None:
    assert joined("<", tag("b", "&"), Markup("<i>")) == "&lt;<b>&amp;</b><i>"
    assert tag("a", title='"x"', class_=None) == '<a title="&quot;x&quot;"></a>'
    assert tag("img", alt="") == '<img alt="">'


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    full = colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])
    parts = [int(full[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink", "card"),
        ("ink", "soft"),
        ("muted", "paper"),
        ("muted", "card"),
        ("warn", "warn-soft"),
        ("bad", "bad-soft"),
        ("info", "info-soft"),
        ("accent", "card"),
    ],
)
def test_text_can_be_read_in_every_scheme(ink: str, ground: str, scheme: str) -> None:
    css = (files("corcal.report") / "page.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    root = roots[["light", "dark", "print"].index(scheme)]
    colours = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-fA-F]{3,6})", root))
    high, low = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2.2, 1.4.3, level AA


def test_an_artery_that_metal_lies_on_is_marked_and_no_other():
    marked = [row for row in hero(stent()).split("<tr") if "not all scoreable" in row]
    assert len(marked) == 1
    assert "LAD" in marked[0]


@pytest.mark.parametrize(("chance", "is_marked"), [(0.89, True), (0.9, False)])
def test_an_artery_with_a_doubtful_lesion_is_marked_and_no_other(chance, is_marked):
    result = make_automatic_result()
    first = next(one for one in result.lesions if one.site in result.score.vessels)
    doubtful = replace(first, probabilities={first.site: chance, "noise": 1.0 - chance})
    page = hero(replace(result, lesions=(doubtful,)))
    marked = [row for row in page.split("<tr") if "? a lesion is doubtful" in row]
    assert len(marked) == is_marked
    assert all(first.site in row for row in marked)
