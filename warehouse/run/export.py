"""Files of the published warehouse, written without a build."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from warehouse.database import open_read_only
from warehouse.errors import WarehouseError
from warehouse.plan.project import Project
from warehouse.plan.state import published
from warehouse.run.lock import locked
from warehouse.run.publish import publish
from warehouse.sqltext import digest
from warehouse.write.gather import SampledVectors
from warehouse.write.targets import FORM_SETTINGS, MASTER, Exported, exportable, select_exports
from warehouse.write.writer import Writer


def export_published(
    project: Project, names: Sequence[str] = (), target: Path | None = None, wait: bool = False
) -> list[Exported]:
    """Write the published warehouse's masters and JSON side files, all or the named ones.

    `target` gets them instead of DIR/master (masters) and DIR (side files).
    """
    layout, every, settings = project.layout, project.models, project.settings
    select_exports(every, names)  # an unknown name is refused before anything is opened
    state = project.read_state()
    with open_read_only(layout.warehouse, unsafe=True) as connection, locked(layout, wait):
        # The figures are those of the build's settings; the form of the files is of the present ones.
        built = published(connection).settings(project.data)
        form = {name: settings[name] for name in FORM_SETTINGS}
        settings = replace(built, values={**built.values, **form})
        wanted = select_exports(every, names, settings)
        # Under the lock nobody else writes here, so what lies there is of an export that was killed.
        work = (target or layout.work) / f".export-{digest(layout.data.resolve())[:8]}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        sampled = SampledVectors(work)
        try:
            for name in wanted:
                if name not in state.nodes:
                    raise WarehouseError(f'"{name}" was not built yet', "python cli.py build")
            with Writer(connection, work / "export", state.build_id, settings, sampled) as writer:
                results = {name: node.result for name, node in state.nodes.items()}
                writer.start([every[name] for name in wanted], results)
                writer.collect(everything=True)
            written = writer.files
            if target:
                return [_put(one, target) for one in written]
            models = list(exportable(every).values())
            publish(layout, state.build_id, written, writer.keys, models)
            return [replace(one, path=layout.data / one.place) for one in written]
        finally:
            if target or not layout.journal.exists():
                shutil.rmtree(work, ignore_errors=True)


def _put(export: Exported, directory: Path) -> Exported:
    """Move a file, and those beside it, below another directory; parquet files to its top."""
    place = export.place.removeprefix(f"{MASTER}/")
    for source, name in zip((export.path, *export.beside), export.places(), strict=True):
        path = directory / name.removeprefix(f"{MASTER}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        source.replace(path)
    return replace(export, path=directory / place)
