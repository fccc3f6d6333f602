"""The report for the clinician who referred the patient: one to two pages.

`clinician_document` puts it together from one module a part, in the order in which it is read:

- `who`: title, patient and exam;
- `impression`: the score and what it says, in a few lines; whether somebody has checked it;
- `suitability`: whether the scan was fit to be scored, and the cautions;
- `scores`: the arteries, and the classes of the score;
- `meaning`: compared with whom, and risk;
- `guidance`: what guidelines say;
- `images`: the key images and the projection;
- `elsewhere`: calcium and metal outside the arteries;
- `change`: what changed since earlier exams;
- `origin`: how the score was made, and the sources.

Nothing is computed here: every number is one of the `corcal.result.Result`, written by the helpers
that the other outputs use.
"""

from corcal.report.clinician.compose import clinician_document

__all__ = ["clinician_document"]
