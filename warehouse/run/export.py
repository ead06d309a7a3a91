"""Files of the published warehouse, written without a build."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from warehouse.database import open_read_only
from warehouse.errors import WarehouseError
from warehouse.models.library import load_all
from warehouse.plan.state import published, read_state
from warehouse.project import Layout
from warehouse.run.lock import locked
from warehouse.settings import Settings
from warehouse.write.gather import SampledVectors
from warehouse.write.publish import publish
from warehouse.write.targets import Exported, select_exports
from warehouse.write.writer import Writer


def export_published(
    settings: Settings, names: Sequence[str] = (), target: Path | None = None
) -> list[Exported]:
    """Write the published warehouse's masters and JSON side files, all or the named ones.

    `target` gets them instead of DIR/master (masters) and DIR (side files).
    """
    layout = Layout(settings.data)
    every = load_all()
    select_exports(every, names)  # an unknown name is refused before anything is opened
    target = target or layout.master
    state = read_state(layout.warehouse)
    with open_read_only(layout.warehouse, unsafe=True) as connection, locked(layout, False):
        # The figures are those of the build's settings, whatever the settings are now.
        settings = published(connection).settings(settings.data)
        wanted = select_exports(every, names, bool(settings["export.backend"]))
        work = target / f".export-{secrets.token_hex(3)}"
        work.mkdir(parents=True)
        sampled = SampledVectors(work)
        try:
            for name in wanted:
                if name not in state.nodes:
                    raise WarehouseError(f'"{name}" was not built yet', "python cli.py build")
            with Writer(connection, work / "export", state.build_id, settings, sampled) as writer:
                results = {name: state.nodes[name].result for name in wanted}
                writer.start([every[name] for name in wanted], results)
                writer.collect(everything=True)
            home = layout.data if target == layout.master else target
            return publish([*writer.masters, *writer.json_files], target, home)
        finally:
            shutil.rmtree(work, ignore_errors=True)
