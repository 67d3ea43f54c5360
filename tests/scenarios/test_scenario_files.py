"""Files, ids and texts that are no scenario, or are broken anywhere."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwensim.errors import ScenarioError, UsageError
from qwensim.provider import ImageOptions, VideoOptions
from qwensim.scenarios import Scenario, Source, ids, read, scenario_of, source
from qwensim.scenarios.calls import Image, Video
from qwensim.scenarios.document import parse
from qwensim.scenarios.spec import Remedy


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: \xff", ":1: is not UTF-8"),
        (b"a" * 1_000_001, "more than the 1,000,000 bytes"),
        (b"", ":1: Expected `object`, got `null`"),
        (b"- a", ":1: Expected `object`, got `array`"),
        (b"a: [", ":1: "),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "mine.yml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=problem):
        read("mine.yml", folder=tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^mine\.yaml: cannot be read: No such file"):
        read("mine.yaml", folder=tmp_path)
    with pytest.raises(ScenarioError, match=r"cannot be read: .*null"):
        read("a\0.yaml")


def test_an_id_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"no scenario 'nope'; there are: .*, developer-role, "):
        read("nope")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("developer-rol", "developer-role"),
        ("usage-zero", "usage-zero-without-stream-options"),
        ("hours-quota", "hour-quota"),
    ],
)
def test_an_id_that_is_nearly_one_is_told_which(name: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"no scenario '{name}'; the nearest: {nearest}") as info:
        source(name)
    assert len(str(info.value)) < 300


def test_a_scenario_of_the_library_can_be_read_from_a_file(tmp_path: Path) -> None:
    found = source("developer-role")
    (tmp_path / "copy.yaml").write_text(found.text, "utf-8")
    copied = source("copy.yaml", folder=tmp_path)
    assert copied == Source(id="copy", name="copy.yaml", text=found.text)
    assert scenario_of(copied) == read("developer-role")


@pytest.mark.parametrize("name", ids())
def test_a_scenario_can_be_written_and_read_again(name: str) -> None:
    scenario = read(name)
    text = yaml.safe_dump(msgspec.to_builtins(scenario), sort_keys=False)
    assert scenario_of(Source(id=name, name=name, text=text)) == scenario


def test_a_remedy_may_change_what_makes_up_the_situation() -> None:
    own = {"version", "title", "reference", "symptom", "reproduced", "remedy"}
    assert set(Scenario.__struct_fields__) - own == set(Remedy.may_give())


def test_the_options_of_a_video_are_those_of_the_provider() -> None:
    assert set(Video.may_give()) == set(VideoOptions.__annotations__)


def test_the_options_of_an_image_are_those_of_the_provider() -> None:
    assert set(Image.may_give()) == set(ImageOptions.__annotations__)


LIBRARY = [parse(source(name).text).data for name in ids()]
PLACES = st.integers(min_value=0, max_value=10_000)
STRANGE = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.text(max_size=8)
    | st.lists(st.integers(0, 9), max_size=2)
    | st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=2)
)


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and step in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in list(pairs):
        yield value, step
        if isinstance(item, dict | list):
            yield from spots(item)


@given(st.sampled_from(LIBRARY), PLACES, STRANGE, st.sampled_from(["change", "drop", "add"]))
def test_a_file_that_was_broken_anywhere_is_read_or_refused_in_one_line(
    sound: Any, place: int, strange: Any, how: str
) -> None:
    broken = copy.deepcopy(sound)
    every = list(spots(broken))
    container, step = every[place % len(every)]
    if how == "change":
        container[step] = strange
    elif how == "drop":
        del container[step]
    elif isinstance(container, dict):
        container[f"{step}x"] = strange
    else:
        container.append(strange)
    text = yaml.safe_dump(broken, allow_unicode=True)
    try:
        scenario_of(Source(id="broken", name="broken.yaml", text=text))
    except ScenarioError as refused:
        error = refused
    else:
        return
    assert str(error).startswith(f"broken.yaml:{error.line}: ")
    assert "\n" not in str(error)
    assert 1 <= error.line <= len(text.splitlines())


@given(st.integers(100, 2000), st.sampled_from(["title: ", "client: {config: ", "overlay: "]))
def test_a_file_that_is_nested_deep_is_read_or_refused(depth: int, field: str) -> None:
    closing = "}" * field.count("{")
    text = f"version: 1\n{field}{'{a: ' * depth}1{'}' * depth}{closing}\n"
    with pytest.raises(ScenarioError, match=r"^deep\.yaml:\d: "):
        scenario_of(Source(id="deep", name="deep.yaml", text=text))


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_at_all_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_of(Source(id="broken", name="broken.yaml", text=text))
    assert str(caught.value).startswith(f"broken.yaml:{caught.value.line}: ")
    assert len(str(caught.value).splitlines()) == 1
