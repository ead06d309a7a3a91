"""A directory that a model hub shows as a dataset: a card, and one configuration per master."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from warehouse.database import open_read_only, run
from warehouse.errors import UsageError, WarehouseError
from warehouse.files import sync, sync_directory
from warehouse.pages import page
from warehouse.plan.project import Project
from warehouse.run.export import export_published
from warehouse.settings import RUNTIME_ONLY
from warehouse.sqltext import identifier
from warehouse.text import visible
from warehouse.write.parquet import encoding
from warehouse.write.targets import Exported, find_sae, master_names, sidecar

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

CARD = "README.md"
_FORMER = "former"  # in the directory beside: the dataset that is being replaced
_MARK = "<!-- This dataset was written by sae-warehouse. -->"
_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))  # fmt: skip


@dataclass(frozen=True)
class Configuration:
    """One master as the hub shows it: a configuration of the dataset, and its file."""

    name: str
    rows: int
    bytes: int
    description: str


def export_hub(
    project: Project, directory: Path, licence: str, wait: bool = False
) -> list[Configuration]:
    """Write every master of the published warehouse, and a card, into `directory`.

    The files are `data/NAME.parquet` with a page index, the row groups as they are exported, and
    `metadata/NAME.json`. The directory appears whole or not at all; a former export there is
    replaced: an export that is killed between the two renames of that leaves it beside, and the
    next one puts it back first. UsageError for a directory that holds something else, and for a strange licence.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,63}", licence):
        raise UsageError(f'"{licence}" is no licence identifier', "e.g. --license cc-by-4.0")
    directory = directory.resolve()
    work = directory.with_name(f".{directory.name}.hub")
    _clear(work, directory)
    _assert_ours(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = export_published(project, master_names(project.models), work / "from", wait)
        new = work / "new"
        configurations = [_put(project, one, new) for one in written]
        configurations.sort(key=lambda one: one.name != "features")  # what is read first
        facts = _facts(project)
        size = next((name for most, name in _SIZES if facts["features"] < most), "10M<n<100M")
        card = page(
            "dataset_card.md",
            configurations=configurations,
            licence=licence,
            mark=_MARK,
            facts=facts,
            size=size,
            quoted=json.dumps,
        )
        (new / CARD).write_text(card, encoding="utf-8")
        sync(new / CARD)
        if directory.exists():
            directory.rename(work / _FORMER)
        new.rename(directory)
        sync_directory(directory.parent)
    except OSError as error:
        raise WarehouseError(
            f'"{directory}" could not be written: {error}', "check disk space and permissions"
        ) from None
    finally:
        _clear(work, directory)
    return configurations


def _clear(work: Path, directory: Path) -> None:
    """Remove what an export worked in; a former dataset that nothing replaced goes back to its place."""
    former = work / _FORMER
    if former.exists() and not directory.exists():
        former.rename(directory)
        sync_directory(directory.parent)
    shutil.rmtree(work, ignore_errors=True)


def _assert_ours(directory: Path) -> None:
    """UsageError when the directory holds what no export wrote: it would be replaced."""
    if not directory.exists():
        return
    card = directory / CARD
    if directory.is_dir() and not any(directory.iterdir()):
        return
    if not card.is_file() or _MARK not in card.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(
            f'"{directory}" holds something else than an export for a hub',
            "name a new directory, e.g. --hub hub",
        )


def _put(project: Project, one: Exported, new: Path) -> Configuration:
    """Write one exported file again, with a page index and without what is private."""
    import pyarrow.parquet as pq

    path = new / "data" / f"{one.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetFile(one.path) as source:
        schema = _shareable(source)
        # Chunks that are cut by content: a hub stores what two versions share once.
        options = {"write_page_index": True, "use_content_defined_chunking": True}
        with pq.ParquetWriter(path, schema, **encoding(schema, split=False), **options) as writer:
            for group in range(source.num_row_groups):
                writer.write_table(source.read_row_group(group).cast(schema))
    if (found := pq.read_metadata(path).num_rows) != one.rows:
        raise WarehouseError(f'"{path.name}" holds {found} rows of {one.rows}')
    sync(path)
    description = json.loads(sidecar(one.path).read_text(encoding="utf-8"))
    description["settings"] = _public(description["settings"])
    beside = new / "metadata" / f"{one.name}.json"
    beside.parent.mkdir(exist_ok=True)
    beside.write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8")
    sync(beside)
    said = project.models[one.model].description
    return Configuration(one.name, one.rows, path.stat().st_size, said)


def _shareable(source: pq.ParquetFile) -> pa.Schema:
    """The schema of a file with what its footer says, of which the settings lose what is private."""
    said = {k: v for k, v in (source.metadata.metadata or {}).items() if k != b"ARROW:schema"}
    if b"settings" in said:
        said[b"settings"] = json.dumps(_public(json.loads(said[b"settings"]))).encode()
    return source.schema_arrow.with_metadata(said)


def _public(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings that say what was computed; of a path on this machine only its last part."""
    return {k: _without_place(v) for k, v in settings.items() if k not in RUNTIME_ONLY}


def _without_place(value: object) -> object:
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    if isinstance(value, list):
        return [_without_place(one) for one in value]
    return value


def _facts(project: Project) -> dict[str, object]:
    """What the card says of the build, every text on one line and without a code's end."""
    with open_read_only(project.layout.warehouse) as connection:

        def names(table: str, column: str) -> list[str]:
            found = run(
                connection,
                f"SELECT DISTINCT {identifier(column)} FROM {identifier(table)} ORDER BY 1",
            )
            return [_harmless(_without_place(name)) for (name,) in found]

        [(features,)] = run(connection, "SELECT count(*) FROM staging.features")
        return {
            "sae_id": _harmless(find_sae(connection) or "unknown"),
            "build_id": project.read_state().build_id,
            "features": features,
            "explainers": names("staging.explainers", "explainer"),
            "scorers": names("staging.scorers", "scorer"),
            "models": names("staging.embedding_models", "model"),
        }


def _harmless(text: str) -> str:
    return visible(text).replace("`", "'").replace("<", "‹").replace("|", "¦")


def describe(configurations: Sequence[Configuration]) -> str:
    """One line for people."""
    size = sum(one.bytes for one in configurations) / 1e6
    return f"{len(configurations)} configurations, {size:,.1f} MB"
