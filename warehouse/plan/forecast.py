"""How many texts a build would embed and how long that takes, told before its first node runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from warehouse.database import open_read_only
from warehouse.plan.graph import Forecast, Foresight
from warehouse.plan.plan import SKIP, Prepared
from warehouse.text import duration


def foresee(prepared: Prepared) -> list[Forecast]:
    """What the jobs that may run would embed. Changes nothing."""
    project, state = prepared.project, prepared.state
    actions = {step.node: step.action for step in prepared.plan.steps}
    jobs = [s.node for s in prepared.plan.steps if s.kind == "job" and s.action != SKIP]
    stands = {name for name in jobs if all(actions.get(p) == SKIP and p in state.nodes for p in project.jobs[name].reads)}  # fmt: skip
    values = {k: v for node in state.nodes.values() for k, v in node.settings.items()}
    rows = {name: node.rows for name, node in state.nodes.items()}
    known = Foresight(
        project.settings,
        project.layout,
        prepared.plan.files,
        list(state.files.values()),
        values,
        rows,
    )

    def ask(names: Sequence[str], known: Foresight) -> list[Forecast]:
        return [one for name in names for one in project.jobs[name].foresee(known)]

    found = ask([name for name in jobs if name not in stands], known)
    if stands:
        with closing(open_read_only(project.layout.warehouse, unsafe=True)) as connection:
            known = replace(known, connection=connection)
            found += ask([name for name in jobs if name in stands], known)
    return found


def describe(forecasts: Sequence[Forecast]) -> list[str]:
    """A line per embedding model that has something to embed."""
    lines = []
    for model in dict.fromkeys(one.model for one in forecasts):
        mine = [one for one in forecasts if one.model == model and one.texts != 0]
        if mine:
            lines.append(f"to embed with {model}: {_count(mine)}; {_time(mine)}")
    return lines


def _count(forecasts: Sequence[Forecast]) -> str:
    known = [one for one in forecasts if one.texts is not None]
    parts = [f"{one.job.partition('.')[2]} {one.texts:,}" for one in known]
    unknown = [one.job.partition(".")[2] for one in forecasts if one.texts is None]
    text = f"{sum(one.texts or 0 for one in known):,} texts ({', '.join(parts)})"
    if not all(one.exact for one in known):
        text = f"up to about {text}"
    if not unknown:
        return text
    names = ", ".join(unknown)
    told = f"how many of {names} is known when the raw files are read"
    return f"{text}; {told}" if known else told


def _time(forecasts: Sequence[Forecast]) -> str:
    seconds = [one.seconds for one in forecasts]
    if any(s is None for s in seconds):
        return "the time is known after the first chunk"
    return f"about {duration(sum(s or 0 for s in seconds))}"
