"""`qwensim onboard`: asks what was not said, shows what would change, and writes it."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx2
import typer
from rich.prompt import Confirm, Prompt

from qwensim.catalog import Catalog
from qwensim.catalog.rows import AuthChoiceRow
from qwensim.cli.consoles import console, show_line, show_warning
from qwensim.cli.questions import greet
from qwensim.errors import UsageError
from qwensim.provider import QwenProvider, endpoints
from qwensim.provider.openclaw import Onboarding
from qwensim.provider.openclaw.targets import bundled, bundled_default

UNTOUCHED: Final = "Nothing has been written."
STOPPED: Final = 130
"""The exit code of Ctrl-C, as shells have it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the user wants configured."""

    choice: AuthChoiceRow
    key: str = field(repr=False)
    model: str | None
    """A reference or id; None takes the client's default."""
    asked: bool
    """Whether any of it was typed on a terminal."""


def wishes(
    catalog: Catalog,
    *,
    choice_name: str | None,
    api_key: str | None,
    key_from_stdin: bool,
    model: str | None,
) -> Wishes:
    """Return what the options say; the terminal is asked for the rest.

    The model is asked for only where plan and region are. A deprecated auth choice and a key of
    the other plan's form warn on stderr. Raises `UsageError` for a wrong option, for two keys, and
    where there is no terminal to ask on.
    """
    if api_key is not None and key_from_stdin:
        raise UsageError("two keys are given; use --api-key or --api-key-stdin")
    if choice_name is not None:
        choice = _choice_named(catalog, choice_name)
    else:
        _need_terminal(f"--auth-choice; there are: {', '.join(catalog.auth_choices)}")
        choice = _ask_choice(catalog)
    asked = choice_name is None
    if key_from_stdin:
        api_key = _read_key()
    elif api_key is None:
        _need_terminal("--api-key-stdin or --api-key")
        asked = True
        while not api_key:
            api_key = Prompt.ask("API key, not shown", password=True).strip()
    key = api_key.strip()
    if not key:
        raise UsageError("the API key is empty")
    _judge_key(catalog, choice, key)
    if choice_name is None and model is None:
        model = _ask_model(catalog, choice)
    return Wishes(choice=choice, key=key, model=model, asked=asked)


def verify(
    catalog: Catalog, wanted: Wishes, ref: str, *, http_client: httpx2.Client | None
) -> None:
    """Ask the endpoint for one token of the default model, with the new key.

    Raises `ProviderError` if it is refused.
    """
    with QwenProvider(
        auth_choice=wanted.choice.id,
        api_key=wanted.key,
        catalog=catalog,
        http_client=http_client,
    ) as provider:
        greet(provider, ref)
        base_url = provider.endpoint.base_url
    console(stderr=True).print(f"Verified: {ref} answers at {base_url}.", soft_wrap=True)


def confirmed() -> bool:
    """Ask whether to write."""
    return Confirm.ask("Write this?", default=True)


@contextmanager
def untouched_if_stopped() -> Iterator[None]:
    """Say, when a question is answered with Ctrl-C or Ctrl-D, that nothing has been written."""
    try:
        yield
    except (KeyboardInterrupt, EOFError):
        console(stderr=True).print()  # the cursor stands behind the question
        show_line("stopped", UNTOUCHED, style="bold yellow")
        raise typer.Exit(STOPPED) from None


def show(plan: Onboarding) -> None:
    """Print what would change, without the key, and on stderr the comments that would be lost."""
    out = console()
    for line in plan.diff.splitlines():
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        out.print(line, style=style, soft_wrap=True)
    if not plan.diff:
        out.print(f"{plan.places.config} stays as it is.", soft_wrap=True)
    out.print(f"The key goes to {plan.places.profiles}.", soft_wrap=True)
    if plan.lost_comments:
        show_warning(f"comments would be lost: {'; '.join(plan.lost_comments)}")


def _read_key() -> str:
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        raise UsageError("the API key on standard input is no text; write it as UTF-8") from None


def _choice_named(catalog: Catalog, name: str) -> AuthChoiceRow:
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", DeprecationWarning)
        choice = endpoints.auth_choice_of(catalog, name)
    for warning in noted:
        show_warning(warning.message)
    return choice


def _ask_choice(catalog: Catalog) -> AuthChoiceRow:
    choices, hosts = catalog.auth_choices, catalog.hosts.values()
    usual = catalog.hosts[choices[endpoints.DEFAULT_AUTH_CHOICE].host]
    plan = Prompt.ask("Plan", choices=list(catalog.plans), default=usual.plan)
    regions: list[str] = [host.region for host in hosts if host.plan == plan]
    region = Prompt.ask("Region", choices=regions, default=usual.region)
    host = catalog.host_of(plan, region)
    return next(row for row in choices.values() if row.host == host.name)


def _ask_model(catalog: Catalog, choice: AuthChoiceRow) -> str:
    endpoint = endpoints.resolve(catalog, auth_choice=choice.id)
    models = [row.id for row in bundled(catalog, endpoint)]
    return Prompt.ask("Default model", choices=models, default=bundled_default(catalog))


def _judge_key(catalog: Catalog, choice: AuthChoiceRow, key: str) -> None:
    wanted = catalog.plans[catalog.hosts[choice.host].plan]
    if re.fullmatch(wanted.key_pattern, key):
        return
    others = [plan.title for plan in catalog.plans.values() if re.fullmatch(plan.key_pattern, key)]
    kind = f"a {others[0]} key" if others else "no key of the service"
    show_warning(f"this is {kind}, but {choice.id} takes {wanted.title} keys: it may be refused")


def _need_terminal(instead: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"there is no terminal to ask on; give {instead}")
