"""Which words and codes mean which site: one table of names, one of SNOMED CT codes."""

import re

from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

__all__ = [
    "GENERAL_SNOMED_SITES",
    "SITE_NAMES",
    "SNOMED_SITES",
    "accepted_names",
    "find_site",
    "site_of_name",
]

# Compared after `_normal`: case, punctuation, numbering ("LAD 2") and the words of `_FILLERS` do
# not matter, so "Left Anterior Descending Artery", "LAD_calcification" and "lad" are one name.
# "Left Coronary Artery" is the left main, as the readers of the COCA data set use it. The ramus
# intermedius is absent on purpose: readers count it with the LAD or with the LCX, and a guess
# would move calcium between arteries.
SITE_NAMES: dict[Site, tuple[str, ...]] = {
    Site.LM: (
        "LM", "left main", "left main coronary", "left main stem", "left main trunk",
        "left coronary", "LCA", "LMCA", "LMS", "LMT",
    ),
    Site.LAD: (
        "LAD", "left anterior descending", "left anterior descending coronary",
        "anterior descending", "LADA", "RIVA", "diagonal", "first diagonal", "second diagonal",
        "D1", "D2", "D3",
    ),
    Site.LCX: (
        "LCX", "left circumflex", "left circumflex coronary", "circumflex", "circumflex coronary",
        "CX", "LCIRC", "RCX", "obtuse marginal", "OM", "OM1", "OM2", "OM3",
    ),
    Site.RCA: (
        "RCA", "right coronary", "posterior descending", "PDA",
    ),
    Site.ASCENDING_AORTA: (
        "ascending aorta", "aorta", "aortic wall", "aortic root", "thoracic aorta", "aortic arch",
    ),
    Site.DESCENDING_AORTA: ("descending aorta", "descending thoracic aorta"),
    Site.AORTIC_VALVE: ("aortic valve", "aortic annulus", "AV", "AVC"),
    Site.MITRAL_ANNULUS: (
        "mitral annulus", "mitral annular", "mitral valve", "mitral ring", "MAC", "MVC",
    ),
    Site.PERICARDIUM: ("pericardium", "pericardial"),
    Site.BONE: ("bone", "sternum", "spine", "vertebra", "rib", "ribs"),
    Site.DEVICE: ("device", "stent", "pacemaker", "lead", "electrode", "clip", "prosthesis"),
    Site.NOISE: ("noise", "artifact", "artefact", "image noise"),
    Site.OTHER: ("other", "non coronary", "noncoronary"),
    Site.LYMPH_NODE: ("lymph node", "lymph nodes", "hilar node"),
}  # fmt: skip

# SNOMED CT: coronary codes of DICOM CID 3015 and 3016 (DICOM PS3.16), the rest from the SNOMED CT
# concepts that DICOM uses. Codes without a site of their own, such as 41801008 "coronary artery",
# are absent: then the label decides.
SNOMED_SITES: dict[str, Site] = {
    "3227004": Site.LM,  # left main coronary artery
    "59438005": Site.LAD,
    "68787002": Site.LAD,  # proximal
    "91748002": Site.LAD,  # mid
    "36672000": Site.LAD,  # distal
    "91750005": Site.LAD,  # 1st diagonal
    "91751009": Site.LAD,  # 2nd diagonal
    "91752002": Site.LAD,  # 3rd diagonal
    "57396003": Site.LCX,
    "52433000": Site.LCX,  # proximal
    "91753007": Site.LCX,  # mid
    "6511003": Site.LCX,  # distal
    "91754001": Site.LCX,  # 1st obtuse marginal
    "91755000": Site.LCX,  # 2nd obtuse marginal
    "91756004": Site.LCX,  # 3rd obtuse marginal
    "13647002": Site.RCA,
    "91083009": Site.RCA,  # proximal
    "450960006": Site.RCA,  # mid
    "41879009": Site.RCA,  # distal
    "443113009": Site.RCA,  # posterior descending
    "54247002": Site.ASCENDING_AORTA,
    "57034009": Site.ASCENDING_AORTA,  # arch
    "8128003": Site.ASCENDING_AORTA,  # root
    "281130003": Site.DESCENDING_AORTA,
    "32672002": Site.DESCENDING_AORTA,  # thoracic part
    "34202007": Site.AORTIC_VALVE,
    "77583004": Site.AORTIC_VALVE,  # ring
    "91134007": Site.MITRAL_ANNULUS,  # mitral valve
    "65197004": Site.MITRAL_ANNULUS,
    "76848001": Site.PERICARDIUM,
    "272673000": Site.BONE,
    "56873002": Site.BONE,  # sternum
    "113197003": Site.BONE,  # rib
    "65818007": Site.DEVICE,  # stent
}

# Codes of a whole of which several sites are parts. They mean what the same words mean as a name,
# and only where a label does not say it more exactly.
GENERAL_SNOMED_SITES: dict[str, Site] = {
    "50018008": Site.LM,  # left coronary artery
    "15825003": Site.ASCENDING_AORTA,  # aorta
    "113262008": Site.ASCENDING_AORTA,  # thoracic aorta
}

_FILLERS = frozenset(
    {"artery", "arteries", "calc", "calcium", "calcified", "calcification", "calcifications",
     "plaque", "plaques", "lesion", "lesions", "branch", "roi", "the", "of"}
)  # fmt: skip


def _normal(name: str) -> str:
    words = re.findall(r"[^\W_]+", name.casefold())
    return " ".join(w for w in words if w not in _FILLERS and not w.isdigit())


_SITE_OF_NAME = {
    _normal(name): site for site, names in SITE_NAMES.items() for name in (site.label, *names)
}


def accepted_names() -> str:
    """Name every site once, on one line: for messages."""
    return ", ".join(site.label.replace("_", " ") for site in SITE_NAMES)


def find_site(name: str) -> Site | None:
    """Return the site that a name means, or ``None`` if it means none."""
    return _SITE_OF_NAME.get(_normal(name))


def site_of_name(name: str, *, where: str) -> Site:
    """Return the site that a person's name for a region means.

    Parameters
    ----------
    name : str
        As the annotation has it, in any case and with any numbering.
    where : str
        Which region of the annotation, for the message.

    Raises
    ------
    AnnotationError
        If the name is in no entry of `SITE_NAMES`; the message lists the sites.
    """
    site = find_site(name)
    if site is None:
        msg = (
            f"{where} has the name {_quoted(name)}, which no site has; the sites are "
            f"{accepted_names()}, each under its usual names too"
        )
        raise AnnotationError(msg)
    return site


def _quoted(name: str) -> str:
    """One line, of bounded length, whatever the file holds."""
    return repr(name if len(name) <= 40 else name[:37] + "...")
