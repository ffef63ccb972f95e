"""The app factory: wires a runtime into the one ASGI app that a server runs."""

from objectry_runtime.api import Counted, Front, Gate, Traffic
from objectry_runtime.api.asgi import App
from objectry_runtime.services.runtime import Runtime


def create_app(runtime: Runtime) -> App:
    """The ASGI app of a runtime; its lifespan opens and closes the runtime's connections."""
    traffic = Traffic()

    def make_site() -> App:
        from objectry_runtime.api.site import build_site  # Litestar: half the time of a start

        return build_site(runtime)

    front = Front(runtime, traffic, make_site, runtime.running)
    return Counted(Gate(runtime, front), traffic)
