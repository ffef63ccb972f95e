"""A small editor: speaks the Language Server Protocol with yaml-language-server over stdio."""

import subprocess
from pathlib import Path
from threading import Timer
from typing import Any  # messages are JSON

import msgspec

Json = dict[str, Any]
PATIENCE_S = 60.0  # then the server is killed, and whoever waits for it is told


class Editor:
    """One server, and the documents opened in it. Each schema is known by the kind's folder."""

    def __init__(self, command: list[str], schemas: dict[str, Path]) -> None:
        """`schemas` are files by kind; a document `/<kind>/…` is read by that of its kind."""
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._watch = Timer(PATIENCE_S, self._process.kill)
        self._watch.start()
        self._settings = {
            "yaml": {
                "schemas": {file.as_uri(): [f"/{kind}/*"] for kind, file in schemas.items()},
                "schemaStore": {"enable": False},
                "completion": True,
                "validate": True,
            }
        }
        self._sent = 0
        self._found: dict[str, list[Json]] = {}
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": self._settings})

    def close(self) -> None:
        """Stop the server."""
        self._watch.cancel()
        self._process.kill()
        self._process.communicate()

    def open(self, kind: str, text: str) -> str:
        """Open a document of a kind and return its URI."""
        self._sent += 1
        uri = f"file:///{kind}/{self._sent}.yaml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def complete(self, kind: str, text: str) -> dict[str, str]:
        """What is offered at the `|` of a text: labels, each with its documentation."""
        before, _, after = text.partition("|")
        uri = self.open(kind, before + after)
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        asked = {"textDocument": {"uri": uri}, "position": position}
        answer = self._ask("textDocument/completion", asked)
        return {item["label"]: _text(item.get("documentation")) for item in answer["items"]}

    def mistakes(self, kind: str, text: str) -> list[str]:
        """What the editor underlines in a text."""
        uri = self.open(kind, text)
        while uri not in self._found:
            self._handle(self._receive())
        return [found["message"] for found in self._found[uri]]

    def _ask(self, method: str, params: Json) -> Any:
        self._sent += 1
        number = self._sent
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._handle(message)

    def _tell(self, method: str, params: Json) -> None:
        self._send({"method": method, "params": params})

    def _handle(self, message: Json) -> None:
        """Answer what the server asks, keep what it found."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._found[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            items = message["params"]["items"]
            settings = [self._settings.get(item["section"]) for item in items]
            self._send({"id": message["id"], "result": settings})
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})

    def _send(self, message: Json) -> None:
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Json:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline()) != b"\r\n":
            assert line, "the language server has ended"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: Json = msgspec.json.decode(stream.read(length))
        return message


def _text(documentation: Json | str | None) -> str:
    if isinstance(documentation, dict):
        return str(documentation["value"])
    return documentation or ""
