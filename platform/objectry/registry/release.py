"""A release: all definitions of a project, frozen, named by the hash of their content."""

import hashlib
from collections.abc import Mapping
from typing import get_args, get_type_hints

import msgspec

from objectry.metadata.model import Catalog, Definitions, Model
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.definitions import Def

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
    def from_bytes(snapshot: bytes, known: "Release | None" = None) -> "Release":
        """Read a snapshot; raises CorruptRelease where it is damaged or of another format.

        What `known` defines in the same words is not made again: two releases share it. Never holds
        the interpreter for long, so that a thread may do it beside an event loop.
        """
        try:
            read = _DECODER.decode(snapshot)
            if read.format != FORMAT:
                raise CorruptRelease(
                    f"The snapshot has format {read.format}; this version reads {FORMAT}."
                )
            found = _hash(read.definitions)
            if found != read.id:
                raise CorruptRelease(
                    f"The snapshot is called {read.id} but its content is {found}."
                )
            with uncollected():
                definitions = _whole(read.definitions, known)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CorruptRelease(f"This is not a release snapshot: {error}.") from error
        return Release(id=read.id, definitions=definitions)


def make_release(definitions: Definitions) -> Release:
    """Name the definitions by their content."""
    return Release(id=content_hash(definitions), definitions=definitions)


def content_hash(definitions: Definitions) -> str:
    """SHA-256 over the canonical form.

    In which order files were read does not matter; the order within a definition does, as people
    see it (fields of a form, options of a select, states of a workflow). Keys that hold their
    default are left out, so that a key added to the language later renames no release.
    """
    return _hash({kind: getattr(definitions, kind) for kind in definitions.__struct_fields__})


def _hash(kinds: Mapping[str, Mapping[str, object]]) -> str:
    """The hash of definitions by kind and name, as they are or as a snapshot holds them."""
    digest = hashlib.sha256(b"objectry release %d\n" % FORMAT)
    ordered = {
        kind: dict(sorted(kinds[kind].items()))
        for kind in Definitions.__struct_fields__
        if kinds.get(kind)
    }
    digest.update(_ENCODER.encode(ordered))
    return digest.hexdigest()


def _whole(packed: "_Packed", known: Release | None) -> Definitions:
    """The definitions, one decoded after the other."""
    kinds: dict[str, dict[str, Def]] = {}
    for kind, parts in packed.items():
        decoder = _DECODERS.get(kind)
        if decoder is None:
            raise CorruptRelease(f"This version knows no definitions of the kind `{kind}`.")
        there: dict[str, Def] = {} if known is None else getattr(known.definitions, kind)
        one: dict[str, Def] = {}
        for name, raw in parts.items():
            old = there.get(name)
            same = old is not None and _ENCODER.encode(old) == bytes(raw)
            one[name] = old if old is not None and same else decoder.decode(raw)
        kinds[kind] = one
    return msgspec.structs.replace(Definitions(), **kinds)


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    id: str
    definitions: Definitions


# By kind and name, every definition as the snapshot's bytes say it.
_Packed = dict[str, dict[str, msgspec.Raw]]


class _PackedSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    id: str
    definitions: _Packed


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_PackedSnapshot)
_DECODERS: dict[str, msgspec.msgpack.Decoder[Def]] = {
    kind: msgspec.msgpack.Decoder(get_args(hint)[1])
    for kind, hint in get_type_hints(Definitions).items()
}
