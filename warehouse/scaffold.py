"""Starting points: a new data directory, the settings beside a sample, a model to paste."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from warehouse import export, models, settings
from warehouse.errors import UsageError, nearest

_PLACES = """\
{settings}   the settings; every default is shown

Put the raw files here:
  raw/activation_examples/activations.jsonl   one JSON object a line (.gz and .zst too)
  raw/activation_examples/prompts.json        a JSON array of arrays of token strings
  raw/sae/params.npz                          the decoder, W_dec (or a .safetensors file)
  raw/<explainer>_e-<scorer>_s/               one directory a run, as Delphi writes it:
      run_config.json, explanations/*_latent<ID>.txt, scores/<method>/*_latent<ID>.txt

then: python cli.py --data {directory} build"""


def init(directory: Path) -> str:
    """Make the directory, `raw/` and the settings file; says where raw files go.

    UsageError when a settings file is there already: nothing is overwritten.
    """
    path = directory / settings.FILE_NAME
    if path.exists():
        raise UsageError(f'"{path}" exists already', f"edit it, or remove it: rm {path}")
    for place in ("activation_examples", "sae"):
        (directory / "raw" / place).mkdir(parents=True, exist_ok=True)
    path.write_text(settings.commented_file(), encoding="utf-8")
    return _PLACES.format(settings=path, directory=directory)


def after_sample(directory: Path, chosen: Mapping[str, object]) -> str:
    """Write the sample's settings beside its raw tree (an existing file is kept)."""
    path = directory / settings.FILE_NAME
    if not path.exists():
        path.write_text(settings.commented_file(chosen), encoding="utf-8")
    return f"sample written to {directory}; next: python cli.py --data {directory} build"


def shown(name: str, chosen: settings.Settings) -> str:
    """A model's SQL with its parameters filled in; UsageError for an unknown name."""
    known = models.load_all()
    found = models.find(name, known)
    if not found:
        near = nearest(name, [*known, *(n.partition(".")[2] for n in known)])
        raise UsageError(
            f'there is no model "{name}"',
            f'did you mean "{near}"?' if near else "python cli.py models list",
        )
    model = known[found]
    sql = model.filled(chosen.parameters())
    if model.schema == "master":
        sql = export.typed(model, sql)
    return f"/* {model.name}, version {model.version}: {model.description} */\n{sql};"
