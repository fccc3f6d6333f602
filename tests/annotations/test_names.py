"""Names and codes of sites."""

import pytest

from corcal.annotations.names import (
    GENERAL_SNOMED_SITES,
    SITE_NAMES,
    SNOMED_SITES,
    accepted_names,
    find_site,
    site_of_name,
)
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

NAMES = [
    ("Left Coronary Artery", Site.LM),  # COCA
    ("Left Anterior Descending Artery", Site.LAD),
    ("Left Circumflex Artery", Site.LCX),
    ("Right Coronary Artery", Site.RCA),
    ("LAD 2", Site.LAD),
    ("lad_calcification", Site.LAD),
    ("LAD calc 1", Site.LAD),
    ("  LCx ", Site.LCX),
    ("Left main coronary artery", Site.LM),
    ("Circumflex branch of the left coronary", None),  # several words of several names: no guess
    ("D1", Site.LAD),
    ("OM2", Site.LCX),
    ("Posterior descending artery", Site.RCA),
    ("Aortic valve calcification", Site.AORTIC_VALVE),
    ("aortic_valve", Site.AORTIC_VALVE),
    ("mitral annulus", Site.MITRAL_ANNULUS),
    ("Descending Aorta", Site.DESCENDING_AORTA),
    ("aorta", Site.ASCENDING_AORTA),
    ("ramus intermedius", None),  # counted with the LAD by some and with the LCX by others
    ("ROI 3", None),
    ("", None),
    ("Coronary artery", None),
]


@pytest.mark.parametrize(("name", "site"), NAMES)
def test_a_name_means_its_site_in_any_wording(name, site):
    assert find_site(name) is site


def test_every_site_is_known_by_its_own_label():
    assert all(find_site(site.label) is site for site in Site)


def test_no_name_means_two_sites():
    spoken = [name.casefold() for names in SITE_NAMES.values() for name in names]
    assert len(spoken) == len(set(spoken))
    assert all(find_site(n) is site for site, names in SITE_NAMES.items() for n in names)


def test_an_unknown_name_is_refused_with_the_names_that_are_accepted():
    with pytest.raises(AnnotationError, match=r"ROI 3 has the name 'Kalk'.*LM, LAD, LCX, RCA, asc"):
        site_of_name("Kalk", where="ROI 3")
    assert "\n" not in accepted_names()


def test_a_long_name_with_line_breaks_stays_one_short_line():
    with pytest.raises(AnnotationError) as caught:
        site_of_name("x\n" * 5000, where="ROI 1")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_codes_are_those_of_the_dicom_dictionary():
    from pydicom.sr._concepts_dict import concepts

    known = {code for meanings in concepts["SCT"].values() for code in meanings}
    assert {*SNOMED_SITES, *GENERAL_SNOMED_SITES} <= known
    assert SNOMED_SITES["59438005"] is Site.LAD
