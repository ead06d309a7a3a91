"""What is left of a build: nodes and files, and the seconds that they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from warehouse.plan import plan
from warehouse.plan.graph import Forecast, Progress
from warehouse.plan.plan import Prepared
from warehouse.run.events import Event, Whole
from warehouse.write.targets import exportable


@dataclass
class Remaining:
    """`seconds`: what is not done, node or `export NAME` → about how long; None: not known.

    A file that may turn out to be current is counted, as is a node that may.
    """

    on_event: Callable[[Event], None]
    total: int
    seconds: dict[str, float | None]

    @classmethod
    def of(
        cls,
        prepared: Prepared,
        forecasts: Sequence[Forecast],
        stale: Sequence[str] | None,
        on_event: Callable[[Event], None],
    ) -> Remaining:
        """Nodes take what they took in the published build, embedding what is foreseen.

        `stale`: short names of files that are stale for certain; None: nothing is exported.
        """
        nodes = prepared.state.nodes
        todo = [step.node for step in prepared.plan.steps if step.action != plan.SKIP]
        seconds = {name: nodes[name].seconds if name in nodes else None for name in todo}
        for job in {one.job for one in forecasts}:
            foreseen = [one.seconds for one in forecasts if one.job == job and one.texts != 0]
            known = [s for s in foreseen if s is not None]
            seconds[job] = sum(known) if len(known) == len(foreseen) else None
        if stale is not None:
            for short, name in exportable(prepared.project.models).items():
                if name in seconds or short in stale:
                    seconds[f"export {name}"] = 0.0
        return cls(on_event, len(seconds), seconds)

    def finish(self, name: str) -> None:
        self.seconds.pop(name, None)

    def progress(self, told: Progress) -> None:
        """Tell how far a job is, which knows how long it will take."""
        if told.left is not None and told.job in self.seconds:
            self.seconds[told.job] = told.left
        self.tell(Event("progress", told.job, told.unit, None, told.seconds, told.done, told.total, told.left))  # fmt: skip

    def tell(self, event: Event) -> None:
        """Hand on an event with how far the whole build is."""
        known = [s for s in self.seconds.values() if s is not None]
        left = sum(known) if any(known) else None
        whole = Whole(self.total - len(self.seconds), self.total, left, len(known) == len(self.seconds))  # fmt: skip
        self.on_event(replace(event, whole=whole))
