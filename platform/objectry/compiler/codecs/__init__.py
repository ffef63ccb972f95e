"""Codecs: JSON bodies → exact typed values and all their issues; values → parameters and JSON."""

from objectry.compiler.codecs.codec import Codec, Decoded, compile_codec
from objectry.compiler.codecs.issue import InvalidJson, Issue
from objectry.compiler.codecs.json_text import decode_json
from objectry.compiler.codecs.values import Json, to_json, to_text

__all__ = [
    "Codec",
    "Decoded",
    "InvalidJson",
    "Issue",
    "Json",
    "compile_codec",
    "decode_json",
    "to_json",
    "to_text",
]
