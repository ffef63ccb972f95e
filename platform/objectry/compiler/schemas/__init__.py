"""Schemas: JSON Schema of every object's shapes, OpenAPI 3.1 of every call."""

from objectry.compiler.schemas.document import openapi
from objectry.compiler.schemas.shapes import Visible, object_schemas
from objectry.metadata.types import Schema

__all__ = ["Schema", "Visible", "object_schemas", "openapi"]
