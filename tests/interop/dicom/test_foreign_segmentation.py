"""Segmentations by other programs: 3D Slicer's way of writing them, scored from the command line.

The layout is that of dcmqi, by which 3D Slicer exports: one frame a slice of a segment, nothing but
the name that a person typed to tell an artery, every segment of the type "Tissue".
"""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from corcal.cli.score import command
from corcal.interop.dicom.segmentation import write_segmentation
from corcal.lesions.sites import Site
from dicom_maker import AXIAL, PRONE
from interop.dicom.dicom_exams import CORONARY, counted_labels, read_exam

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
TYPED = {
    "left main": Site.LM,
    "LAD calc 1": Site.LAD,
    "Left Circumflex Artery": Site.LCX,
    "RCA_plaque": Site.RCA,
}


def item(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def code(value, meaning):
    return [item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)]


def described(number, name, **more):
    """A segment as 3D Slicer describes it without a chosen terminology."""
    return item(
        SegmentNumber=number,
        SegmentLabel=name,
        SegmentAlgorithmType="SEMIAUTOMATIC",
        SegmentAlgorithmName="SlicerEditor",
        SegmentedPropertyCategoryCodeSequence=code("85756007", "Tissue"),
        SegmentedPropertyTypeCodeSequence=code("85756007", "Tissue"),
        RecommendedDisplayCIELabValue=[37000, 42000, 40000],
        **more,
    )


def header(image, sop_class):
    """Everything that does not depend on the frames, of the study of a CT image."""
    seg = item(
        SOPClassUID=sop_class,
        SOPInstanceUID=generate_uid(),
        Modality="SEG",
        SeriesInstanceUID=generate_uid(),
        SeriesNumber=300,
        InstanceNumber=1,
        Manufacturer="QIICR",
        ManufacturerModelName="https://github.com/QIICR/dcmqi.git",
        ImageType=["DERIVED", "PRIMARY"],
        ContentLabel="SEGMENTATION",
        ContentCreatorName="Reader1",
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        PixelRepresentation=0,
        LossyImageCompression="00",
        Rows=image.Rows,
        Columns=image.Columns,
    )
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"):
        setattr(seg, keyword, image[keyword].value)
    seg.ReferencedSeriesSequence = [item(SeriesInstanceUID=image.SeriesInstanceUID)]
    seg.file_meta = FileMetaDataset()
    seg.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    seg.SharedFunctionalGroupsSequence = [
        item(
            PlaneOrientationSequence=[item(ImageOrientationPatient=image.ImageOrientationPatient)],
            PixelMeasuresSequence=[
                item(
                    SliceThickness=image.SliceThickness,
                    SpacingBetweenSlices=image.SliceThickness,
                    PixelSpacing=image.PixelSpacing,
                )
            ],
        )
    ]
    return seg


def dense(image, site, exam):
    """Mask of a site in a stored image: what counts there, by the position of its slice."""
    z = [one.sop_instance_uid for one in exam.scan.slices].index(image.SOPInstanceUID)
    n_y, n_x = exam.scan.shape[1:]
    stored = exam.scan.slices[z].stored
    mask = np.zeros((image.Rows, image.Columns), dtype=np.uint8)
    places = np.argwhere(counted_labels(exam)[z] == site)
    if len(places):
        mask[tuple(stored.to_stored(places, (n_y, n_x)).astype(int).T)] = 1
    return mask


def slicer_seg(path, exam, images, segments, *, kind="BINARY"):
    """Write segments (name to site) as 3D Slicer does; frames from the head to the feet."""
    masks = {
        name: [dense(image, site, exam) for image in images] for name, site in segments.items()
    }
    is_label_map = kind == "LABELMAP"
    seg = header(images[0], LABEL_MAP if is_label_map else SEGMENTATION)
    seg.SegmentationType = kind
    seg.SegmentSequence = [described(n, name) for n, name in enumerate(segments, 1)]
    frames, groups = [], []
    for k in reversed(range(len(images))):
        planes = [(n, masks[name][k]) for n, name in enumerate(segments, 1)]
        if is_label_map:
            planes = [(None, sum(n * plane for n, plane in planes))]
        for number, plane in planes:
            if not plane.any():
                continue
            frames.append(plane)
            groups.append(
                item(
                    PlanePositionSequence=[
                        item(ImagePositionPatient=images[k].ImagePositionPatient)
                    ]
                )
            )
            if number is not None:
                groups[-1].SegmentIdentificationSequence = [item(ReferencedSegmentNumber=number)]
    seg.NumberOfFrames, seg.PerFrameFunctionalGroupsSequence = len(frames), groups
    pixels = np.stack(frames).astype(np.uint8)
    seg.BitsAllocated = seg.BitsStored = 1 if kind == "BINARY" else 8
    seg.HighBit = seg.BitsStored - 1
    if kind == "FRACTIONAL":
        seg.SegmentationFractionalType, seg.MaximumFractionalValue = "PROBABILITY", 255
        pixels *= 255
    seg.PixelData = pack_bits(pixels.ravel()) if kind == "BINARY" else pixels.tobytes()
    seg["PixelData"].VR = "OB"
    seg.save_as(path, enforce_file_format=True)
    return path


def scored(folder, seg, *options):
    """``corcal score FOLDER --annotations SEG --json -``."""
    arguments = ["--annotations", str(seg), "--force", "--json", "-", *options]
    done = CliRunner().invoke(command, [str(folder), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def images_of(folder):
    return sorted(map(dcmread, folder.iterdir()), key=lambda one: one.ImagePositionPatient[2])


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("orientation", [AXIAL, PRONE], ids=["supine", "prone"])
def test_segments_with_names_alone_give_the_score_to_the_digit(tmp_path, kind, orientation):
    exam = read_exam(tmp_path / "ct", orientation=orientation)
    seg = slicer_seg(tmp_path / "seg.dcm", exam, images_of(tmp_path / "ct"), TYPED, kind=kind)
    said = scored(tmp_path / "ct", seg)
    ours = exam.result.score
    assert said["score"]["total"]["agatston"] == ours.total.agatston > 0
    assert said["score"]["total"]["mass_mg"] == ours.total.mass_mg
    for vessel, score in ours.vessels.items():
        assert said["score"]["vessels"][vessel]["agatston"] == score.agatston > 0
    assert said["provenance"]["annotation"]["format"] == "dicom_seg"
    assert said["provenance"]["method"] == "annotation"


@pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "label map"])
def test_a_segmentation_of_corcal_without_its_codes_is_as_foreign_as_any(tmp_path, labelmap):
    exam = read_exam(tmp_path / "ct")
    seg = dcmread(write_segmentation(exam, tmp_path / "own.dcm", labelmap=labelmap))
    names = {site.label: name for name, site in TYPED.items()}
    for segment in seg.SegmentSequence:
        if segment.SegmentNumber == 0:
            continue  # the background of a label map
        bare = described(segment.SegmentNumber, names[segment.SegmentLabel])
        segment.clear()
        segment.update(bare)
    seg.Manufacturer = "somebody"
    seg.save_as(tmp_path / "foreign.dcm")
    said = scored(tmp_path / "ct", tmp_path / "foreign.dcm")
    assert said["score"]["total"]["agatston"] == exam.result.score.total.agatston


def test_several_segments_of_an_artery_are_one_artery(tmp_path):
    pieces = {Site.LAD: [(1, 2, 2), (4, 20, 20)]}
    exam = read_exam(tmp_path / "ct", pieces)
    images = images_of(tmp_path / "ct")
    seg = dcmread(slicer_seg(tmp_path / "a.dcm", exam, images, {"LAD 1": Site.LAD}))
    # The frames of the upper piece become those of a second segment.
    seg.SegmentSequence.append(described(2, "LAD 2"))
    for group in seg.PerFrameFunctionalGroupsSequence:
        if float(group.PlanePositionSequence[0].ImagePositionPatient[2]) > -60:
            group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 2
    seg.save_as(tmp_path / "b.dcm")
    said = scored(tmp_path / "ct", tmp_path / "b.dcm")
    assert said["score"]["vessels"]["LAD"]["agatston"] == exam.result.score.total.agatston
    assert said["provenance"]["annotation"]["region_count"] == 2


def test_a_segment_that_was_never_named_is_refused_with_the_names_that_would_do(tmp_path):
    exam = read_exam(tmp_path / "ct")
    segments = {"Segment_1": Site.LAD}
    seg = slicer_seg(tmp_path / "seg.dcm", exam, images_of(tmp_path / "ct"), segments)
    arguments = [str(tmp_path / "ct"), "--annotations", str(seg), "--force"]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code != 0
    said = str(done.exception)
    assert "segment 1 has the name 'Segment_1', which no site has; the sites are LM, LAD" in said


def test_pixels_beyond_the_calcium_do_not_matter(tmp_path):
    """A person paints round the lesion: what is too faint does not count."""
    exam = read_exam(tmp_path / "ct", CORONARY)
    images = images_of(tmp_path / "ct")
    seg = dcmread(slicer_seg(tmp_path / "a.dcm", exam, images, TYPED, kind="LABELMAP"))
    pixels = seg.pixel_array.copy()
    for shift in ((0, 1), (1, 0)):
        moved = np.roll(pixels, shift, axis=(1, 2))
        pixels = np.where(pixels == 0, moved, pixels)
    seg.PixelData = pixels.astype(np.uint8).tobytes()
    seg.save_as(tmp_path / "b.dcm")
    said = scored(tmp_path / "ct", tmp_path / "b.dcm")
    assert said["score"]["total"]["agatston"] == exam.result.score.total.agatston
