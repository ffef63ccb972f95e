"""Topology and settings: the app factory that wires everything."""
