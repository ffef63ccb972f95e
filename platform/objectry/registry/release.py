"""A release: all definitions of a project, frozen, named by the hash of their content."""

import hashlib

import msgspec

from objectry.metadata.model import Catalog, Definitions, Model
from objectry.metadata.model.collection import uncollected

FORMAT = 1  # of the snapshot and of what is hashed; a new one names releases anew


class CorruptRelease(ValueError):
    """A snapshot whose content is not what its name says, or that this version can't read."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable set of definitions; `id` is the SHA-256 of the content in hex.

    Parent, author, message and time belong to the row that publishes it, not to the content: the
    same definitions are the same release, whoever publishes them when. Make one with
    `make_release`.
    """

    id: str
    definitions: Definitions

    @property
    def short_id(self) -> str:
        """The first twelve characters, for people."""
        return self.id[:12]

    def model(self, catalog: Catalog | None = None) -> Model:
        """What follows from the definitions, with what the plugins of `catalog` bring."""
        return Model(self.definitions, catalog or Catalog())

    def to_bytes(self) -> bytes:
        """The snapshot (MessagePack) that the Release store and the start-up cache keep."""
        return _ENCODER.encode(_Snapshot(format=FORMAT, id=self.id, definitions=self.definitions))

    @staticmethod
    def from_bytes(snapshot: bytes) -> "Release":
        """Read a snapshot; raises CorruptRelease where it is damaged or of another format."""
        try:
            with uncollected():
                read = _DECODER.decode(snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CorruptRelease(f"This is not a release snapshot: {error}.") from error
        if read.format != FORMAT:
            raise CorruptRelease(
                f"The snapshot has format {read.format}; this version reads {FORMAT}."
            )
        found = content_hash(read.definitions)
        if found != read.id:
            raise CorruptRelease(f"The snapshot is called {read.id} but its content is {found}.")
        return Release(id=read.id, definitions=read.definitions)


def make_release(definitions: Definitions) -> Release:
    """Name the definitions by their content."""
    return Release(id=content_hash(definitions), definitions=definitions)


def content_hash(definitions: Definitions) -> str:
    """SHA-256 over the canonical form.

    In which order files were read does not matter; the order within a definition does, as people
    see it (fields of a form, options of a select, states of a workflow). Keys that hold their
    default are left out, so that a key added to the language later renames no release.
    """
    canonical = Definitions(
        services=dict(sorted(definitions.services.items())),
        objects=dict(sorted(definitions.objects.items())),
        roles=dict(sorted(definitions.roles.items())),
        layouts=dict(sorted(definitions.layouts.items())),
        sequences=dict(sorted(definitions.sequences.items())),
    )
    digest = hashlib.sha256(b"objectry release %d\n" % FORMAT)
    digest.update(_ENCODER.encode(canonical))
    return digest.hexdigest()


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    id: str
    definitions: Definitions


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Snapshot)
