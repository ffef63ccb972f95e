"""The app factory: wires a runtime into the one ASGI app that a server runs."""

from objectry_runtime.api import Counted, Gate, Traffic, build_site
from objectry_runtime.api.asgi import App
from objectry_runtime.services.runtime import Runtime


def create_app(runtime: Runtime) -> App:
    """The ASGI app of a runtime; its lifespan opens and closes the runtime's connections."""
    traffic = Traffic()
    return Counted(Gate(runtime, build_site(runtime, traffic, runtime.running)), traffic)
