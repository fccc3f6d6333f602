"""Every code that is written is one of DICOM's terminology, with its meaning."""

from dataclasses import fields
from pathlib import Path

import pytest
from pydicom.sr import _cid_dict, _concepts_dict
from pydicom.sr.coding import Code

from corcal.annotations.names import SNOMED_SITES, site_of_name
from corcal.interop import codes
from corcal.interop.dicom import terms
from corcal.interop.dicom.terms import CALCIUM_MEASURES, SITE_TERMS
from corcal.lesions.sites import Site
from corcal.scoring.types import SiteScore

# Of the examination: LOINC has it (2.83), the dictionary holds the LOINC codes of templates alone.
EXAMINATION = Code("36934-8", "LN", "CT Heart for calcium scoring")
# In rows of TID 3905 (PS3.16), though not in pydicom's dictionary: UCUM writes them by its grammar.
UCUM_EXPRESSIONS = {"mg", "{lesions}", "mg/[hnsf'U].cm3"}


def written_codes():
    for terms_of_site in SITE_TERMS.values():
        for code in (terms_of_site.category, terms_of_site.kind, terms_of_site.region):
            if code is not None:
                yield code
    for measure in CALCIUM_MEASURES:
        yield from (code for code in (measure.name, measure.unit, measure.method) if code)
    yield from (value for value in vars(terms).values() if isinstance(value, Code))


@pytest.mark.parametrize("code", sorted(set(written_codes())), ids=lambda code: code.value)
def test_the_code_is_in_the_dictionary_with_this_meaning(code):
    if code == EXAMINATION or (code.scheme_designator == "UCUM" and code.value in UCUM_EXPRESSIONS):
        return
    known = _concepts_dict.concepts[code.scheme_designator]
    meanings = {
        entries[code.value][0].split(" (")[0].casefold()  # SNOMED adds "(observable entity)"
        for entries in known.values()
        if code.value in entries
    }
    assert code.meaning.casefold() in meanings


@pytest.mark.parametrize("site", SITE_TERMS, ids=lambda site: site.label)
def test_a_place_has_one_code_in_every_output(site):
    concept, region = codes.SITE_CONCEPTS.get(site.label), SITE_TERMS[site].region
    assert (concept is None) == (region is None)
    if concept is not None:
        assert (concept.code, concept.system.name, concept.display) == region[:3]


def test_a_measure_has_one_code_in_every_output():
    of_field = {one.field: one for one in CALCIUM_MEASURES}
    for field, name in (("volume_mm3", "volume"), ("mass_mg", "mass")):
        (same,) = codes.CODES[name].same_as
        assert same.code == of_field[field].name.value
    assert of_field["agatston"].name.value in {
        same.code for same in codes.CODES["agatston-total"].same_as
    }
    assert of_field["agatston"].method.value == codes.AGATSTON_METHOD.code


def test_categories_are_those_that_a_segment_may_have():
    keywords = set(_cid_dict.cid_concepts[7150]["SCT"])  # Segmentation Property Category
    for site_terms in SITE_TERMS.values():
        entries = _concepts_dict.concepts["SCT"]
        named = {key for key, codes in entries.items() if site_terms.category.value in codes}
        assert named & keywords


def test_every_site_but_noise_has_terms():
    assert set(Site) - set(SITE_TERMS) == {Site.NOISE}


@pytest.mark.parametrize("site", SITE_TERMS, ids=lambda site: site.label)
def test_what_is_written_for_a_site_is_read_as_that_site(site):
    assert site_of_name(site.label, where="here") is site
    region = SITE_TERMS[site].region
    if region is not None and region.value in SNOMED_SITES:
        assert SNOMED_SITES[region.value] is site


def test_each_measure_is_a_field_of_the_result_and_no_two_share_a_name():
    names = {one.name for one in fields(SiteScore)}
    assert {one.field for one in CALCIUM_MEASURES} <= names
    assert len({one.name.value for one in CALCIUM_MEASURES}) == len(CALCIUM_MEASURES)


def test_the_page_names_every_code_that_is_written():
    page = Path(__file__).parents[3].joinpath("docs/dicom_outputs.md").read_text(encoding="utf-8")
    assert [code.value for code in written_codes() if f"`{code.value}`" not in page] == []
