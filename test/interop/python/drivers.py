"""The drivers of Python: what docs/clients.md says of each, and examples/python."""
import asyncio
import json
import os
import uuid
from datetime import datetime, timezone

import asyncpg
import psycopg
from psycopg.types.json import Json, Jsonb

import tokens
from pgtoken_client import SqlClient
from tap import expect, run

SECRET = os.environ["LIBRARY_SECRET"]
API = os.environ["RESOURCE"]
SCOPE = "openid offline_access notes:read"


def connect() -> psycopg.Connection:
    return psycopg.connect()


PGTOKEN = SqlClient(connect, client_id="library", client_secret=SECRET)


def example_of_psycopg():
    with connect() as connection:
        for user_id in (uuid.uuid4(), 42, 2**40, "user-1"):
            answer = tokens.issue(PGTOKEN, user_id, SCOPE, resource=[API], claims={"tier": "gold"}, ip="192.0.2.1")
            claims = tokens.claims_of(connection, answer.access_token, API)
            expect(claims["sub"] == str(user_id) and claims["tier"] == "gold", "subject and claims")
        again = tokens.refresh(PGTOKEN, answer.refresh_token)
        expect(again.refresh_token != answer.refresh_token, "rotated")


def refused_and_rolled_back():
    """The fault: a framework rolls back when the view raises, and the family of a stolen token lives on."""
    with connect() as connection:
        first = tokens.issue(PGTOKEN, "user-1", SCOPE)
        second = tokens.refresh(PGTOKEN, first.refresh_token)
        third = tokens.refresh(PGTOKEN, second.refresh_token)
        connection.execute("SELECT 1")  # the view's own transaction
        try:
            tokens.refresh(PGTOKEN, first.refresh_token)
            expect(False, "reuse is refused")
        except tokens.Refused as refused:
            expect(refused.error == "invalid_grant", "with the error of the protocol")
            connection.rollback()  # as the framework does
        try:
            tokens.refresh(PGTOKEN, third.refresh_token)
            expect(False, "the family is over")
        except tokens.Refused as refused:
            expect(refused.error == "invalid_grant", "for good")


def other_types_of_psycopg():
    """What docs/clients.md says does not work: no function is found, or the value is none of the type."""
    call = "SELECT decision FROM pgtoken.issue_tokens('library', %s, 'notes:read', claims => %s, resource => %s, auth_time => %s)"
    good = ("user-1", Jsonb({}), [API], datetime.now(timezone.utc))
    with connect() as connection:
        expect(connection.execute(call, good).fetchone() == ("allow",), "the documented forms")
        for place, value, code in ((0, uuid.uuid4(), "42883"), (0, 42, "42883"), (1, Json({}), "42883"), (2, API, "22P02"), (3, 1700000000, "42883")):
            try:
                connection.execute(call, good[:place] + (value,) + good[place + 1:])
                expect(False, f"argument {place} is refused")
            except psycopg.Error as error:
                expect(error.sqlstate == code, f"argument {place}: {error.sqlstate}")
            connection.rollback()
        # a cast in the statement is the other way
        row = connection.execute("SELECT decision FROM pgtoken.issue_tokens('library', %s::text, 'notes:read')", (uuid.uuid4(),)).fetchone()
        expect(row == ("allow",), "a cast")


async def with_asyncpg():
    connection = await asyncpg.connect(host=os.environ["PGHOST"], port=os.environ["PGPORT"], user=os.environ["PGUSER"], database=os.environ["PGDATABASE"])
    try:
        call = "SELECT * FROM pgtoken.issue_tokens($1, $2, $3, resource => $4, auth_time => $5, claims => $6)"
        now = datetime.now(timezone.utc)
        row = await connection.fetchrow(call, "library", str(uuid.uuid4()), SCOPE, [API], now, json.dumps({"tier": "gold"}))
        expect(row["decision"] == "allow", "jsonb as text")
        try:
            await connection.fetchrow(call, "library", uuid.uuid4(), SCOPE, [API], now, "{}")
            expect(False, "a UUID is refused")
        except asyncpg.DataError:
            pass
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        row = await connection.fetchrow(call, "library", "user-1", SCOPE, [API], now, {"tier": "gold"})
        claims = await connection.fetchval("SELECT pgtoken.verify_access_token($1, $2)", row["access_token"], API)
        expect(claims["tier"] == "gold", "jsonb as a dict, once it has a codec")
    finally:
        await connection.close()


run("examples/python: subjects of other types, claims, refresh (psycopg)", example_of_psycopg)
run("examples/python: a refused reuse has ended the family, though the framework rolls back (psycopg)", refused_and_rolled_back)
run("psycopg: what does not work, and the forms that do", other_types_of_psycopg)
run("asyncpg: the forms that work", lambda: asyncio.run(with_asyncpg()))
