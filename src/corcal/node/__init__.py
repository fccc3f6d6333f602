"""The DICOM node: a scan that leaves the scanner comes back scored, with nobody typing.

It takes studies in, hands them to the store and its workers, and delivers what comes of them. It
adds no science of its own.
"""
