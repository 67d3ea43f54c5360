"""What tasks leave behind: contents in a storage, under addresses that are signed and expire."""

from qwensim.simulator.assets.content import Content
from qwensim.simulator.assets.storage import Asset, Storage

__all__ = ["Asset", "Content", "Storage"]
