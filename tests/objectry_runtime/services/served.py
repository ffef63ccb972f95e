"""A small app on a server of ours, as a process: `python served.py SERVER LOOP START`.

Says on its output what happens, a line each. LOOP is `uvloop` or `plain`; START is `starts` or
`fails`.
"""

import asyncio
import sys

from objectry_runtime.api.asgi import Message, Receive, Scope, Send
from objectry_runtime.services import server


def say(text: str) -> None:
    print(text, flush=True)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes bodies; `/slow` takes a while."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            say("gone")
            return
        part = message.get("body", b"")
        assert isinstance(part, bytes)
        body, more = body + part, bool(message.get("more_body", False))
    if scope["path"] == "/slow":
        say("slow")
        await asyncio.sleep(0.5)
    if scope["path"] == "/scope":
        body = repr((scope["raw_path"], scope["query_string"], scope["path"])).encode()
    if scope["path"] == "/headers":
        body = repr(scope["headers"]).encode()
    headers = [(b"content-length", b"%d" % len(body)), (b"x-own", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Receive, send: Send) -> None:
    message: Message = await receive()
    assert message["type"] == "lifespan.startup"
    if sys.argv[3] == "fails":
        await send({"type": "lifespan.startup.failed", "message": "no"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    say("shut down")
    await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    if sys.argv[2] == "plain":
        server.loop_factory = lambda: None
    with server.bind("127.0.0.1", 0) as listener:
        say(str(listener.getsockname()[1]))
        was_ready = server.run(app, listener, lambda: say("ready"), sys.argv[1])
    say(f"ended {was_ready}")


if __name__ == "__main__":
    main()
