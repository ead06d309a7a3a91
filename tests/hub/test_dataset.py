"""A dataset directory for a model hub: what its card says, what its files hold, what it leaves out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml

from tests.readers.readers import BY_ID
from tests.support.builds import open_project
from warehouse.errors import UsageError, WarehouseError
from warehouse.hub.dataset import export_hub
from warehouse.models.library import load_all
from warehouse.write.targets import master_names

DATASETS = BY_ID["datasets-5.2.0"]


@pytest.fixture(scope="module", name="sample")
def own_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: an export holds the lock of its directory."""
    return Path(shutil.copytree(sample, tmp_path_factory.mktemp("hub") / "data"))


@pytest.fixture(scope="module")
def hub(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("hub") / "dataset"
    export_hub(open_project(sample), directory, "cc-by-4.0")
    return directory


def front(hub: Path) -> dict:
    return yaml.safe_load((hub / "README.md").read_text("utf-8").split("---\n")[1])


def test_the_card_has_one_configuration_per_master_and_says_where_they_come_from(hub: Path) -> None:
    card = front(hub)
    assert sorted(c["config_name"] for c in card["configs"]) == sorted(master_names(load_all()))
    assert [c["config_name"] for c in card["configs"] if c.get("default")] == ["features"]
    assert all((hub / c["data_files"]).is_file() for c in card["configs"])
    assert (card["license"], card["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    footer = pq.read_metadata(hub / "data/features.parquet").metadata
    said = card["provenance"]
    assert (said["sae_id"], said["build_id"]) == (
        footer[b"sae_id"].decode(),
        footer[b"build_id"].decode(),
    )
    assert len(said["explainers"]) == 3


def test_each_file_holds_what_its_master_holds_with_a_page_index(hub: Path, sample: Path) -> None:
    for name in master_names(load_all()):
        path = hub / "data" / f"{name}.parquet"
        assert pl.read_parquet(path).equals(pl.read_parquet(sample / "master" / path.name)), name
        footer = pq.read_metadata(path)
        assert footer.row_group(0).column(0).has_column_index
        assert (
            footer.num_row_groups >= pq.read_metadata(sample / "master" / path.name).num_row_groups
        )
        assert json.loads((hub / "metadata" / f"{name}.json").read_text("utf-8"))["schema"]


def test_no_path_of_this_machine_goes_with_it(sample: Path, tmp_path: Path) -> None:
    project = open_project(sample, ["temp_directory=/private/spill"])
    export_hub(project, tmp_path / "hub", "unknown")
    for path in (p for p in (tmp_path / "hub").rglob("*") if p.is_file()):
        assert str(sample).encode() not in path.read_bytes(), path
        assert b"temp_directory" not in path.read_bytes(), path


def test_a_former_export_is_replaced_and_anything_else_is_left(
    sample: Path, tmp_path: Path
) -> None:
    directory, project = tmp_path / "mine", open_project(sample)
    directory.mkdir()
    (directory / "README.md").write_text("my notes")
    with pytest.raises(UsageError, match="holds something else"):
        export_hub(project, directory, "unknown")
    assert [p.name for p in directory.iterdir()] == ["README.md"]
    (directory / "README.md").unlink()
    export_hub(project, directory, "unknown")
    (directory / "data" / "former.parquet").touch()
    export_hub(project, directory, "mit")
    assert front(directory)["license"] == "mit"
    assert not (directory / "data" / "former.parquet").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(UsageError, match="no licence identifier"):
        export_hub(project, tmp_path / "other", "mit\nconfigs: []")


KILLED = """
import os, sys
from pathlib import Path
from tests.support.builds import open_project
from warehouse.hub.dataset import export_hub

data, directory, number, rename = *sys.argv[1:3], int(sys.argv[3]), Path.rename
renames = []

def dying(path, target):
    if len(renames) == number:
        os._exit(9)
    renames.append(rename(path, target))
    if len(renames) == number == 2:
        os._exit(9)

Path.rename = dying
export_hub(open_project(Path(data)), Path(directory), "new")
"""


@pytest.mark.parametrize(("number", "there"), [(0, "former"), (1, ""), (2, "new")])
def test_an_export_killed_at_a_rename_loses_neither_dataset(
    sample: Path, tmp_path: Path, number: int, there: str
) -> None:
    directory = tmp_path / "hub"
    (directory / "data").mkdir(parents=True)
    mark = "<!-- This dataset was written by sae-warehouse. -->"
    (directory / "README.md").write_text(f"---\nlicense: former\n---\n{mark}")
    command = [sys.executable, "-c", KILLED, str(sample), str(directory), str(number)]
    assert subprocess.run(command, check=False).returncode == 9
    assert (front(directory)["license"] if directory.exists() else "") == there
    # The next one puts it back before anything else, even where it then fails.
    with pytest.raises(WarehouseError):
        export_hub(open_project(tmp_path / "none"), directory, "next")
    assert front(directory)["license"] == (there or "former")
    assert [p.name for p in tmp_path.iterdir()] == ["hub"]


@pytest.mark.skipif(not DATASETS.installed, reason="type: make readers")
def test_the_librarys_own_loader_reads_every_configuration(hub: Path, sample: Path) -> None:
    code = """
import sys, json, datasets
print(json.dumps({n: datasets.load_dataset(sys.argv[1], n, split="train").num_rows
    for n in datasets.get_dataset_config_names(sys.argv[1])}))"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(hub)],
        env={**os.environ, "PYTHONPATH": str(DATASETS.environment), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(done.stdout.splitlines()[-1])
    assert rows == {
        name: pq.read_metadata(sample / "master" / f"{name}.parquet").num_rows for name in rows
    }
    assert len(rows) == len(master_names(load_all()))
