"""What became of a delivery, as JSON for a program."""

import json

from corcal.interop.send.types import Delivery, DeliveryReport

__all__ = ["report_json"]


def report_json(report: DeliveryReport) -> str:
    """Write a report as JSON text, one entry an object; no file name and no patient is in it."""
    record = {
        "address": report.address,
        "complete": report.is_complete,
        "objects": [_entry(one) for one in report.deliveries],
    }
    return json.dumps(record, indent=2) + "\n"


def _entry(one: Delivery) -> dict[str, str | None]:
    return {
        "sop_class_uid": one.sop_class_uid,
        "sop_instance_uid": one.sop_instance_uid,
        "arrival": one.arrival.value,
        "reason": one.reason,
        "commitment": one.commitment.value if one.commitment else None,
        "commitment_reason": one.commitment_reason,
    }
