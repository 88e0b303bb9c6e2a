"""pgtoken as an ASGI application, by itself or mounted in another behind its own routes.

    python3 -m uvicorn --no-proxy-headers --no-access-log pgtoken_asgi:app

PGHOST, PGDATABASE and so on say where the database is.  The server must not believe
X-Forwarded-For, as uvicorn does without that option: with proxied=True, or
PGTOKEN_PROXIED=on, it is the database that reads it.  Its log of accesses would have
query strings, which hold secrets; log="json" (PGTOKEN_LOG=json) writes what failed as one
object a line.  request_id_header, PGTOKEN_REQUEST_ID_HEADER: of such a proxy, by which it
has logged the request.
"""
import asyncio
import json
import logging
import os
import re
import secrets
import time
import uuid

import psycopg
from psycopg_pool import AsyncConnectionPool

BODY_LIMIT = 64 * 1024  # of what is longer the database wants to see that it is
PATIENCE = 5000  # milliseconds that a request waits for its turn, in all
HANDLE = """SELECT status, headers, body
    FROM pgtoken_http.handle(%s::text, %s::text, %s::text[], %s::bytea, %s::jsonb)"""


def said(status, content, *headers):
    return status, ["Content-Type", "application/json", "Cache-Control", "no-store", *headers], json.dumps(content).encode()


def problem(status, error, description, *headers):
    return said(status, {"error": error, "error_description": description}, *headers)


UNAVAILABLE = problem(503, "temporarily_unavailable", "the server cannot answer now, but may soon", "Retry-After", "5")
BROKEN = problem(500, "server_error", "the server could not answer this request")
# of who runs the service (docs/metrics.md): what the database cannot say when it is away
LIVE = said(200, {"live": True})
NOT_READY = said(503, {"ready": False, "missing": ["database"], "late": []}, "Retry-After", "5")


def new_id():
    """A UUIDv7."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    number = number & ~(0xF000 << 64) & ~(0xC000 << 48) | (0x7000 << 64) | (0x8000 << 48)
    return str(uuid.UUID(int=number))


class PgToken:
    def __init__(self, conninfo="", proxied=False, request_id_header="", log="text", **pool):
        user = {} if "user=" in conninfo else {"user": os.environ.get("PGUSER", "authenticator")}
        self.pool = AsyncConnectionPool(conninfo, open=False, **{"timeout": 10, "kwargs": {"autocommit": True, **user}, **pool})
        self.proxied = proxied
        self.request_id_header = request_id_header.lower().encode("latin-1")
        self.log = log

    async def ask(self, *values):
        waited = 0
        while True:
            async with self.pool.connection() as connection:
                answer = await (await connection.execute(HANDLE, values, prepare=True)).fetchone()
            if answer[0] != 0:
                return answer
            if "Shard" in answer[1]:  # another shard's, which is not known here
                return UNAVAILABLE
            wait = int(answer[1][answer[1].index("Wait") + 1])
            waited += max(wait, 1)
            if waited > PATIENCE:
                return UNAVAILABLE
            await asyncio.sleep(wait / 1000)

    def id_of(self, headers):
        said = [value for name, value in headers if self.proxied and name == self.request_id_header]
        text = said[0].decode("latin-1") if len(said) == 1 else ""
        return text if re.fullmatch(r"[A-Za-z0-9._~:/+=@;-]{1,100}", text) else new_id()

    def complain(self, request, request_id, why):
        """Nothing of a query, header or body."""
        log = logging.getLogger("pgtoken")
        path = request["raw_path"].decode("latin-1")  # nothing decoded, so that it stays on its line
        if self.log != "json":
            log.error("%s %s: %s (request %s)", request["method"], path, why, request_id)
            return
        parent = dict(request["headers"]).get(b"traceparent", b"").decode("latin-1")
        trace = re.match("[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)", parent)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        log.error("%s", json.dumps({"time": now, "level": "error", "program": "pgtoken", "message": "request", "request_id": request_id,
                                    "trace_id": trace and trace[1], "method": request["method"], "path": path, "error": why}))

    async def answer(self, request, body):
        if request["path"] == "/live" and request["method"] in ("GET", "HEAD"):
            return LIVE
        target = request["raw_path"] + (b"?" + request["query_string"] if request["query_string"] else b"")
        headers = [octets.decode("latin-1") for header in request["headers"] for octets in header]
        request_id = self.id_of(request["headers"])
        peer = {"address": request["client"][0] if request.get("client") else None, "proxied": self.proxied, "request_id": request_id}
        try:
            return await self.ask(request["method"], target.decode("latin-1"), headers, body, json.dumps(peer))
        except psycopg.Error as error:
            state = error.sqlstate or ""
            self.complain(request, request_id, f"{state} {error.diag.message_primary or error}".strip())
            if isinstance(error, psycopg.OperationalError):
                await self.pool.check()  # where one connection has broken, others have
            # a race, a server that goes down or comes up; no connection
            passes = re.match("40001|40P01|53|57P0", state) if state else isinstance(error, psycopg.OperationalError)
            status, headers, body = NOT_READY if request["path"] == "/ready" else UNAVAILABLE if passes else BROKEN
            return status, [*headers, "X-Request-Id", request_id], body

    async def __call__(self, request, receive, send):
        if request["type"] == "lifespan":
            for step in "startup", "shutdown":
                await receive()
                if step == "shutdown":
                    await self.pool.close()
                await send({"type": f"lifespan.{step}.complete"})
        if request["type"] != "http":
            return
        if self.pool.closed:
            await self.pool.open()
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body = (body + message.get("body", b""))[: BODY_LIMIT + 1]
            more = message.get("more_body", False)
        status, parts, body = await self.answer(request, body)
        headers = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in zip(parts[::2], parts[1::2])]
        if status != 204:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request["method"] == "HEAD" else body})


app = PgToken(proxied=os.environ.get("PGTOKEN_PROXIED") == "on", request_id_header=os.environ.get("PGTOKEN_REQUEST_ID_HEADER", ""),
              log=os.environ.get("PGTOKEN_LOG", "text"))
