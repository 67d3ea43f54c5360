"""The bundled facts as they are on several days."""

import datetime as dt

import pytest

from qwensim.catalog import PAGE_DATE, Catalog, load

DAYS = (dt.date(2026, 2, 28), PAGE_DATE, dt.date(2026, 11, 22))


@pytest.fixture(params=DAYS, ids=str)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return load(as_of=request.param)
