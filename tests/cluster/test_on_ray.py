"""What a build on a cluster decides before a cluster is there: none of it needs Ray."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from embed.jobs import JOBS, jobs_on
from embed.on_ray import Share
from tests.conftest import MODEL, ROOT
from tests.support.raw_tree import write
from warehouse.cluster import assert_shared, connect, write_marker
from warehouse.errors import UsageError, WarehouseError
from warehouse.layout import Layout
from warehouse.settings_file import load


def share(nodes: list[Mapping[str, float]], *overrides: str) -> Share:
    return Share.of(load(ROOT, overrides), nodes)


def test_there_is_one_worker_per_gpu_or_per_few_cores() -> None:
    gpus = [{"CPU": 64, "GPU": 8}, {"CPU": 64, "GPU": 8}, {"CPU": 4}]
    assert share(gpus) == Share(16, 0, 1)
    assert share(gpus, "embedding.device=cuda:0,cuda:1") == Share(16, 0, 1)
    assert share(gpus, "embedding.device=cpu") == Share(16 + 16 + 1, 4, 0)
    assert share(gpus, "embedding.device=cpu", "threads=2") == Share(32 + 32 + 2, 2, 0)
    assert share([{"CPU": 2}, {"CPU": 3}, {"CPU": 0}]) == Share(2, 2, 0)


def test_a_worker_has_a_device_and_cores_of_its_own() -> None:
    def own(made: Share, *overrides: str) -> tuple[object, object]:
        settings = made.settings(load(ROOT, overrides))
        return settings["embedding.device"], settings["threads"]

    assert own(Share(2, 0, 1), "embedding.device=cuda:0,cuda:1", "threads=7") == ("cuda", 7)
    assert own(Share(2, 4, 0)) == ("cpu", 4)


def test_a_cluster_without_what_the_settings_ask_for_is_refused() -> None:
    with pytest.raises(UsageError, match="no node of the cluster has a GPU"):
        share([{"CPU": 8}], "embedding.device=cuda")
    with pytest.raises(WarehouseError, match='neither a "GPU" nor a "CPU"'):
        share([{"CPU": 0}])


def test_where_texts_are_embedded_does_not_change_what_a_job_is(tmp_path: Path) -> None:
    settings, layout = load(tmp_path, [f"embedding.model={MODEL}"]), Layout(tmp_path)
    here = [job.identify(settings, layout) for job in JOBS]
    assert [job.identify(settings, layout) for job in jobs_on("auto", among=3)] == here


def test_a_directory_that_is_not_shared_is_named(tmp_path: Path) -> None:
    work = tmp_path / "data" / ".build"
    work.mkdir(parents=True)
    marker = write_marker(work)
    assert_shared(marker)
    shutil.rmtree(marker)
    with pytest.raises(WarehouseError) as caught:
        assert_shared(marker)
    assert f'the data directory "{tmp_path / "data"}" of the driver is not here' in str(
        caught.value
    )
    assert "docs/cluster.md" in caught.value.hint


def test_without_ray_the_option_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    options = ("--set", f"embedding.model={MODEL}", "build", "--on", "ray", "--no-export")
    done = CliRunner().invoke(main, ["--data", str(write(tmp_path)), *options])
    assert done.exit_code == 2
    assert 'error: --on "ray": Ray is not installed' in done.stderr
    assert "[cluster]" in done.stderr
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_an_address_where_nothing_listens_is_refused_at_once() -> None:
    pytest.importorskip("ray", reason="Ray is not installed: make cluster-test")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(WarehouseError) as caught:
        connect(f"127.0.0.1:{port}")
    assert f'--on "127.0.0.1:{port}": no Ray cluster answers' in caught.value.message
    assert "ray start --head" in caught.value.hint
    with pytest.raises(UsageError, match="a Ray client sees no shared disk"):
        connect("ray://127.0.0.1:10001")


def test_the_page_shows_the_slurm_script_as_it_is() -> None:
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert (ROOT / "docs" / "slurm.sh").read_text(encoding="utf-8") in page
