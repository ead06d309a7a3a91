"""A real Delphi run: what its tools' own readers make of it, and how its parts are told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.support.producers import HOOKPOINTS, OF_RUN, Once, copied, staged_run, unpacked
from tests.support.raw_tree import Rows, query, stage
from warehouse.errors import UsageError, WarehouseError
from warehouse.read.discover import discover
from warehouse.settings_file import load


@pytest.fixture(scope="session")
def run(once: Once) -> Path:
    return unpacked(once, "delphi_run")


@pytest.fixture(scope="session")
def oracle(run: Path) -> Callable[[str], dict]:
    return lambda name: json.loads((run / "oracle" / f"{name}.json").read_text())


def data_of(run: Path, data: Path, *without: str) -> Path:
    return copied(run, data, "run", *without)


@pytest.fixture(scope="session", params=HOOKPOINTS)
def built(request: pytest.FixtureRequest, once: Once) -> tuple[str, Rows]:
    data = staged_run(once, request.param)
    return request.param, partial(query, data)


def test_every_figure_of_the_cache_is_the_oracles(
    built: tuple[str, Rows], oracle: Callable[[str], dict]
) -> None:
    hookpoint, rows = built
    found = {
        str(feature): (stored, firing, total, largest, list(place), token, prompts, windows)
        for feature, stored, firing, total, largest, *place, token, prompts, windows in rows(
            """
            SELECT l.feature_id, l.num_entries, s.firing_count, l.total, l.max_activation,
                l.max_prompt_id, l.max_position, p.tokens[l.max_position + 1], l.num_records, l.num_windows
            FROM staging.latents l
            JOIN staging.prompts p ON p.prompt_id = l.max_prompt_id
            JOIN analysis.feature_statistics s ON s.feature_id = l.feature_id AND s.basis = 'corpus'
            """
        )
    }
    keys = (
        "stored",
        "firing_count",
        "sum",
        "max",
        "max_at",
        "max_token",
        "prompts",
        "windows_of_32",
    )
    told = oracle("cache")[hookpoint]["latents"]
    assert found == {latent: tuple(facts[k] for k in keys) for latent, facts in told.items()}


def test_density_is_over_all_tokens_and_null_for_the_sample(
    built: tuple[str, Rows], oracle: Callable[[str], dict]
) -> None:
    hookpoint, rows = built
    facts = oracle("cache")[hookpoint]
    tokens = facts["n_prompts"] * facts["ctx_len"]
    sql = "SELECT feature_id, num_tokens, density, is_dead FROM analysis.feature_statistics WHERE basis = 'corpus'"
    for feature, num_tokens, density, dead in rows(sql):
        expected = facts["latents"][str(feature)]["firing_count"] / tokens
        assert (num_tokens, density, dead) == (tokens, expected, False)
    sql = "SELECT count(*), count(density), count(is_dead) FROM analysis.feature_statistics WHERE basis = 'sample'"
    assert rows(sql) == [(facts["width"], 0, 0)]
    sql = "SELECT tokens FROM staging.prompts WHERE prompt_id = 0"
    assert rows(sql) == [(facts["token_strings_prompt_0"],)]


def test_every_entry_is_accounted_for(built: tuple[str, Rows]) -> None:
    hookpoint, rows = built
    sql = "SELECT sum(records), sum(quarantined) FROM staging.files WHERE input = 'latents'"
    total = {"encoder.layer.3": 2_031_616, "encoder.layer.3.attention": 1_015_808}[hookpoint]
    assert rows(sql) == [(total, 0)]
    sql = """
        SELECT count(*) FROM staging.latents l
        JOIN (SELECT feature_id, count(*) AS kept, sum(num_activations) AS pairs FROM staging.latent_records GROUP BY 1) r
            ON r.feature_id = l.feature_id
        WHERE r.kept <> least(l.num_records, greatest(r.kept, 100)) OR r.pairs > l.num_entries
            OR r.kept > 120 OR (l.num_records <= 100 AND r.pairs <> l.num_entries)"""
    assert rows(sql) == [(0,)]


def test_sampling_is_over_all_records(built: tuple[str, Rows], run: Path) -> None:
    """The quantiles and the samples by NumPy, from the safetensors themselves."""
    from safetensors.numpy import load_file

    hookpoint, rows = built
    found = {}
    for feature, prompt, quantile in rows(
        "SELECT feature_id, prompt_id, quantile FROM analysis.samples"
    ):
        found.setdefault(feature, []).append((quantile, prompt))
    for path in (run / "results/minilm-topk/latents" / hookpoint).glob("*.safetensors"):
        start = int(path.name.split("_")[0])
        split = load_file(path)
        latent, prompt = split["locations"][:, 2], split["locations"][:, 0].astype(int)
        for own in range(0, 256, 17):
            mine = latent == own
            largest = np.full(prompt.max() + 1, -1.0)
            np.maximum.at(largest, prompt[mine], split["activations"][mine].astype(float))
            prompts = np.flatnonzero(largest >= 0)
            values = largest[prompts]
            edges = np.quantile(values, [0.25, 0.5, 0.75])
            place = 1 + (values[:, None] > edges).sum(1)
            expected = []
            for quantile in range(1, 5):
                members = prompts[place == quantile]
                order = np.lexsort((members, -largest[members]))[:5]
                expected += [(quantile, int(p)) for p in members[order]]
            assert sorted(found[start + own]) == sorted(expected)


def test_the_metrics_are_those_of_delphis_own_analysis(
    built: tuple[str, Rows], oracle: Callable[[str], dict]
) -> None:
    import torch

    hookpoint, rows = built
    told = oracle("analysis")
    sql = """
        SELECT method, feature_id, tp, tn, fp, fn, balanced_accuracy, precision, recall, f1, auc, weighted_f1, total - failed
        FROM analysis.score_metrics WHERE method IN ('fuzz', 'detection') AND level = ?"""
    keys = (
        "true_positives", "true_negatives", "false_positives", "false_negatives", "accuracy",
        "precision", "recall", "f1_score", "auc",
    )  # fmt: skip
    expected = {
        (r["method"], r["latent"]): [r[k] for k in keys]
        for r in told["per_latent"]
        if r["module"] == hookpoint
    }
    found = {(method, feature): figures[:9] for method, feature, *figures in rows(sql, ["feature"])}
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        # Delphi says 0 of a ratio without examples, the warehouse null.
        assert [f or 0 for f in found[key]] == pytest.approx(figures, abs=1e-12), key
    pooled = {method: figures for method, _, *figures in rows(sql, ["source"])}
    firing = {int(k): v["firing_count"] for k, v in oracle("cache")[hookpoint]["latents"].items()}
    for row in told["aggregate_per_hookpoint"][hookpoint]:
        method = row["score_type"]
        assert pooled[method][:9] == pytest.approx([row[k] for k in keys], abs=1e-12)
        f1 = np.array([figures[7] for (m, _), figures in expected.items() if m == method])
        weights = np.array([firing[latent] for m, latent in expected if m == method])
        assert pooled[method][9] == pytest.approx((f1 * weights).sum() / weights.sum(), abs=1e-12)
        # Delphi adds up in float32.
        single = torch.tensor(f1, dtype=torch.float32) * torch.tensor(weights)
        assert row["weighted_f1"] == float(single.sum() / torch.tensor(weights).sum())


@pytest.mark.parametrize(
    "method", ["intruder", "surprisal", "example_embedding", "embedding", "simulation"]
)
def test_every_other_method_is_scored_from_its_files(
    built: tuple[str, Rows], run: Path, method: str
) -> None:
    from sklearn.metrics import roc_auc_score

    hookpoint, rows = built
    expected = {}
    for path in (run / "results/minilm-topk/scores" / method).glob(f"{hookpoint}_latent*.txt"):
        items = json.loads(path.read_text())
        latent = int(path.stem.rpartition("latent")[2])
        if method == "intruder":
            done = [i for i in items if i["sample"] is not None and i["correct_index"] != -1]
            expected[latent] = (
                len(items),
                len(items) - len(done),
                np.mean([i["correct"] for i in done]),
            )
        elif method == "example_embedding":
            expected[latent] = (
                len(items),
                0,
                np.mean([i["delta_plus"] > i["delta_minus"] for i in items]),
            )
        elif method == "simulation":
            overall = next(i["ev_correlation_score"] for i in items if i["distance"] == 0)
            failed = sum(i["ev_correlation_score"] == "nan" for i in items)
            expected[latent] = (len(items), failed, overall)
        else:
            values = [
                i["similarity"]
                if method == "embedding"
                else np.mean(i["no_explanation"]) - np.mean(i["explanation"])
                for i in items
            ]
            expected[latent] = (
                len(items),
                0,
                roc_auc_score([i["distance"] >= 0 for i in items], values),
            )
    found = {f: rest for f, *rest in rows("SELECT feature_id, total, failed, score FROM analysis.scores WHERE method = ?", [method])}  # fmt: skip
    assert expected or hookpoint == HOOKPOINTS[1]
    assert found == {f: pytest.approx(v, abs=1e-12) for f, v in expected.items()}


def test_what_belongs_to_the_feature_has_no_explainer(built: tuple[str, Rows]) -> None:
    _, rows = built
    sql = "SELECT method, count(llm_explainer) FROM analysis.scores_long GROUP BY 1"
    without = {method for method, explained in rows(sql) if not explained}
    assert without - {"example_embedding"} == {"intruder"}


# --------------------------------------------------------------------------------- hookpoints


def test_a_run_of_two_hookpoints_is_an_error_that_lists_them(run: Path, tmp_path: Path) -> None:
    data = data_of(run, tmp_path)
    with pytest.raises(UsageError) as caught:
        discover(load(data))
    assert '"encoder.layer.3", "encoder.layer.3.attention"' in caught.value.message
    assert "--set input.hookpoint=" in caught.value.hint
    with pytest.raises(UsageError, match="no file is of") as caught:
        discover(load(data, ["input.hookpoint=encoder.layer.30"]))


@pytest.mark.parametrize(("hookpoint", "explanations"), [(HOOKPOINTS[0], 38), (HOOKPOINTS[1], 36)])
def test_only_the_files_of_the_chosen_hookpoint_are_inputs(
    run: Path, tmp_path: Path, hookpoint: str, explanations: int
) -> None:
    found = discover(load(data_of(run, tmp_path), [f"input.hookpoint={hookpoint}"]))
    other = next(h for h in HOOKPOINTS if h != hookpoint)
    read = [f for f in found if f.input in ("raw.explanations", "raw.scores", "raw.latents")]
    assert {Path(f.name).name.split("_latent")[0] for f in read if f.name.endswith(".txt")} == {
        hookpoint
    }
    assert sum(f.input == "raw.explanations" for f in read) == explanations
    assert sum(f.input == "raw.latents" for f in read) == 4
    left = [f for f in found if f.note == "not an input: another hookpoint"]
    assert left and all(other in f.name for f in left)
    (decoder,) = (f for f in found if f.input == "raw.decoder")
    assert decoder.path.parent.name == hookpoint
    (tokenizer,) = (f for f in found if f.input == "raw.tokenizer")
    assert tokenizer.path.name == "tokenizer.json"


def test_without_its_tokenizer_and_decoder_a_run_builds_with_the_strings_that_its_scores_show(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    data = data_of(run, tmp_path, "tokenizer", "sparse", "explanations", "log")
    rows = stage(
        data, f"input.hookpoint={HOOKPOINTS[1]}",
        select=("+staging.activation_examples", "+analysis.decoder_neighbours", "+analysis.feature_statistics"),
    )  # fmt: skip
    assert rows("SELECT tokens[:3] FROM staging.prompts WHERE prompt_id = 0") == [
        (["[CLS]", "<", "|"],)
    ]
    assert rows("SELECT count(*) FROM analysis.decoder_neighbours") == [(0,)]
    strings = dict(rows("SELECT token_id, token FROM staging.token_strings"))
    shown = {i: token for i, token in strings.items() if token != f"<{i}>"}
    assert (len(strings), len(shown)) == (9476, 5655)
    tokenizer = Tokenizer.from_file(str(run / "tokenizer/tokenizer.json"))
    decoded = tokenizer.decode_batch([[i] for i in shown], skip_special_tokens=False)
    assert list(shown.values()) == decoded


def judged_window(strings: str, *activations: float) -> dict[str, object]:
    return {
        "str_tokens": list(strings), "activations": list(activations), "distance": 1,
        "activating": True, "prediction": True, "correct": True,
    }  # fmt: skip


def test_a_token_string_needs_a_window_of_one_place_and_no_other_that_disagrees(
    tmp_path: Path,
) -> None:
    """Ids 1 … 26 are a … z. Prompts of two windows: abcd efgh, abij klmn, opqr opqs."""
    from safetensors.numpy import save_file

    prompts = [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 9, 10, 11, 12, 13, 14], [15, 16, 17, 18, 15, 16, 17, 19]]  # fmt: skip
    entries = {
        (0, 1, 0): 1.5, (0, 3, 0): 2.0, (0, 4, 0): 3.0, (1, 0, 0): 1.0, (1, 4, 0): 2.5, (2, 0, 0): 4.0,
        (2, 4, 0): 4.0, (1, 5, 1): 1.0, (0, 0, 1): 2.0, (1, 1, 1): 3.0,
    }  # fmt: skip
    home = tmp_path / "raw/run"
    (home / "latents/layers.3").mkdir(parents=True)
    save_file(
        {
            "locations": np.array(list(entries), np.uint16),
            "activations": np.array(list(entries.values()), np.float16),
            "tokens": np.array(prompts),
        },
        home / "latents/layers.3/0_1.safetensors",
    )
    config = {"sparse_model": "some/sae", "hookpoints": ["layers.3"], "model": ""}
    (home / "run_config.json").write_text(json.dumps(config))
    (home / "scores/fuzz").mkdir(parents=True)
    (home / "scores/detection").mkdir(parents=True)

    def tokens(**windows: list[dict[str, object]]) -> str:
        for place, items in windows.items():
            method, latent = place.split("_")
            path = home / f"scores/{method}/layers.3_latent{latent}.txt"
            path.write_text(json.dumps(items))
        rows = stage(tmp_path, select=("+staging.latent_prompts",))
        found = rows("SELECT tokens FROM staging.latent_prompts ORDER BY prompt_id")
        return " ".join("".join(t if len(t) == 1 else "." for t in text) for (text,) in found)

    sure = [judged_window("abcd", 0, 1.5, 0, 2), judged_window("efgh", 3, 0, 0, 0)]
    assert tokens(fuzz_0=sure) == "abcdefgh ab...... ........"
    # Two windows have this one's activations, and they hold other tokens.
    two_places = judged_window("opqr", 4, 0, 0, 0)
    assert tokens(fuzz_0=[*sure, two_places]) == "abcdefgh ab...... ........"
    # A file with an activating window that the cache does not hold is of another cache.
    assert (
        tokens(fuzz_0=[*sure, judged_window("klmn", 2.25, 0, 0, 0)]) == "........ ........ ........"
    )
    # Where two windows disagree on a token neither says what it is, nor what the others are.
    other = [judged_window("Abij", 1, 0, 0, 0)]
    assert tokens(fuzz_0=sure, detection_0=other) == "....efgh ........ ........"
    # Most windows agree: the one that does not is left out, and the token stays unknown.
    second = [judged_window("abcd", 2, 0, 0, 0), judged_window("klmn", 0, 1, 0, 0)]
    assert tokens(fuzz_0=sure, detection_0=other, fuzz_1=second) == ".bcdefgh .b..klmn ........"


# ----------------------------------------------------------------------------------- damage


def test_a_cache_without_its_prompts_names_the_setting_that_keeps_them(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    split = tmp_path / "raw/run/latents/layers.3/0_1.safetensors"
    split.parent.mkdir(parents=True)
    save_file(
        {"locations": np.zeros((1, 3), np.uint16), "activations": np.ones(1, np.float16)}, split
    )
    config = {"sparse_model": "some/sae", "hookpoints": ["layers.3"]}
    (tmp_path / "raw/run/run_config.json").write_text(json.dumps(config))
    with pytest.raises(WarehouseError) as caught:
        stage(tmp_path, select=("+staging.activation_examples",))
    assert 'holds no "tokens"' in caught.value.message
    assert "save_tokens = True" in caught.value.hint


def test_entries_that_cannot_be_are_quarantined_one_by_one(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    entries = {
        (0, 0, 0): 1.5, (0, 2, 0): 2.5, (1, 1, 1): 3.0, (0, 3, 0): 9.0, (2, 0, 0): 9.0, (0, 0, 2): 9.0,
        (1, 0, 0): float("nan"), (1, 2, 1): float("inf"), (1, 1, 0): -1.0,
    }  # fmt: skip
    places = [*entries, (0, 0, 0)]
    split = tmp_path / "raw/run/latents/layers.3/10_11.safetensors"
    split.parent.mkdir(parents=True)
    save_file(
        {
            "locations": np.array(places, np.uint16),
            "activations": np.array([*entries.values(), 7.0], np.float16),
            "tokens": np.array([[5, 6, 7], [7, 6, 5]]),
        },
        split,
    )
    config = {"sparse_model": "some/sae", "hookpoints": ["layers.3"]}
    (tmp_path / "raw/run/run_config.json").write_text(json.dumps(config))
    rows = stage(
        tmp_path,
        "quarantine.max_share=1",
        select=("+staging.files", "+staging.activation_examples"),
    )
    assert rows("SELECT line, reason, raw FROM quarantine.latents ORDER BY line") == [
        (4, "token position outside the prompt", "[0, 3, 0] 9.0"),
        (5, "unknown prompt id", "[2, 0, 0] 9.0"),
        (6, "latent outside the split", "[0, 0, 2] 9.0"),
        (7, "value not finite", "[1, 0, 0] nan"),
        (8, "value not finite", "[1, 2, 1] inf"),
        (9, "value negative", "[1, 1, 0] -1.0"),
        (10, "duplicate (feature, prompt, position)", "[0, 0, 0] 7.0"),
    ]
    sql = "SELECT feature_id, prompt_id, positions, activations FROM staging.activation_examples ORDER BY ALL"
    assert rows(sql) == [(10, 0, [0, 2], [1.5, 2.5]), (11, 1, [1], [3.0])]
    sql = "SELECT records, quarantined FROM staging.files WHERE input = 'latents'"
    assert rows(sql) == [(10, 7)]


def test_a_cut_split_is_named_and_the_others_are_read(run: Path, tmp_path: Path) -> None:
    data = data_of(run, tmp_path, "explanations", "scores")
    hookpoint = HOOKPOINTS[1]
    home = data / "raw/run/results/minilm-topk/latents" / hookpoint
    split = home / "256_511.safetensors"
    content = split.read_bytes()
    split.unlink()
    split.write_bytes(content[: len(content) // 2])
    options = (f"input.hookpoint={hookpoint}",)
    with pytest.raises(
        WarehouseError, match="1 of 4 splits of the latents cache hold no good record"
    ):
        stage(data, *options, select=OF_RUN)
    rows = stage(data, *options, "quarantine.max_share=1", select=OF_RUN)
    ((file, reason),) = rows("SELECT file, reason FROM quarantine.records")
    assert file.endswith(f"{hookpoint}/256_511.safetensors")
    assert reason.startswith("unreadable file: ")
    assert rows("SELECT count(*) FROM staging.latents WHERE status = 'kept'") == [(768,)]


# ------------------------------------------------------------- what explainer and scorers saw


def test_the_windows_on_both_sides_are_those_of_the_oracles_draws(
    built: tuple[str, Rows], run: Path
) -> None:
    hookpoint, rows = built
    found = {
        feature: rest
        for feature, *rest in rows(
            "SELECT feature_id, num_train, num_test, num_both, score, score_without, recall, recall_without "
            "FROM analysis.window_overlap WHERE method = 'fuzz'"
        )
    }
    total = both = 0
    for path in (run / "oracle/records").glob(f"{hookpoint}_latent*.json"):
        record = json.loads(path.read_text())
        train, test = (
            [(tuple(w["tokens"]), tuple(w["activations"])) for w in record[side]]
            for side in ("train", "test")
        )
        shared = [w for w in train if w in test]
        assert found[record["index"]][:3] == [len(train), len(test), len(shared)]
        total, both = total + len(train), both + len(shared)
        scores = run / f"results/minilm-topk/scores/fuzz/{path.stem}.txt"
        items = [i for i in json.loads(scores.read_text()) if i["correct"] is not None]
        # Windows of one maximum count by their share: so does this, from the real windows.
        maxima = [max(activations) for _, activations in test]
        share = {
            value: sum(max(w[1]) == value for w in shared) / maxima.count(value) for value in maxima
        }
        weights = [1 - share[max(i["activations"])] if i["activating"] else 1 for i in items]
        active = [i["activating"] for i in items]
        correct = [i["correct"] for i in items]
        assert found[record["index"]][3:] == pytest.approx(
            [
                np.mean(correct),
                np.average(correct, weights=weights),
                np.mean(np.array(correct)[active]),
                np.average(np.array(correct)[active], weights=np.array(weights)[active]),
            ]
        )
    assert both / total == pytest.approx(0.28, abs=0.02)
