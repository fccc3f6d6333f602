"""OsiriX and Horos property lists that are damaged, or made to do harm."""

import plistlib

import pytest

from annotations.annotation_maker import make_scan, osirix_list, three_lesions
from corcal.annotations.osirix import read_osirix
from corcal.errors import AnnotationError

DEEP = "<array>" * 100_000 + "</array>" * 100_000
ROI_XML = (
    "<plist><dict><key>Images</key><array><dict><key>ImageIndex</key><integer>1</integer>"
    "<key>ROIs</key><array><dict><key>Name</key>{name}<key>Area</key><integer>{area}</integer>"
    "<key>Point_px</key><array>{point}</array></dict></array></dict></array></dict></plist>"
)
LONG = [
    ({"name": DEEP}, "'Name' must be a string, found list"),
    ({"point": DEEP}, "list is not a point"),
    ({"area": "9" * 400}, "area and HU must be numbers"),
]


@pytest.mark.parametrize(("changed", "message"), LONG)
def test_values_nested_or_long_beyond_reason_are_refused(changed, message):
    values = {"name": "<string>LAD</string>", "area": "1", "point": "", **changed}
    with pytest.raises(AnnotationError, match=message):
        read_osirix(ROI_XML.format(**values).encode(), make_scan())


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<plist version="1.0"><dict><key>Images</key><string>&b;</string></dict></plist>"""

DAMAGED = {
    "truncated": b'<?xml version="1.0"?><plist><dict><key>Images</key><array>',
    "entity bomb": ENTITIES,
    "not a plist": b'<?xml version="1.0"?><annotations/>',
    "another plist": b"<plist><dict><key>Name</key><string>x</string></dict></plist>",
    "no number": b"<plist><real>x</real></plist>",
    "no date": b"<plist><date>x</date></plist>",
    "binary": b"bplist00garbage",
    "unknown encoding": b'<?xml version="1.0" encoding="foo"?><plist><array/></plist>',
    "wrong encoding": b'<?xml version="1.0"?><plist><string>\xff\xfe</string></plist>',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_list_ends_in_one_plain_line(name):
    with pytest.raises(AnnotationError, match="property list") as caught:
        read_osirix(DAMAGED[name], make_scan())
    assert "\n" not in str(caught.value)


def test_every_truncation_of_a_list_is_refused():
    content = plistlib.dumps(osirix_list(three_lesions(), make_scan()))
    for end in range(0, len(content) - 10, 211):
        with pytest.raises(AnnotationError):
            read_osirix(content[:end], make_scan())
