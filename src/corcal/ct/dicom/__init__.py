"""DICOM headers and pixels: what the bytes of one file say, before any series is known."""
