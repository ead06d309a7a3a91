"""Decoder weights and their neighbours, against plain NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embed import nearest
from embed.weights import load_decoder
from warehouse.errors import WarehouseError

W_DEC = np.random.default_rng(5).normal(size=(6, 3)).astype(np.float32)


def nearest_of(weights: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What nearest_rows gives, as arrays."""
    import torch

    ids, values = nearest.nearest_rows(torch.from_numpy(weights), k)
    assert (ids.dtype, values.dtype) == (torch.int64, torch.float32)
    return ids.numpy(), values.numpy()


def expected(weights: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Every cosine similarity in float64; of equal float32 ones the smaller id first."""
    rows = weights.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    product = np.outer(lengths, lengths)
    similar = np.divide(rows @ rows.T, product, out=np.zeros_like(product), where=product > 0)
    similar = similar.astype(np.float32)
    ids = np.arange(len(rows))
    order = [np.lexsort((ids, -similar[i])) for i in ids]
    near = np.array([o[o != i][:k] for i, o in enumerate(order)], dtype=np.int64)
    return near, np.take_along_axis(similar, near, axis=1)


def whole(low: int, high: int, *shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda r: r.integers(low, high, size=shape)


def repeated(rows: int, times: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda r: np.repeat(r.normal(size=(rows, 4)), times, axis=0)[r.permutation(rows * times)]


MAKERS = {
    "random rows": lambda r: r.normal(size=(60, 8)),
    "rows of very different lengths": lambda r: r.normal(size=(30, 6)) * 10.0 ** r.integers(-6, 7, size=(30, 1)),
    "every row four times": repeated(8, 4),
    "every row twenty times": repeated(2, 20),
    "rows in a few directions": whole(-1, 2, 40, 2),
    "zero rows among others": lambda r: r.normal(size=(30, 5)) * (r.random((30, 1)) < 0.6),
    "zero rows only": whole(0, 1, 20, 3),
    "all rows equal": whole(3, 4, 30, 3),
    "opposite rows": lambda r: r.normal(size=(1, 4)) * np.array([[1.0], [-1.0]] * 8),
    "small rows of one direction": lambda r: r.integers(1, 4, size=(25, 1)) * np.array([[1.0, 3.0]]) + (r.random((25, 1)) < 0.3),
    "rows of the same numbers": lambda r: np.array([r.permutation([1.0, 2, 3, 0, 0]) for _ in range(30)]),
    "tiny and huge rows": lambda r: r.normal(size=(30, 6)) * 10.0 ** r.integers(-20, 20, size=(30, 1)),
    "rows of one number": whole(-2, 3, 20, 1),
}  # fmt: skip


# How the scan is cut and what it multiplies in: (number type, block, tile, exact numbers, pairs, crowd).
WAYS = {
    "as it comes": (None, 1024, 8192, 2**24, 2**22, 32),
    "bfloat16 in small tiles": ("bfloat16", 7, 20, 100, 300, 32),
    "float32 in small tiles": ("float32", 16, 16, 50, 1, 32),
    "bfloat16 in middling tiles": ("bfloat16", 200, 500, 5000, 2000, 32),
    "every row scored against all": ("bfloat16", 7, 20, 100, 300, 0),
    "some rows scored against all": ("bfloat16", 16, 64, 2**24, 300, 3),
}


@pytest.fixture
def way(monkeypatch, request) -> None:
    """nearest_rows works in the way that the test names."""
    import torch

    kind, *sizes = WAYS[request.param]
    for name, size in zip(("_BLOCK", "_TILE", "_EXACT", "_PAIRS", "_CROWD"), sizes, strict=True):
        monkeypatch.setattr(nearest, name, size)
    if kind:
        monkeypatch.setattr(nearest, "_scan_type", lambda weights, device: getattr(torch, kind))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_neighbours_are_those_of_the_plain_computation(make):
    for seed in range(2):
        weights = make(np.random.default_rng(seed)).astype(np.float32)
        ids, values = nearest_of(weights, 10)
        want_ids, want_values = expected(weights, 10)
        np.testing.assert_array_equal(ids, want_ids)
        np.testing.assert_allclose(values, want_values, atol=1e-6)
        assert (ids != np.arange(len(ids))[:, None]).all()
        assert (np.diff(values, axis=1) <= 0).all()
        assert (np.abs(values) <= 1).all()


@pytest.mark.parametrize("count", [1, 10, 100])
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("way", ["as it comes", "bfloat16 in middling tiles"], indirect=True)
def test_many_rows_in_clusters_and_dead_ones_among_them(count):
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(40, 24))
    weights = centres[rng.integers(0, 40, 1500)] + rng.normal(size=(1500, 24)) * 0.02
    weights[rng.integers(0, 1500, 200)] = 0
    weights = weights.astype(np.float32)
    ids, values = nearest_of(weights, count)
    want_ids, want_values = expected(weights, count)
    np.testing.assert_array_equal(values, want_values)
    np.testing.assert_array_equal(ids, want_ids)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("way", WAYS, indirect=True)
@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_a_scan_in_many_tiles_leaves_few_candidates(monkeypatch, kind):
    import torch

    for name, size in (("_BLOCK", 64), ("_TILE", 256), ("_CROWD", 1 << 20)):
        monkeypatch.setattr(nearest, name, size)
    monkeypatch.setattr(nearest, "_scan_type", lambda weights, device: getattr(torch, kind))
    rows = torch.randn(6000, 16, generator=torch.Generator().manual_seed(0))
    scan = nearest._Scan.start(rows, 10, "cpu")
    assert not len(scan.run())
    # What bfloat16 cannot tell apart stays, too.
    assert scan.held < {"float32": 12, "bfloat16": 25}[kind] * len(rows)


def test_the_last_place_among_equals_goes_to_the_smallest_ids():
    ids, _ = nearest_of(np.ones((50, 3), np.float32), 3)
    assert ids[0].tolist() == [1, 2, 3]
    assert ids[2].tolist() == [0, 1, 3]
    assert ids[49].tolist() == [0, 1, 2]


def test_no_similarity_exceeds_one():
    for row in np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32):
        assert nearest_of(np.stack([row, row]), 1)[1].max() <= 1


@pytest.mark.parametrize(("count", "k", "wide"), [(1, 10, 0), (2, 10, 1), (5, 10, 4), (11, 10, 10)])
def test_there_are_as_many_neighbours_as_there_are_other_rows(count, k, wide):
    weights = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    ids, values = nearest_of(weights, k)
    assert ids.shape == values.shape == (count, wide)
    np.testing.assert_array_equal(ids, expected(weights, k)[0])


def npz(path: Path, compressed: bool = False, **arrays: np.ndarray) -> Path:
    path = path / "params.npz"
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def safetensors(path: Path, dtype: str = "float32", **arrays: np.ndarray) -> Path:
    import torch
    from safetensors.torch import save_file

    tensors = {n.replace("__", "."): torch.from_numpy(a.copy()) for n, a in arrays.items()}
    path = path / "sae.safetensors"
    save_file({n: t.to(getattr(torch, dtype)) for n, t in tensors.items()}, path)
    return path


def loaded(path: Path, features: int = 6) -> np.ndarray:
    decoder = load_decoder(path, features)
    assert str(decoder.dtype) == "torch.float32"
    return decoder.numpy()


def refusal(path: Path, features: int = 6) -> str:
    with pytest.raises(WarehouseError) as caught:
        load_decoder(path, features)
    assert caught.value.message.startswith(f'"{path}"')
    assert caught.value.hint
    return caught.value.message.removeprefix(f'"{path}"') + " | " + caught.value.hint


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["W_dec", "w_dec"])
def test_an_npz_gives_its_decoder(tmp_path, name, compressed):
    path = npz(tmp_path, compressed, **{name: W_DEC, "W_enc": W_DEC.T, "b_enc": np.zeros(6)})
    np.testing.assert_array_equal(loaded(path), W_DEC)


@pytest.mark.parametrize(
    ("dtype", "close"), [("float32", 0), ("float64", 0), ("float16", 1e-3), ("bfloat16", 1e-2)]
)
def test_a_safetensors_file_gives_float32_whatever_it_holds(tmp_path, dtype, close):
    np.testing.assert_allclose(loaded(safetensors(tmp_path, dtype, W_dec=W_DEC)), W_DEC, rtol=close)


def test_a_decoders_layer_weight_lies_the_other_way_round(tmp_path):
    path = safetensors(tmp_path, decoder__weight=W_DEC.T, encoder__weight=W_DEC)
    np.testing.assert_array_equal(loaded(path, features=4), W_DEC)


WIDE = (
    np.random.default_rng(6).normal(size=(3, 6)).astype(np.float32)
)  # fewer features than d_model


@pytest.mark.parametrize(
    "biases",
    [
        {"b_enc": np.zeros(3)},
        {"threshold": np.zeros(3)},
        {"b_dec": np.zeros(6)},
        {"B_dec": np.zeros(6)},
        {"b_enc": np.zeros(3), "b_dec": np.zeros(6)},
        {"b_enc": np.zeros(1), "b_dec": np.zeros(6)},
    ],
)
def test_the_biases_tell_which_side_is_the_features(tmp_path, biases):
    for stored in (WIDE, WIDE.T):
        np.testing.assert_array_equal(loaded(npz(tmp_path, W_dec=stored, **biases), 2), WIDE)


def test_without_biases_the_side_as_long_as_the_features_is_theirs(tmp_path):
    np.testing.assert_array_equal(loaded(npz(tmp_path, W_dec=WIDE), features=3), WIDE)


def test_without_a_sign_the_longer_side_is_the_features(tmp_path):
    tall = np.random.default_rng(7).normal(size=(90, 64)).astype(np.float32)
    for stored in (tall, tall.T):
        np.testing.assert_array_equal(loaded(npz(tmp_path, W_dec=stored), features=50), tall)


def test_a_decoder_cut_short_is_not_taken_for_a_transposed_one(tmp_path):
    with pytest.raises(WarehouseError, match="has 20 rows"):
        loaded(npz(tmp_path, W_dec=np.ones((20, 64), np.float32)), features=40)


def test_a_square_decoder_stays_as_it_stands(tmp_path):
    path = npz(tmp_path, W_dec=W_DEC[:3], b_enc=np.zeros(3), b_dec=np.zeros(3))
    np.testing.assert_array_equal(loaded(path, features=2), W_DEC[:3])


@pytest.mark.parametrize("write", [npz, safetensors])
def test_without_a_decoder_the_error_lists_what_the_file_holds(tmp_path, write):
    words = refusal(write(tmp_path, W_enc=W_DEC, b=W_DEC))
    assert words.startswith(' holds no "W_dec": it holds W_enc, b | ')
    assert "input.decoder" in words
    assert "it holds nothing" in refusal(write(tmp_path))


def test_pickled_objects_are_refused_and_never_run(tmp_path):
    class Trap:
        def __reduce__(self) -> tuple:
            return Path.touch, (tmp_path / "sprung",)

    path = npz(tmp_path, W_dec=np.array([[Trap(), Trap()]], dtype=object))
    assert refusal(path).startswith(" cannot be read: it holds pickled objects | ")
    with path.open("wb") as stream:
        np.save(stream, np.array([Trap()], dtype=object), allow_pickle=True)
    assert refusal(path).startswith(" cannot be read: it holds pickled objects | ")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("write", [npz, safetensors])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_truncated_file_cannot_be_read(tmp_path, write, share):
    path = write(tmp_path, W_dec=W_DEC)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    words = refusal(path)
    assert words.startswith(" cannot be read: ")
    assert words.endswith("is needed")


def test_a_changed_byte_in_an_npz_is_noticed(tmp_path):
    path = npz(tmp_path, W_dec=np.ones((400, 8), np.float32))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert " cannot be read: Bad CRC-32" in refusal(path)


@pytest.mark.parametrize("name", ["none.npz", "none.safetensors"])
def test_a_missing_file_cannot_be_read(tmp_path, name):
    assert " cannot be read: " in refusal(tmp_path / name)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_named(tmp_path, bad):
    weights = W_DEC.copy()
    weights[4, 1] = weights[5, 0] = bad
    words = refusal(npz(tmp_path, W_dec=weights))
    assert words == ': "W_dec" is not finite in row 4 | export the weights again'


def test_too_few_rows_names_the_feature_that_has_none(tmp_path):
    words = refusal(npz(tmp_path, W_dec=W_DEC), features=878)
    assert words.startswith(
        ': "W_dec" has 6 rows (features), but feature 877 occurs in the data | '
    )
    assert "these weights are of another SAE" in words


@pytest.mark.parametrize("shape", [(6,), (2, 3, 3), ()])
def test_a_decoder_that_is_no_matrix_shows_its_shape(tmp_path, shape):
    words = refusal(npz(tmp_path, W_dec=np.zeros(shape, np.float32)))
    assert words == f': "W_dec" has shape {shape} | a matrix (features, d_model) is needed'
