"""The files: read safely, written the same each time, exchanged with vcrpy."""

import datetime as dt
import gzip
import zlib
from pathlib import Path

import httpx2
import pytest
import vcr
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwensim.recording import Cassette, CassetteError, Interaction, Provenance, read, write
from qwensim.recording.interactions import pieces
from qwensim.recording.reading import parse
from qwensim.recording.writing import dump

FILE = Path("case.yaml")
FOREIGN = Path(__file__).parents[3] / "shared" / "recordings" / "loongsuite-dashscope"

names = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8"), max_size=40)


@st.composite
def interactions(draw: st.DrawFn) -> Interaction:
    body = draw(st.one_of(st.binary(max_size=60), texts.map(str.encode)))
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    ends = [*cuts, len(body)]
    lengths = [end - start for start, end in zip([0, *cuts], ends, strict=True)]
    moments = st.floats(0, 100, allow_nan=False)
    headers = draw(st.dictionaries(names, st.lists(texts, min_size=1, max_size=2), max_size=3))
    return Interaction(
        method=draw(st.sampled_from(["GET", "POST"])),
        uri=draw(texts),
        request_headers=tuple(draw(st.dictionaries(names, texts, max_size=3)).items()),
        request_body=draw(st.one_of(st.binary(max_size=40), texts.map(str.encode))),
        status=draw(st.integers(100, 599)),
        reason=draw(texts),
        headers=tuple((name, value) for name, values in headers.items() for value in values),
        body=body,
        chunks=tuple((draw(moments), length) for length in lengths) if cuts else (),
    )


@st.composite
def cassettes(draw: st.DrawFn) -> Cassette:
    return Cassette(
        interactions=tuple(draw(st.lists(interactions(), max_size=3))),
        provenance=Provenance(
            kind=draw(st.sampled_from(["live", "published", "simulated", "unknown"])),
            date=draw(st.none() | st.dates()),
            host=draw(names),
        ),
    )


@given(cassettes())
def test_what_is_written_is_read_again(cassette: Cassette) -> None:
    text = dump(cassette)
    assert parse(text, file=FILE) == cassette
    assert dump(parse(text, file=FILE)) == text


@given(interactions())
def test_pieces_make_up_the_body(interaction: Interaction) -> None:
    assert b"".join(pieces(interaction)) == interaction.body


@pytest.mark.parametrize(
    ("provenance", "line"),
    [
        (Provenance(kind="live", date=dt.date(2026, 5, 18)), "live service on 2026-05-18."),
        (Provenance(kind="published", source="https://example.com"), "at https://example.com."),
        (Provenance(kind="published", source="a\ninteractions: 5"), "at a interactions: 5."),
        (Provenance(kind="simulated", client="qwensim 1"), "Simulated by qwensim 1: nothing here"),
        (Provenance(), "unknown origin"),
    ],
)
def test_a_file_says_in_its_first_line_where_it_comes_from(
    provenance: Provenance, line: str
) -> None:
    text = dump(Cassette(interactions=(), provenance=provenance))
    first, _, rest = text.partition("\n")
    assert first.startswith("# ")
    assert line in first
    assert yaml.safe_load(rest)["metadata"]["provenance"]["kind"] == provenance.kind


def test_a_stream_is_written_line_by_line_and_its_chunks_in_one() -> None:
    stream = Interaction(
        method="POST",
        uri="https://example.com",
        status=200,
        body="data: 你好\n\ndata: [DONE]\n\n".encode(),
        chunks=((0.25, 14), (0.5, 14)),
    )
    text = dump(Cassette(interactions=(stream,)))
    assert "string: |+\n        data: 你好\n\n        data: [DONE]\n" in text
    assert "chunks: [[0.25, 14], [0.5, 14]]\n" in text


def test_vcrpy_plays_our_files(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    stream = Interaction(
        method="GET",
        uri="https://example.com/a",
        status=201,
        headers=(("x", "1"), ("x", "2")),
        body=b"abc",
        chunks=((0.0, 1), (1.0, 2)),
    )
    write(path, Cassette(interactions=(stream,), provenance=Provenance(kind="simulated")))
    with vcr.use_cassette(str(path), record_mode="none"):
        response = httpx2.get("https://example.com/a")
    assert (response.status_code, response.text) == (201, "abc")
    assert response.headers.get_list("x") == ["1", "2"]


OK = "status: {code: 200}"
REQUEST = "request: {method: GET, uri: 'https://example.com/', body: null, headers: {}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "line 2: is not safe YAML"),
        ("a: b\nc: \x00", "line 2: is not YAML"),
        ("a: !!python/object/apply:os.system [ls]", r"line 1: is not safe YAML.*os\.system"),
        ("a: !!python/object/new:_io.BytesIO 5", "is not safe YAML"),
        ("a: 2020-13-45", "is not safe YAML: month must be in 1..12"),
        ("a: !!python/object/apply:builtins.iter {args: [5]}", "'int' object is not iterable"),
        ("[" * 200_000, "nested deeper than 100 levels"),
        ("- " * 5_000, "nested deeper than 100 levels"),
        ("", "has no list of `interactions`"),
        ("interactions: 5", "has no list of `interactions`"),
        ("- request: {}", "has no list of `interactions`"),
        ("interactions: [5]", "interaction 1: Expected `object`, got `int`"),
        ("interactions: [{request: {method: GET}}]", "interaction 1: request: .*`uri`"),
        (f"interactions:\n- {REQUEST}", "interaction 1: .*`response`"),
        (
            f"interactions:\n- {REQUEST}\n  response: {{}}",
            "interaction 1: response: has no `status`",
        ),
        (
            f"interactions:\n- {REQUEST}\n  response: {{{OK}, body: {{string: 5}}}}",
            "interaction 1: response.body.string: Expected `bytes`",
        ),
        (
            f"interactions:\n- {REQUEST}\n  response: {{{OK}, chunks: [[0, 2]]}}",
            "response.chunks: the chunks do not add up to the body's length of 0",
        ),
        (
            "interactions: []\nmetadata: {provenance: {kind: real}}",
            r"metadata\.provenance: kind: Invalid enum value 'real'",
        ),
    ],
)
def test_what_is_no_cassette_is_told_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text)
    with pytest.raises(CassetteError, match=rf"case\.yaml.*{problem}"):
        read(path)


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(CassetteError, match=r"is not UTF-8 \(byte 3\)"):
        read(path)
    with pytest.raises(CassetteError, match=r"cannot be read \(Is a directory\)"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("null", b""),
        ("abc", b"abc"),
        ("!!binary YWJj", b"abc"),
        ('{"a": [1]}', b'{"a": [1]}'),
        (
            "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary YWJj, 0, null]}",
            b"abc",
        ),
        ("!!python/object/apply:builtins.iter {args: [[a, !!binary YmM=]]}", b"abc"),
    ],
)
def test_request_bodies_are_read_in_every_form_that_vcrpy_writes(body: str, seen: bytes) -> None:
    text = (
        f"interactions:\n- request: {{method: get, uri: u, body: {body}, headers: {{A: b}}}}\n"
        "  response: {status: {code: 200, message: null}, headers: {C: [d, e]}, body: {string: x}}"
    )
    (interaction,) = parse(text, file=FILE).interactions
    assert interaction.request_body == seen
    assert interaction == Interaction(
        method="GET",
        uri="u",
        request_headers=(("a", "b"),),
        request_body=seen,
        status=200,
        headers=(("c", "d"), ("c", "e")),
        body=b"x",
    )


def test_cassettes_of_older_httpx_are_read() -> None:
    text = (
        "interactions:\n- request: {method: GET, uri: u, body: '', headers: {}}\n"
        "  response: {status_code: 404, content: gone, http_version: HTTP/1.1, headers: {}}"
    )
    cassette = parse(text, file=FILE)
    assert cassette.interactions[0].status == 404
    assert cassette.interactions[0].body == b"gone"
    assert cassette.provenance == Provenance(kind="unknown")


ENCODED = {
    "gzip": ("gzip", gzip.compress(b"abc")),
    "zlib": ("deflate", zlib.compress(b"abc")),
    "decoded": ("gzip", b"abc"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_compressed_answers_are_read_as_what_they_say(name: str) -> None:
    encoding, body = ENCODED[name]
    (interaction,) = parse(answered(encoding, body), file=FILE).interactions
    assert interaction.body == b"abc"
    assert interaction.headers == (("content-length", "3" if name != "decoded" else "99"),)


def test_what_cannot_be_decompressed_stays_as_it_is() -> None:
    (interaction,) = parse(answered("br", b"\x81\x82\x83"), file=FILE).interactions
    assert interaction.body == b"\x81\x82\x83"
    assert interaction.headers == (("content-encoding", "br"), ("content-length", "99"))


def answered(encoding: str, body: bytes) -> str:
    """Return a cassette with one answer, whose length is given as 99."""
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Encoding": [encoding], "Content-Length": ["99"]},
        "body": {"string": body},
    }
    request = {"method": "GET", "uri": "u", "body": "", "headers": {}}
    return yaml.safe_dump({"interactions": [{"request": request, "response": response}]})


def test_metadata_of_others_is_passed_over() -> None:
    assert parse("interactions: []\nmetadata: {mine: 1}", file=FILE).provenance == Provenance()


@pytest.mark.skipif(not FOREIGN.exists(), reason="no recordings beside the project")
def test_cassettes_of_another_project_are_read() -> None:
    found = [read(path) for path in sorted(FOREIGN.glob("*.yaml"))]
    assert len(found) > 30
    assert {cassette.provenance.kind for cassette in found} == {"unknown"}
    assert all(item.status >= 101 for cassette in found for item in cassette.interactions)


def test_a_repr_shows_no_body_and_no_query() -> None:
    shown = repr(Interaction(method="GET", uri="https://a/b?key=x", status=200, body=b"secret"))
    assert shown == "Interaction(GET https://a/b -> 200)"
