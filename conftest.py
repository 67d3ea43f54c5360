"""Settings of the whole test suite."""

from hypothesis import settings

settings.register_profile("qwensim", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("qwensim")
