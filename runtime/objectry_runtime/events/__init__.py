"""The envelope, the outbox and its feed, and the keys that seal sensitive values."""

from objectry_runtime.events.images import has_sensitive, open_image, seal_changes, seal_image
from objectry_runtime.events.sealing import (
    SealBroken,
    Subject,
    new_subject_key,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)

__all__ = [
    "SealBroken",
    "Subject",
    "has_sensitive",
    "new_subject_key",
    "open_image",
    "open_sealed",
    "seal",
    "seal_changes",
    "seal_image",
    "unwrap_key",
    "wrap_key",
]
