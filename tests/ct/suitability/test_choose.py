import numpy as np
import pytest

from corcal.ct.findings import finding
from corcal.ct.scan import Patient
from corcal.ct.series import Catalog
from corcal.ct.suitability import SeriesKind, Verdict, assess, choose_series, preferred_series
from corcal.errors import GeometryError, InputError, SeriesError, UnfitError
from suitability_maker import chest_hu, make_scan, make_series_header

CHEST = chest_hu()
ANGIOGRAM = chest_hu(blood_hu=350)


class Reader:
    """Gives the scan of a series by its UID, and remembers what was read."""

    def __init__(self, voxels=None, refused=None):
        self.voxels = voxels or {}
        self.refused = refused or {}
        self.read = []

    def __call__(self, series):
        uid = series.identity.series_instance_uid
        self.read.append(uid)
        for item in series.findings:
            if item.severity == "error":
                raise GeometryError(item.message)
        if uid in self.refused:
            raise SeriesError(self.refused[uid])
        return make_scan(self.voxels.get(uid, CHEST), acquisition=series.acquisition, uid=uid)


def choose(*series, **options):
    options.setdefault("read", Reader())
    return choose_series(series, **options)


THORAX = {"is_gated": False, "series_description": "Thorax", "slice_thickness_mm": 5.0}


def test_the_only_series_is_chosen_and_the_reason_says_so():
    choice = choose(make_series_header(number=4))
    assert choice.suitability.verdict is Verdict.FIT
    assert choice.reason == "series 4, an ECG-gated calcium scan: the only series"


def test_a_catalog_is_accepted_as_well_as_a_list():
    catalog = Catalog(series=(make_series_header(),))
    assert choose_series(catalog, read=Reader()).series is catalog.series[0]


def test_the_gated_scan_wins_over_the_chest_and_only_it_is_read():
    reader = Reader()
    choice = choose(
        make_series_header(uid="1", number=2, **THORAX),
        make_series_header(uid="2", number=3),
        read=reader,
    )
    assert choice.series.identity.series_instance_uid == "2"
    assert reader.read == ["2"]
    assert choice.reason == (
        "series 3, an ECG-gated calcium scan: preferred to series 2 because its verdict is better"
    )


@pytest.mark.parametrize(
    ("better", "worse", "because"),
    [
        ({}, {"slice_thickness_mm": 2.5}, "its slices are nearer 3 mm"),
        ({"kvp": 120.0, "body_part": "HEART"}, {"kvp": 100.0}, "its verdict is better"),
        (
            {"slice_thickness_mm": 1.0, "spacing_mm": (1.0, 0.45, 0.45), "slice_count": 150},
            {"slice_thickness_mm": 0.6, "spacing_mm": (0.6, 0.45, 0.45), "slice_count": 250},
            "its slices are nearer 3 mm",
        ),
        (
            {"kvp": 100.0},
            {"kvp": 120.0, "convolution_kernel": "B60f"},
            "its kernel is not a sharp one",
        ),
        ({"kvp": 110.0}, {"kvp": 100.0}, "its tube voltage is nearer 120 kVp"),
        (
            {"kvp": 100.0},
            {"kvp": 100.0, "filter_type": "SN"},
            "fewer warnings speak against it",
        ),
        ({"columns": 500}, {"columns": 512}, "its field of view is smaller"),
        ({"slice_count": 51}, {"slice_count": 50}, "it has more slices"),
        ({}, {}, "it comes first"),
    ],
)
def test_the_reason_names_the_first_difference_that_counts(better, worse, because):
    first = make_series_header(uid="1", number=1, **better)
    second = make_series_header(uid="2", number=2, **worse)
    choice = choose(first, second)
    assert choice.series is first
    assert choice.reason.endswith(f"preferred to series 2 because {because}")
    if because != "it comes first":
        assert choose(second, first).series is first


def test_a_series_whose_voxels_show_contrast_is_left_for_the_next():
    reader = Reader({"1": ANGIOGRAM})
    choice = choose(
        make_series_header(uid="1", number=1),
        make_series_header(uid="2", number=2, **THORAX),
        read=reader,
    )
    assert reader.read == ["1", "2"]
    assert choice.suitability.kind is SeriesKind.CHEST_NONCONTRAST
    assert choice.reason == (
        "series 2, a non-gated CT of the chest without contrast: the only one of 2 series that "
        "can be scored; series 1 did not stand the check of the voxels"
    )


def test_a_series_that_cannot_be_read_is_left_for_the_next():
    reader = Reader(refused={"1": "1.dcm: the pixel data are cut off"})
    choice = choose(make_series_header(uid="1"), make_series_header(uid="2", number=2), read=reader)
    assert choice.series.identity.series_instance_uid == "2"


def test_the_only_series_that_cannot_be_read_gives_the_error_of_reading():
    reader = Reader(refused={"1": "1.dcm: the pixel data are cut off"})
    with pytest.raises(SeriesError, match=r"1\.dcm: the pixel data are cut off"):
        choose(make_series_header(uid="1"), read=reader)


def test_a_false_claim_of_contrast_does_not_hide_the_only_calcium_scan():
    wrong = make_series_header(contrast_agent="Iomeron", series_description="Heart")
    choice = choose(wrong)
    assert choice.suitability.verdict is Verdict.CAUTION


def test_series_whose_slices_form_no_volume_give_the_sentence_of_reading():
    refused = finding("MISSING_SLICES", "1 slice is missing between a and b")
    broken = make_series_header(spacing_mm=None, findings=(refused,))
    with pytest.raises(GeometryError, match="1 slice is missing between a and b"):
        choose(broken)


def test_when_none_is_fit_the_error_says_what_each_is_and_what_is_needed_on_one_line():
    with pytest.raises(UnfitError) as caught:
        choose(
            make_series_header(uid="1", number=1, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")),
            make_series_header(uid="2", number=2, slice_count=4),
            make_series_header(uid="3", number=3, is_gated=None),
            make_series_header(uid="4", number=4, modality="SR", slice_count=0),
            read=Reader({"3": ANGIOGRAM}),
        )
    message = str(caught.value)
    assert "series 1 is a localizer (scout, topogram): " in message
    assert "series 2 is an ECG-gated calcium scan: 4 slices cover 12 mm" in message
    assert "series 3 is a CT with contrast agent: the blood pool has 350 HU" in message
    assert "series 4" not in message
    assert "needed is a CT of the whole heart without contrast agent" in message
    assert "\n" not in message
    assert caught.value.exit_code == 3


def test_a_long_list_of_unfit_series_is_cut():
    many = [make_series_header(uid=str(k), number=k, slice_count=4) for k in range(9)]
    with pytest.raises(UnfitError, match="3 more series are not fit either"):
        choose(*many)


def test_no_ct_at_all_is_a_series_error():
    with pytest.raises(SeriesError, match="only modality MR, PT; CT is needed") as caught:
        choose(make_series_header(modality="PT"), make_series_header(modality="MR"))
    assert caught.value.exit_code == 2
    with pytest.raises(SeriesError, match="no CT images were found"):
        choose()


def test_a_person_s_choice_skips_ranking_but_not_the_judgement():
    gated, thorax = make_series_header(uid="1"), make_series_header(uid="2", number=7, **THORAX)
    choice = choose(gated, thorax, series="2")
    assert choice.series is thorax
    assert choice.suitability.verdict is Verdict.CAUTION
    assert choice.reason == "series 7 was chosen by the user"


def test_a_person_s_unfit_choice_is_returned_with_its_verdict():
    choice = choose(make_series_header(uid="1"), read=Reader({"1": ANGIOGRAM}), series="1")
    assert choice.suitability.verdict is Verdict.UNFIT


def test_a_stack_is_chosen_by_its_key():
    stacks = [make_series_header(uid="1", stack=name) for name in ("1", "2")]
    assert choose(*stacks, series="1#2").series is stacks[1]
    with pytest.raises(InputError, match=r"holds several stacks; there are: 1#1, 1#2"):
        choose(*stacks, series="1")


def test_an_unknown_series_is_an_input_error_that_lists_what_is_there():
    with pytest.raises(InputError, match=r"series 9\.9 is not in the input; there are: 1, 2"):
        choose(make_series_header(uid="1"), make_series_header(uid="2"), series="9.9")


def test_progress_is_told_of_each_series_that_is_read():
    told = []
    choose(
        make_series_header(uid="1"),
        make_series_header(uid="2"),
        read=Reader({"1": ANGIOGRAM}),
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert told == [(0, 2, "checking series"), (1, 2, "checking series"), (2, 2, "checking series")]


def test_the_voxels_of_a_rejected_series_are_let_go():
    import weakref

    alive = []

    def read(series):
        assert not [ref for ref in alive if ref() is not None]
        hu = np.array(ANGIOGRAM if series.identity.series_instance_uid == "1" else CHEST)
        alive.append(weakref.ref(hu))
        return make_scan(hu, acquisition=series.acquisition)

    choose(make_series_header(uid="1"), make_series_header(uid="2"), read=read)
    assert len(alive) == 2


JANE, JOHN = (
    Patient(patient_id="4711", name="Doe^Jane"),
    Patient(patient_id="0815", name="Roe^John"),
)


def two_patients(**of_john):
    return (
        make_series_header(uid="1", number=3, patient=JANE),
        make_series_header(uid="2", number=3, patient=JOHN, **of_john),
    )


def test_a_choice_between_patients_is_made_with_a_warning_that_asks_for_caution():
    choice = choose(*two_patients())
    assert choice.series.identity.series_instance_uid == "1"
    assert choice.suitability.verdict is Verdict.CAUTION
    warning = next(item for item in choice.suitability.findings if item.severity == "warning")
    assert warning.code == "SEVERAL_PATIENTS"
    assert warning.message == (
        "2 patients are in what was given; series 1 was chosen; the others: 2 (folder .); "
        "choose with --series"
    )
    assert "must be read with care: 2 patients are" in choice.suitability.summary
    assert choice.reason == (
        "series 3 (1), an ECG-gated calcium scan: preferred to series 3 (2) because it comes first"
    )


def test_the_warning_of_several_patients_comes_before_those_of_the_images():
    pair = [
        make_series_header(uid=uid, patient=who, **THORAX)
        for uid, who in (("1", JANE), ("2", JOHN))
    ]
    warnings = [item.code for item in choose(*pair).suitability.findings]
    assert warnings[0] == "SEVERAL_PATIENTS"
    assert "NOT_GATED" in warnings[1:]


def test_a_person_s_choice_between_patients_is_not_warned_of():
    choice = choose(*two_patients(), series="2")
    assert choice.suitability.verdict is Verdict.FIT
    assert choice.reason == "series 3 (2) was chosen by the user"


@pytest.mark.parametrize(
    "of_john", [{"slice_count": 4}, {"contrast_agent": "Iomeron", "series_description": "CTA"}]
)
def test_a_patient_whose_series_cannot_be_scored_is_not_warned_of(of_john):
    assert choose(*two_patients(**of_john)).suitability.verdict is Verdict.FIT


def test_a_patient_whose_voxels_are_unfit_is_not_warned_of():
    choice = choose(*two_patients(kvp=100.0)[::-1], read=Reader({"1": ANGIOGRAM}))
    assert choice.series.identity.series_instance_uid == "2"
    assert "SEVERAL_PATIENTS" not in {item.code for item in choice.suitability.findings}


def test_among_series_that_only_claim_to_be_unfit_patients_are_told_apart_too():
    claims = {"contrast_agent": "Iomeron", "series_description": "Heart"}
    pair = [
        make_series_header(uid=uid, patient=who, **claims)
        for uid, who in (("1", JANE), ("2", JOHN))
    ]
    assert "SEVERAL_PATIENTS" in {item.code for item in choose(*pair).suitability.findings}


@pytest.mark.parametrize(
    "voxels",
    [
        {},
        {"1": ANGIOGRAM},
        {"1": ANGIOGRAM, "2": ANGIOGRAM},
        {"2": ANGIOGRAM, "3": ANGIOGRAM},
    ],
)
def test_of_series_judged_already_the_same_one_is_preferred(voxels):
    listed = (
        make_series_header(uid="1", patient=JANE),
        make_series_header(uid="2", patient=JOHN, kvp=100.0),
        make_series_header(uid="3", patient=JOHN, **THORAX),
        make_series_header(uid="4", slice_count=4),
    )
    read = Reader(voxels)
    choice = choose(*listed, read=read)
    preferred = preferred_series([(one, assess(one, read(one))) for one in listed])
    assert preferred.series is choice.series
    several = [item for item in choice.suitability.findings if item.code.startswith("SEVERAL")]
    assert [preferred.warning] == (several or [None])


def test_of_series_that_are_all_unfit_none_is_preferred():
    series = make_series_header(slice_count=4)
    assert preferred_series([(series, assess(series))]) is None


def test_when_the_headers_refuse_all_the_error_gives_the_reason_of_the_voxels():
    reader = Reader({"1": np.full((4, 60, 60), -1000, np.int16)})
    with pytest.raises(
        UnfitError, match="does not show the heart: the voxels show nothing but air"
    ):
        choose(make_series_header(uid="1", slice_count=4), read=reader)


def test_a_series_that_cannot_be_read_is_described_as_such_among_the_unfit():
    reader = Reader({"2": ANGIOGRAM}, refused={"1": "1.dcm: the pixel data are cut off"})
    with pytest.raises(
        UnfitError, match=r"readable volume: 1\.dcm: the pixel data are cut off; series 2"
    ):
        choose(make_series_header(uid="1"), make_series_header(uid="2", number=2), read=reader)


@pytest.mark.parametrize("wanted", [None, "1.2.3"])
def test_one_slice_of_a_series_is_refused_with_the_advice_to_give_its_folder(wanted):
    single = finding("SINGLE_SLICE", "instance 1 (a.dcm) is the only slice")
    one = make_series_header(slice_count=1, spacing_mm=None, findings=(single,))
    with pytest.raises(GeometryError, match="only slice; give the folder that holds the whole ser"):
        choose(one, series=wanted)


def test_a_refusal_names_all_errors_of_a_series_not_the_first_alone():
    errors = (finding("MISSING_SLICES", "slices are missing"), finding("NOT_AXIAL", "coronal"))
    reader = Reader()
    with pytest.raises((UnfitError, GeometryError, SeriesError)) as caught:
        choose(
            make_series_header(uid="1", findings=errors),
            make_series_header(uid="2", findings=errors),
            read=reader,
        )
    assert str(caught.value).count("slices are missing; and coronal") == 2
