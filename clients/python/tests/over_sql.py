"""Over SQL, against a pgtoken that is there: CLIENT_ID is a public client with the scopes openid and notes:read, judged by a
policy that requires a factor on an unknown device; SUBJECT has a factor by mail.  Says "done" at its end.
"""
import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))
from pgtoken_client import SqlClient  # noqa: E402

HERE, AWAY = {"device_id": "d-1"}, {"device_id": "d-2"}
subject = os.environ["SUBJECT"]
client = SqlClient(psycopg.connect, client_id=os.environ["CLIENT_ID"])

issued = client.issue(HERE, subject, "openid offline_access notes:read", auth_time=datetime.now(timezone.utc), amr=["pwd"], claims={"tier": "gold"},
                      session_id="here", lifetime=3600)
place = [issued.tokens]
session = client.session("u", lambda: place[-1], place.append)
assert session.refresh(HERE, max_age=600).status == "allow"
required = session.refresh(AWAY)
assert required.status == "require" and required.allowed_factors[0].type == "email"
code = client.challenge(required.transaction_id, required.allowed_factors[0].id).code
wrong = session.prove(required, required.allowed_factors[0].id, "wrong")
assert (wrong.error, wrong.transaction_over, wrong.over) == ("invalid_grant", False, False)
assert session.prove(required, required.allowed_factors[0].id, code).status == "allow"
assert [(one.id, one.current) for one in client.sessions(subject, current="here")] == [("here", True)]

# the attack: a stolen token is presented, and the answer's transaction is rolled back by whoever answers 401
assert client.refresh(HERE, issued.tokens.refresh_token).over
assert session.refresh(HERE).over and place[-1] is None, "the reuse has ended the family"
with psycopg.connect() as connection:
    connection.execute("SELECT 1")
    try:
        SqlClient(lambda: connection).refresh(HERE, issued.tokens.refresh_token)
        raise AssertionError("a transaction of somebody else's")
    except TypeError as error:
        assert "transaction of yours" in str(error)

other = client.issue({}, subject, "offline_access notes:read", session_id="there").tokens.refresh_token
client.end_session(subject, "there")
assert client.refresh({}, other).over
last = client.issue({}, subject, "offline_access notes:read").tokens.refresh_token
client.revoke(last)
assert client.refresh({}, last).over
print("done")
