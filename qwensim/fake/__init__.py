"""What a test holds of the service: the fake itself, and what it may expect of the requests."""

from qwensim.fake.fake import Fake, ProxiedFake, ServedFake
from qwensim.fake.settings import Settings

__all__ = ["Fake", "ProxiedFake", "ServedFake", "Settings"]
