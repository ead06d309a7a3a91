"""Settings: defaults, the file, `--set`, and the words of every refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.errors import ExitCode, UsageError
from warehouse.models.library import load_all
from warehouse.settings import BY_NAME, RUNTIME_ONLY, SETTINGS, Setting, parse_ranges
from warehouse.settings_file import FILE_NAME, commented_file, load

DEFAULTS = {s.name: s.default for s in SETTINGS}


def written(data: Path, content: str | bytes) -> Path:
    """The data directory with this settings file."""
    (data / FILE_NAME).write_bytes(content.encode() if isinstance(content, str) else content)
    return data


def refusal(data: Path, content: str | bytes = "", *overrides: str) -> tuple[str, str]:
    """Message and hint of the UsageError that these settings are."""
    with pytest.raises(UsageError) as caught:
        load(written(data, content), overrides)
    assert caught.value.exit_code == ExitCode.USAGE
    return caught.value.message.replace(str(data / FILE_NAME), FILE_NAME), caught.value.hint


def test_without_a_file_every_setting_has_its_default(tmp_path):
    assert load(tmp_path).values == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("explanation_method", "quantiles"), ("quarantine.max_share", 0.01),
        ("windows.embedding_tokens", 32), ("windows.ngram_tokens", 5), ("windows.edge", "shift"),
        ("sampling.quantiles", 4), ("sampling.per_quantile", 5),
        ("ngrams.sizes", [2, 3, 4]), ("ngrams.unit", "characters"), ("ngrams.min_occurrences", 2),
        ("neighbours.count", 10), ("interfeature.neighbours", 4), ("interfeature.per_quantile", 1),
        ("phrases.words", ["and", "or", "but"]), ("alignment.threshold", 0.7),
        ("patterns.semantic_threshold", 0.3), ("patterns.lexical_threshold", 0.3),
        ("matching.threshold", 0.6), ("matching.ngram_examples", 5), ("matching.contexts", 10),
        ("embedding.model", "google/embeddinggemma-300m"), ("embedding.device", "auto"),
        ("input.prompts", "raw/activation_examples/prompts.json"), ("scope.features", ""),
    ],
)  # fmt: skip
def test_the_defaults_are_those_of_spec(name, value):
    assert BY_NAME[name].default == value


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_every_default_is_a_value_that_its_own_check_takes(setting):
    assert setting.check(setting.default) == setting.default


def test_the_file_changes_what_it_names_and_nothing_else(tmp_path):
    got = load(
        written(tmp_path, 'sae_id = "a/b"\n[matching]\nthreshold = 1\n[models]\nllama = "m/L"\n')
    )
    expected = {"sae_id": "a/b", "matching.threshold": 1.0, "models": {"llama": "m/L"}}
    assert got.changed(DEFAULTS) == {n: (DEFAULTS[n], v) for n, v in expected.items()}
    assert isinstance(got["matching.threshold"], float)


@pytest.mark.parametrize(
    ("text", "line", "name", "near"),
    [
        ("[matching]\ntreshold = 0.5\n", 2, "matching.treshold", "matching.threshold"),
        ("# a\n\nmatching.treshold = 0.5\n", 3, "matching.treshold", "matching.threshold"),
        ("[patterns]\n\n[alignmnet]\nthreshold = 1\n", 4, "alignmnet.threshold", "alignment.threshold"),
        ("thread = 2\n", 1, "thread", "threads"),
        ('[embedding]\n"modle" = "x"  # a comment\n', 2, "embedding.modle", "embedding.model"),
    ],
)  # fmt: skip
def test_an_unknown_setting_names_its_line_and_the_nearest_one(tmp_path, text, line, name, near):
    message, hint = refusal(tmp_path, text)
    assert message == f'"{FILE_NAME}", line {line}: unknown setting "{name}"'
    assert hint == f'did you mean "{near}"?'


def test_an_unknown_setting_like_no_other_gets_the_whole_list(tmp_path):
    assert refusal(tmp_path, "xyzzy = 1\n")[1].startswith("known settings: sae_id, ")


@pytest.mark.parametrize(
    ("text", "shown", "allowed"),
    [
        ('threads = "two"', '"threads" is \'two\'', "a whole number from 0 to 1024"),
        ("sampling.quantiles = 4.0", "is 4.0", "a whole number from 1 to 100"),
        ("sampling.quantiles = true", "is True", "a whole number from 1 to 100"),
        ("matching.threshold = 1.5", "is 1.5", "a number from -1 to 1"),
        ("matching.threshold = nan", "is nan", "a number from -1 to 1"),
        ('windows.edge = "cut"', "is 'cut'", 'one of "shift", "clip"'),
        ("embedding.normalize = 1", "is 1", "true or false"),
        ("sae_id = 3", "is 3", "a string"),
        ('embedding.model = " "', "is ' '", "a string without control characters that is not empty"),
        ('phrases.words = "and"', "is 'and'", 'a list of strings, e.g. ["a", "b"]'),
        ("phrases.words = [1]", "is [1]", 'a list of strings, e.g. ["a", "b"]'),
        ("ngrams.sizes = [2, 2]", "is [2, 2]", "a list of different whole numbers"),
        ("ngrams.sizes = []", "is []", "a list of different whole numbers"),
        ("ngrams.sizes = [0]", "is [0]", "a list of different whole numbers, e.g. [2, 3, 4] from 1 to 50"),
        ("[models]\nllama = 3", "is {'llama': 3}", "a table of strings that are not empty, e.g. { llama = "),
    ],
)  # fmt: skip
def test_a_wrong_value_is_shown_with_its_line_and_what_is_allowed(tmp_path, text, shown, allowed):
    message, hint = refusal(tmp_path, f"# first line\n{text}\n")
    assert message.startswith(f'"{FILE_NAME}", line 2: setting "')
    assert message.endswith(shown)
    assert hint.startswith(f"it must be {allowed}")


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [
        ("matching.threshold=0.5", "matching.threshold", 0.5),
        ("matching.threshold=1", "matching.threshold", 1.0),
        (" threads = 3 ", "threads", 3),
        ("embedding.normalize=true", "embedding.normalize", True),
        ("embedding.model=/a b/c=d", "embedding.model", "/a b/c=d"),
        ('embedding.model="quoted"', "embedding.model", "quoted"),
        ("sae_id=12", "sae_id", "12"),
        ("sae_id=", "sae_id", ""),
        ("scope.features=0-9,12", "scope.features", "0-9,12"),
        ('phrases.words=["and", "und"]', "phrases.words", ["and", "und"]),
        ("ngrams.sizes=[3]", "ngrams.sizes", [3]),
        ("models.llama=meta/L-3", "models", {"llama": "meta/L-3"}),
        ('models={ llama = "meta/L-3" }', "models", {"llama": "meta/L-3"}),
    ],
)
def test_set_overrides_one_setting(tmp_path, override, name, value):
    got = load(tmp_path, [override])
    assert got.values == DEFAULTS | {name: value}
    assert type(got[name]) is type(value)


def test_set_wins_over_the_file_and_the_last_over_the_first(tmp_path):
    data = written(tmp_path, 'threads = 1\n[models]\na = "A"\nb = "B"\n')
    got = load(data, ["threads=2", "models.b=X", "threads=3"])
    assert got["threads"] == 3
    assert got["models"] == {"a": "A", "b": "X"}


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("threads", '--set "threads" has no "="', "--set matching.threshold=0.5"),
        ("matchng.threshold=1", '--set "matchng.threshold=1": unknown setting "matchng.threshold"', 'did you mean "matching.threshold"?'),
        ("threads=many", '--set "threads=many": setting "threads" is \'many\'', "it must be a whole number from 0 to 1024"),
        ("scope.features=9-1", 'setting "scope.features": "9-1" is not a feature id or a range', 'write ids and ranges, e.g. scope.features = "0-199,877"'),
    ],
)  # fmt: skip
def test_a_bad_override_says_so_in_its_own_words(tmp_path, override, message, hint):
    assert refusal(tmp_path, "", override) == (message, hint)


@pytest.mark.parametrize("broken", ["threads = ", "threads = 1\nthreads = 2\n", "[matching", "= 3"])
def test_a_syntax_error_names_the_file_and_the_line(tmp_path, broken):
    message, _ = refusal(tmp_path, broken)
    assert message.startswith(f'"{FILE_NAME}" is not valid TOML: ')
    assert re.search(r"at line \d+|at end of document", message)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert load(written(tmp_path, b"\xef\xbb\xbfthreads = 2\r\n"))["threads"] == 2


def test_a_file_in_another_encoding_says_which_it_must_be(tmp_path):
    message, hint = refusal(tmp_path, 'sae_id = "é"\n'.encode("latin-1"))
    assert (message, hint) == (f'"{FILE_NAME}" is not UTF-8 text', "save it as UTF-8")


def test_a_missing_data_directory_says_which_command_makes_one(tmp_path):
    with pytest.raises(UsageError, match="does not exist") as caught:
        load(tmp_path / "none")
    assert "python cli.py init" in caught.value.hint


def test_the_commented_file_gives_the_defaults_with_its_comments_and_without(tmp_path):
    text = commented_file()
    assert load(written(tmp_path, text)).values == DEFAULTS
    bare = re.sub(r"^# (?=[a-z_]+ = )(?!llama)", "", text, flags=re.MULTILINE)
    assert len(re.findall(r"^[a-z_]+ = ", bare, flags=re.MULTILINE)) == len(SETTINGS) - 1
    assert load(written(tmp_path, bare)).values == DEFAULTS


_text = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=8)
_name = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)


def values(setting: Setting) -> st.SearchStrategy[object]:
    """Any value that a setting may have."""
    if setting.name == "scope.features":
        return st.sampled_from(["", "3", "0-199, 877"])
    if setting.choices:
        return st.sampled_from(setting.choices)
    whole = st.integers(int(setting.low or 0), int(setting.high or 0))
    return {
        "int": whole,
        "float": st.floats(setting.low, setting.high),
        "str": _name.filter(str.strip) if setting.filled else _name,
        "bool": st.booleans(),
        "strings": st.lists(_text, max_size=3),
        "ints": st.lists(whole, min_size=1, max_size=3, unique=True),
        "names": st.dictionaries(_text, _name.filter(str.strip), max_size=3),
    }[setting.kind]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.fixed_dictionaries({}, optional={s.name: values(s) for s in SETTINGS}))
def test_the_commented_file_gives_back_what_was_chosen(tmp_path, chosen):
    assert load(written(tmp_path, commented_file(chosen))).values == DEFAULTS | chosen


@pytest.mark.parametrize(
    ("text", "ranges"),
    [("", []), (" , ", []), ("877", [[877, 877]]), ("7-7, 3 - 5 ,0", [[7, 7], [3, 5], [0, 0]])],
)
def test_ranges_are_ids_and_spans(text, ranges):
    assert parse_ranges(text) == ranges


@pytest.mark.parametrize("text", ["a", "1-", "-1", "5-3", "1-2-3", "1.5", "1;2", "12345678901"])
def test_what_is_no_range_is_named(text):
    with pytest.raises(UsageError, match=re.escape(f'"{text}" is not a feature id or a range')):
        parse_ranges(f"0-9, {text}")


def test_models_bind_settings_and_nothing_else(tmp_path):
    known = load(tmp_path).parameters().keys()
    assert {n: m.parameters - known for n, m in load_all().items() if m.parameters - known} == {}


def test_settings_that_say_how_to_work_are_bound_by_no_model():
    bound = frozenset().union(*(m.parameters for m in load_all().values()))
    assert bound.isdisjoint(BY_NAME[name].parameter for name in RUNTIME_ONLY)


def test_bound_values_are_ranges_and_structs_where_sql_wants_them(tmp_path):
    bound = load(tmp_path, ["scope.features=1-2", "models.a=A"]).parameters()
    assert bound["scope_features"] == [[1, 2]]
    assert bound["models"] == [{"short": "a", "full_name": "A"}]
