"""Drafts of scenarios, from recordings and from journals.

A draft makes the calls again that are on record, as a client would that knows nothing of the
service, and sets up the service so that it answers as it did. What it cannot have answered in the
same way it leaves out, and says so.
"""

from qwensim.scenarios.drafting.draft import Draft, draft

__all__ = ["Draft", "draft"]
