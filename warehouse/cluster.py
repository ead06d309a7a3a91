"""A Ray cluster: how this process connects to it, and what its nodes must share. Imports Ray late."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from pathlib import Path
from types import ModuleType

from warehouse.errors import UsageError, WarehouseError, first_line

LOCAL = "local"  # no cluster
START = "ray"  # the cluster that RAY_ADDRESS names or that runs on this machine, else a new one
_PATIENCE = 20.0  # seconds that a node may take to accept a connection
HINT = "docs/cluster.md says what every node must share"


def connect(on: str) -> ModuleType:
    """Ray, connected to the cluster that `on` names: `ray`, `auto` or an address.

    UsageError without Ray; WarehouseError when no cluster answers.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when Ray is imported; nobody is told of us
    try:
        import ray
    except ImportError:
        raise UsageError(
            f'--on "{on}": Ray is not installed', "pip install -e '.[cluster]'"
        ) from None
    if "://" in on:
        raise UsageError(
            f'--on "{on}": a Ray client sees no shared disk',
            "run the command on a node of the cluster, with --on auto or --on HOST:PORT",
        )
    if not ray.is_initialized():  # it is in a task of the cluster
        _assert_listening(on)
        try:
            ray.init(
                address=None if on == START else on,
                include_dashboard=None if on != START else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except Exception as error:  # noqa: BLE001 - a node that does not start raises no narrower type
            raise _no_cluster(on, error) from None
    return ray


def _assert_listening(on: str) -> None:
    """WarehouseError when nothing listens at an address: Ray alone would try for minutes."""
    host, _, port = on.rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), _PATIENCE).close()
        except (OSError, OverflowError) as error:
            raise _no_cluster(on, error) from None


def _no_cluster(on: str, error: Exception) -> WarehouseError:
    return WarehouseError(
        f'--on "{on}": no Ray cluster answers: {first_line(error)}',
        "start one: ray start --head --disable-usage-stats; one with a token wants RAY_AUTH_MODE=token",
    )


def write_marker(directory: Path) -> Path:
    """Make a directory there by which another node knows that it sees the same disk."""
    marker = (directory / f"shared-{secrets.token_hex(8)}").absolute()
    marker.mkdir()
    (marker / "driver").write_text(f"process {os.getpid()}\n", encoding="utf-8")
    return marker


def assert_shared(marker: Path) -> None:
    """WarehouseError unless the marker that the driver wrote is here and can be written into."""
    data = marker.parent.parent
    try:
        (marker / "driver").read_text(encoding="utf-8")
    except OSError as error:
        raise WarehouseError(
            f'the data directory "{data}" of the driver is not here: {error.strerror}: "{error.filename}"',
            "mount it under the same path on every node, or start no worker on this one; " + HINT,
        ) from None
    try:
        (marker / secrets.token_hex(8)).touch(exist_ok=False)
    except OSError as error:
        raise WarehouseError(
            f'the data directory "{data}" cannot be written: {error.strerror}',
            "mount it for writing, for the user who started Ray; " + HINT,
        ) from None


def node_name() -> str:
    """The node that this worker runs on, as messages name it."""
    import ray

    return f'"{socket.gethostname()}" ({ray.util.get_node_ip_address()})'
