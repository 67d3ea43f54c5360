"""What must hold of the bundled facts, whatever they are."""

import datetime as dt
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import msgspec

from qwensim.catalog import PAGE_DATE, Catalog, load
from qwensim.catalog.loader import TABLES
from qwensim.catalog.rows import Row, WordsRow

TODAY = dt.date(2026, 11, 22)

PLACEHOLDERS = {
    "area",
    "height",
    "index",
    "limit",
    "link",
    "listed",
    "method",
    "model",
    "path",
    "ratio",
    "scope",
    "type",
    "value",
    "width",
    "allowed",
    "maximum",
    "minimum",
    "quoted",
    "request_id",
}


def rows(catalog: Catalog) -> Iterator[tuple[str, str, Row]]:
    tables = (
        table
        for table in msgspec.structs.fields(Catalog)
        if table.name not in ("served", "errors_on")
    )
    for table in tables:
        for name, row in getattr(catalog, table.name).items():
            yield table.name, name, row


def test_every_table_has_rows_and_every_row_its_provenance(catalog: Catalog) -> None:
    found = list(rows(catalog))
    assert {table for table, _, _ in found} >= {"plans", "hosts", "models", "advertised", "errors"}
    for table, name, row in found:
        assert row.source.strip(), (table, name)
        assert PAGE_DATE < row.checked <= TODAY, (table, name)
        assert row.since is None or row.since <= row.checked, (table, name)


def test_error_messages_use_known_placeholders_only(catalog: Catalog) -> None:
    for error in catalog.errors.values():
        for template in (error.message, error.message_stream or ""):
            for _, name, spec, conversion in Formatter().parse(template):
                assert name is None or name in PLACEHOLDERS, (error.id, name)
                assert not spec, error.id
                assert conversion is None, error.id


def test_links_lead_to_a_section_of_the_help_page(catalog: Catalog) -> None:
    for error in catalog.errors.values():
        assert error.message.count("{link}") == error.message.count("{link}#"), error.id


def test_every_error_with_a_body_has_a_message(catalog: Catalog) -> None:
    silent = {error.id for error in catalog.errors.values() if not error.message}
    assert silent == {"not-found"}


def test_status_and_layer_agree(catalog: Catalog) -> None:
    for error in catalog.errors.values():
        if error.envelope in {"model", "front"}:
            assert error.status == 400, error.id
        if error.wire == "compatible" and error.status == 429:
            assert error.envelope in {"gateway", "plan", "quota"}, error.id
        if error.wire in {"native", "tasks"}:
            assert error.envelope.startswith("flat"), error.id
            assert error.code is not None, error.id


def test_errors_of_the_anthropic_protocol_are_flat_but_for_the_plans_gateway(
    catalog: Catalog,
) -> None:
    told = catalog.errors_on["anthropic"]
    for error in catalog.errors.values():
        if error.wire != "compatible":
            continue
        if error.envelope in {"plan", "empty", "agents-only"}:
            assert told[error.id] == error
        else:
            assert told[error.id].envelope in {"anthropic", "anthropic-flat"}, error.id


def test_codes_of_the_gateways_are_those_on_record(catalog: Catalog) -> None:
    errors = catalog.errors
    assert [(errors[name].status, errors[name].code) for name in ("missing-key", "wrong-key")] == [
        (401, None),
        (401, "invalid_api_key"),
    ]
    assert (errors["unknown-model"].status, errors["plan-unknown-model"].status) == (404, 400)
    plan = [error for error in errors.values() if error.id.startswith("plan-") and error.type]
    assert {error.envelope for error in plan} == {"plan"}
    assert {error.type for error in plan} == {"invalid_request_error"}
    assert {error.code for error in plan if error.status == 429} == {"throttling"}


def test_length_refusals_carry_the_prefix_of_the_model_layer(catalog: Catalog) -> None:
    for name in ("input-length", "max-tokens-range", "thinking-budget-range"):
        error = catalog.errors[name]
        assert error.message.startswith("<400> InternalError.Algo.InvalidParameter: "), name
        assert "{limit}" in error.message, name


def test_words_are_in_their_script_and_stand_once() -> None:
    words = load().words
    assert set(words) == {"english", "chinese"}
    for row in words.values():
        assert len(row.words) == len(set(row.words)) > 300
    assert all(word.isascii() and word.islower() for word in words["english"].words)
    assert all("\u4e00" <= sign <= "\u9fff" for word in words["chinese"].words for sign in word)


def test_the_script_that_made_the_words_makes_such_rows_still() -> None:
    script = runpy.run_path(str(Path(__file__).parents[1] / "make_words.py"))
    made = tomllib.loads(script["render"]())["words"]
    assert [msgspec.convert(row, WordsRow).id for row in made] == ["english", "chinese"]
    assert script["render"]() == script["render"]()


def test_every_bundled_table_is_known() -> None:
    folder = Path(__file__).parents[2] / "qwensim" / "catalog" / "data"
    for file in folder.glob("*.toml"):
        assert set(tomllib.loads(file.read_text("utf-8"))) <= set(TABLES), file.name
