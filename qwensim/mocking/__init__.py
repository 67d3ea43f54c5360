"""The fake under the real host names, in process, for unmodified clients on httpx2 and httpx.

    with qwensim.mock() as fake:
        fake.script("Hello")
        ...

Nothing is patched before a mock is entered, nor after it is left.
"""

from qwensim.mocking.interception import intercept
from qwensim.mocking.mocker import HTTPCORE2, HTTPCore2Mocker
from qwensim.mocking.mocks import Mock, mock, mount, plays, recorded

__all__ = [
    "HTTPCORE2",
    "HTTPCore2Mocker",
    "Mock",
    "intercept",
    "mock",
    "mount",
    "plays",
    "recorded",
]
