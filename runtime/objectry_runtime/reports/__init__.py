"""Declared reports and dashboards, run; print templates as HTML and PDF.

What a print worker imports (`worker environment formats pdf`) knows nothing of records or
databases; a module of this room is imported by its own name, so that the worker stays small.
"""
