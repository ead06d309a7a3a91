"""Settings that nobody means: refused early and in words, never with a traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cli import main
from embed.weights import load_decoder
from tests.support.raw_tree import write
from warehouse.errors import UsageError, WarehouseError
from warehouse.settings_file import load
from warehouse.terminal.values import describe_settings

DIGITS = "1" * 5000


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('sae_id = "a\\u0000b"', '"sae_id"'),
        ('sae_id = "\\u001b[31mred"', '"sae_id"'),
        (f'sae_id = "{"x" * 300}"', "at most 200 bytes"),
        ('models.llama = ""', "not empty"),
        ('models.llama = "  "', "not empty"),
        (f"threads = {DIGITS}", "TOML"),
        (f"threads = 0x{'f' * 5000}", "thousands of digits"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_in_words(
    tmp_path: Path, line: str, told: str
) -> None:
    (tmp_path / "warehouse.toml").write_text(line)
    with pytest.raises(UsageError) as refused:
        load(tmp_path)
    assert told in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "override", ["sae_id=a\0b", "sae_id=\x1b[31mred", f"sae_id={'x' * 300}", "models.llama=", 'models.llama=""', f"threads={DIGITS}"]
)  # fmt: skip
@pytest.mark.parametrize("command", ["diff", "plan"])
def test_an_override_that_cannot_be_meant_is_wrong_use(
    tmp_path: Path, override: str, command: str
) -> None:
    data = write(tmp_path / "data")
    done = CliRunner().invoke(main, ["--data", str(data), "--set", override, command])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)
    assert "\x1b" not in done.output


def test_settings_that_differ_drive_no_terminal() -> None:
    assert "\x1b" not in describe_settings({"sae_id": ("a", "\x1b[31mred")})


@pytest.mark.parametrize("shape", [(128, 0), (0, 128), (0, 0)])
def test_a_decoder_without_columns_is_refused(tmp_path: Path, shape: tuple[int, int]) -> None:
    np.savez(tmp_path / "params.npz", W_dec=np.zeros(shape, np.float32))
    with pytest.raises(WarehouseError, match="is empty"):
        load_decoder(tmp_path / "params.npz", 4)
