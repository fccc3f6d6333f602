"""What a worker does for the node: deliver, and fetch earlier scans."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from corcal.node.deliver import deliver_job
from corcal.node.priors import PRIORS, priors_job
from corcal.serve.doing import Doing
from corcal.store.outgoing import DELIVER

__all__ = ["node_doings"]


def node_doings(rules_path: Path) -> Mapping[str, Doing]:
    """Give what a worker does for each kind of the node's jobs.

    Parameters
    ----------
    rules_path : Path
        The rules file, which is read anew for each job.
    """
    return {
        DELIVER: partial(deliver_job, rules_path=rules_path),
        PRIORS: partial(priors_job, rules_path=rules_path),
    }
