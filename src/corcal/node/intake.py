"""What comes in: the application entity, the spool, and what takes studies into the store."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corcal.node.ae import Answered, NodeAE
from corcal.node.completion import Completion
from corcal.node.object_header import known_objects
from corcal.node.orders import OrderDesk
from corcal.node.refusals import Refusals
from corcal.node.rules import NodeRules
from corcal.node.spool import Spool
from corcal.store.store import Store

__all__ = ["Figures", "Intake"]

_MB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the node is doing; counts are since its start.

    Attributes
    ----------
    is_listening : bool
        Whether associations are taken.
    associations_open, associations_total : int
        Which are established now, and were.
    objects_received, objects_duplicate, objects_refused, objects_cut_off : int
        Kept; there already; refused with a status; ended by the end of their association.
    bytes_received : int
        Of objects that were kept or there already.
    connections_refused, associations_refused, messages_refused : int
        Before there was an object.
    studies_waiting, images_waiting, bytes_waiting : int
        In the spool.
    studies_in_hand : int
        Complete, and on their way into the store.
    studies_taken, studies_refused : int
        In the store; not wanted, or not usable.
    disk_free_mb : int
        Of the data folder.
    """

    is_listening: bool
    associations_open: int
    associations_total: int
    objects_received: int
    objects_duplicate: int
    objects_refused: int
    objects_cut_off: int
    bytes_received: int
    connections_refused: int
    associations_refused: int
    messages_refused: int
    studies_waiting: int
    images_waiting: int
    bytes_waiting: int
    studies_in_hand: int
    studies_taken: int
    studies_refused: int
    disk_free_mb: int


class Intake:
    """Receives studies and takes them into the store.

    Parameters
    ----------
    store : Store
        Where to.
    rules : NodeRules
        Of the node.
    folder : Path
        Of the node, inside the data folder.
    wanted : callable, optional
        As of `Completion`.
    answered : callable, optional
        As of `NodeAE`.
    """

    def __init__(
        self,
        store: Store,
        rules: NodeRules,
        folder: Path,
        *,
        wanted: Callable[[str], None] | None = None,
        answered: Answered | None = None,
    ) -> None:
        self._rules, self._folder = rules, folder
        folder.mkdir(exist_ok=True, mode=0o700)
        self.refusals = Refusals(folder)
        self.spool = Spool(
            folder,
            known=lambda uid: known_objects(store.files_of_study(uid)),
            study_images=rules.limits.study_images,
        )
        self.ae = NodeAE(rules, spool=self.spool, refusals=self.refusals, answered=answered)
        has_worklist = rules.worklist is not None
        self.orders = OrderDesk(store, rules, self.refusals) if has_worklist else None
        self.completion = Completion(
            store,
            spool=self.spool,
            rules=rules,
            refusals=self.refusals,
            wanted=wanted,
            orders=self.orders,
        )

    def start(self) -> None:
        """Listen.

        Raises
        ------
        InputError
            If nothing can listen at this address.
        """
        self.ae.start()
        if self.orders is not None:
            self.orders.start()

    def stop(self) -> None:
        """Take nothing more."""
        self.ae.stop()
        if self.orders is not None:
            self.orders.stop()
        self.refusals.tick(everything=True)

    def tick(self) -> None:
        """Do what is due: called once or twice a second, by one thread."""
        self.ae.tidy()
        self.completion.tick()
        self.refusals.tick()

    def complete(self, study_instance_uid: str) -> bool:
        """Note that a study is complete, as somebody says; whether anything of it has come."""
        return self.spool.announce(study_instance_uid)

    def ready(self) -> str | None:
        """Say why nothing can be taken now; None if it can."""
        if not self.ae.is_listening:
            return "the node does not listen"
        free_mb = shutil.disk_usage(self._folder).free // _MB
        if free_mb < self._rules.limits.disk_free_mb:
            return f"{free_mb} MB of the disk are free, {self._rules.limits.disk_free_mb} needed"
        return None

    def figures(self) -> Figures:
        """Tell how the node is doing."""
        counts, waiting = self.ae.counts, self.spool.summaries()
        return Figures(
            is_listening=self.ae.is_listening,
            associations_open=self.ae.open_associations,
            associations_total=counts["associations"],
            objects_received=counts["received"],
            objects_duplicate=counts["duplicates"],
            objects_refused=counts["refused_object"],
            objects_cut_off=counts["cut_off"],
            bytes_received=counts["bytes"],
            connections_refused=counts["refused_connection"],
            associations_refused=counts["refused_association"],
            messages_refused=counts["refused_message"],
            studies_waiting=len(waiting),
            images_waiting=sum(one.images for one in waiting),
            bytes_waiting=sum(one.bytes for one in waiting),
            studies_in_hand=self.completion.in_hand,
            studies_taken=self.completion.counts["studies"],
            studies_refused=self.completion.counts["studies_refused"],
            disk_free_mb=shutil.disk_usage(self._folder).free // _MB,
        )
