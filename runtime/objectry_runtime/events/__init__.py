"""The envelope, the outbox and its feed, and the keys that seal sensitive values."""

from objectry_runtime.events.images import Sensitive, seal_changes, seal_image, sensitive
from objectry_runtime.events.sealing import (
    SealBroken,
    Sealer,
    Subject,
    new_subject_key,
    open_sealed,
    seal,
    unwrap_key,
    wrap_key,
)

__all__ = [
    "SealBroken",
    "Sealer",
    "Sensitive",
    "Subject",
    "new_subject_key",
    "open_sealed",
    "seal",
    "seal_changes",
    "seal_image",
    "sensitive",
    "unwrap_key",
    "wrap_key",
]
