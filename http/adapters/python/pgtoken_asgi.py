"""pgtoken as an ASGI application, by itself or mounted in another behind its own routes.

    python3 -m uvicorn --no-proxy-headers --no-access-log pgtoken_asgi:app

PGHOST, PGDATABASE and so on say where the database is.  The server must not believe
X-Forwarded-For, as uvicorn does without that option: with proxied=True, or
PGTOKEN_PROXIED=on, it is the database that reads it.  Its log of accesses would have
query strings, which hold secrets.
"""
import asyncio
import json
import logging
import os
import re

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


class PgToken:
    def __init__(self, conninfo="", proxied=False, **pool):
        user = {} if "user=" in conninfo else {"user": os.environ.get("PGUSER", "authenticator")}
        self.pool = AsyncConnectionPool(conninfo, open=False, **{"timeout": 10, "kwargs": {"autocommit": True, **user}, **pool})
        self.proxied = proxied

    async def ask(self, *values):
        waited = 0
        while True:
            async with self.pool.connection() as connection:
                answer = await (await connection.execute(HANDLE, values, prepare=True)).fetchone()
            if answer[0] != 0:
                return answer
            wait = int(answer[1][answer[1].index("Wait") + 1])
            waited += max(wait, 1)
            if waited > PATIENCE:
                return UNAVAILABLE
            await asyncio.sleep(wait / 1000)

    async def answer(self, request, body):
        if request["path"] == "/live" and request["method"] in ("GET", "HEAD"):
            return LIVE
        target = request["raw_path"] + (b"?" + request["query_string"] if request["query_string"] else b"")
        headers = [octets.decode("latin-1") for header in request["headers"] for octets in header]
        peer = {"address": request["client"][0] if request.get("client") else None, "proxied": self.proxied}
        try:
            return await self.ask(request["method"], target.decode("latin-1"), headers, body, json.dumps(peer))
        except psycopg.Error as error:
            state = error.sqlstate or ""
            logging.getLogger("pgtoken").error("%s %s: %s %s", request["method"], request["path"], state, error.diag.message_primary or error)
            if isinstance(error, psycopg.OperationalError):
                await self.pool.check()  # where one connection has broken, others have
            # a race, a server that goes down or comes up; no connection
            passes = re.match("40001|40P01|53|57P0", state) if state else isinstance(error, psycopg.OperationalError)
            if request["path"] == "/ready":
                return NOT_READY
            return UNAVAILABLE if passes else BROKEN

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


app = PgToken(proxied=os.environ.get("PGTOKEN_PROXIED") == "on")
