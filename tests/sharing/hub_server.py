"""A server on this machine that speaks as much of the Hugging Face Hub's language as a push needs."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_tests"
LARGE = ".whl"


class Hub(ThreadingHTTPServer):
    """Repositories by their names.

    repositories (dict[str, bool]): Whether each is private.
    branches (list[str]): Those that were made.
    commits (list[dict[str, Any]]): `repo_id`, `branch`, `summary` and `files`.
    large (dict[str, bytes]): Contents that were stored apart, by their hashes.
    refuses (str): What is said to every commit, if anything.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, bool] = {}
        self.branches: list[str] = []
        self.commits: list[dict[str, Any]] = []
        self.large: dict[str, bytes] = {}
        self.refuses = ""

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve() -> Iterator[Hub]:
    """Serve as long as the block lasts."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Of a repository: whether it is private."""
        name = self.path.removeprefix("/api/models/").partition("?")[0].partition("/revision")[0]
        if name not in self.server.repositories:
            self._answer(404, {"error": "Repository not found"})
            return
        private = self.server.repositories[name]
        self._answer(
            200, {"id": name, "private": private, "tags": [], "siblings": [], "downloads": 0, "likes": 0}
        )

    def do_PUT(self) -> None:
        """A large file."""
        self.server.large[self.path.rpartition("/")[2]] = self._body()
        self._answer(200, {})

    def do_POST(self) -> None:
        """Everything else."""
        body = self._body()
        path = self.path.partition("?")[0]
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" and "lfs" not in path:
            self._answer(401, {"error": "Invalid username or password."})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            self._answer(200, {"errors": [], "warnings": []})
        elif "/branch/" in path:
            self.server.branches.append(path.rpartition("/")[2])
            self._answer(200, {})
        elif "/preupload/" in path:
            files = [self._mode(one["path"]) for one in json.loads(body)["files"]]
            self._answer(200, {"files": files})
        elif path.endswith("/info/lfs/objects/batch"):
            self._answer(
                200, {"transfer": "basic", "objects": [self._place(o) for o in json.loads(body)["objects"]]}
            )
        else:
            self._commit(path, body)

    def _create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted['organization']}/{wanted['name']}"
        url = f"{self.server.address}/{name}"
        if name in self.server.repositories:
            self._answer(409, {"error": "You already created this model repo", "url": url})
            return
        self.server.repositories[name] = bool(wanted.get("private"))
        self._answer(200, {"url": url})

    def _mode(self, path: str) -> dict[str, Any]:
        return {
            "path": path,
            "uploadMode": "lfs" if path.endswith(LARGE) else "regular",
            "shouldIgnore": False,
        }

    def _place(self, wanted: dict[str, Any]) -> dict[str, Any]:
        href = f"{self.server.address}/large/{wanted['oid']}"
        return {"oid": wanted["oid"], "size": wanted["size"], "actions": {"upload": {"href": href}}}

    def _commit(self, path: str, body: bytes) -> None:
        if self.server.refuses:
            self._answer(400, {"error": self.server.refuses})
            return
        repo_id, _, branch = path.removeprefix("/api/models/").partition("/commit/")
        commit: dict[str, Any] = {"repo_id": repo_id, "branch": branch, "files": {}}
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                commit["summary"] = value["summary"]
            elif entry["key"] == "file":
                commit["files"][value["path"]] = base64.b64decode(value["content"])
            else:
                commit["files"][value["path"]] = self.server.large[value["oid"]]
        self.server.commits.append(commit)
        url = f"{self.server.address}/{repo_id}/commit/abc"
        self._answer(200, {"success": True, "commitOid": "abc", "commitUrl": url, "hookOutput": ""})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline().strip(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
