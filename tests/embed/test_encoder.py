"""The encoder: the same vectors whatever the batches and the devices; precisions told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embed.encoder import SentenceEncoder, pick_devices
from embed.model_files import fingerprint, locate
from tests.conftest import MODEL
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.settings_file import load

TEXTS = [f"the {word} of number {i}" for i, word in enumerate(("cat", "unbelievability", "") * 7)]


def settings(directory: Path, **values: object) -> Settings:
    return load(directory, [f"embedding.{name}={value}" for name, value in values.items()])


def encoder(directory: Path, **values: object) -> SentenceEncoder:
    return SentenceEncoder.load(settings(directory, device="cpu", **values), locate(MODEL))


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    """What the library itself makes of the texts."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(locate(MODEL).path), device="cpu").encode(TEXTS)


def test_vectors_are_those_of_plain_encode_whatever_the_batches(tmp_path, plain):
    for size in (1, 4, 64):
        vectors = encoder(tmp_path, batch_size=size).encode(TEXTS)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, plain, atol=1e-5)


def test_several_devices_make_the_same_vectors_in_the_same_order(tmp_path, plain):
    model = encoder(tmp_path, batch_size=4).model
    pool = model.start_multi_process_pool(["cpu", "cpu"])
    vectors = SentenceEncoder(model, 4, "", False, pool).encode(TEXTS)
    model.stop_multi_process_pool(pool)  # else its processes live as long as the tests
    np.testing.assert_allclose(vectors, plain, atol=1e-5)


def test_bfloat16_stays_near_and_has_a_store_of_its_own(tmp_path, plain):
    vectors = encoder(tmp_path, precision="bfloat16").encode(TEXTS)
    assert vectors.dtype == np.float32
    assert 0.999 < cosines(vectors, plain).min() < 1
    names = [settings(tmp_path, precision=p) for p in ("float32", "bfloat16", "float16")]
    assert len({fingerprint(n, locate(MODEL)) for n in names}) == 3


def test_tokens_are_counted_as_the_model_cuts_them(tmp_path):
    assert encoder(tmp_path).count_tokens(["the cat", "unbelievability", ""]) == [2, 5, 0]


@pytest.mark.parametrize("wanted", ["tpu", "cpu,tpu", "", "cpu,"])
def test_a_device_that_is_not_there_is_refused(wanted):
    with pytest.raises(UsageError) as caught:
        pick_devices(wanted)
    assert caught.value.message == f'setting "embedding.device": "{wanted}" is not usable here'
    assert "auto" in caught.value.hint


def test_devices_are_taken_in_the_order_of_the_setting():
    assert pick_devices("cpu, cpu") == ["cpu", "cpu"]
