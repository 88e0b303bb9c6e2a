"""What the library does while answers are lost: before a service that loses them, which is here.

    python3 -m unittest discover -s clients/python/tests
"""
import asyncio
import contextlib
import json
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

sys.path.insert(0, str(Path(__file__).parents[1]))
from pgtoken_client import (AsyncClient, HttpClient, PgtokenError, RefusedError, SqlClient, StoreError, Tokens, UnavailableError, assertion,  # noqa: E402
                            client_secret_basic, context_from_browser)

QUICK = {"attempts": 3, "delay": 0.001, "patience": 600}


class Service:
    """One family that rotates as pgtoken does: the predecessor gets the same successor, what is older ends it."""

    def __init__(self):
        self.got = []       # paths that were asked for
        self.seen = []      # (parameters, headers) of each request
        self.faults = []    # of the next answers: a name, or (status, json, headers)
        self.metadata = {}    # besides
        self.at = 0
        self.now = self.most = 0
        self.guard = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self, status, text, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_GET(self):
                if self.path.startswith("/.well-known/"):
                    return self.answer(200, json.dumps({"issuer": service.issuer, "token_endpoint": f"{service.issuer}/token", **service.metadata}))
                service.got.append(self.path)
                return self.answer(401, "", WWW_Authenticate='Bearer error="invalid_token"')

            def do_POST(self):
                parameters = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                with service.guard:
                    service.now += 1
                    service.most = max(service.most, service.now)
                    service.seen.append((parameters, self.headers))
                    fault = service.faults.pop(0) if service.faults else None
                    if isinstance(fault, tuple):
                        status, data, headers = fault
                    else:
                        status, data = service.judge(parameters)
                        headers = {}
                time.sleep(0.005)
                with service.guard:
                    service.now -= 1
                text = json.dumps(data)
                if fault == "broken":
                    self.close_connection = True
                elif fault == "half":
                    self.answer(status, text[:20])
                elif fault == "proxy":
                    self.answer(502, "<h1>Bad gateway</h1>")
                elif fault == "busy":
                    self.answer(503, '{"error": "temporarily_unavailable"}', Retry_After="0")
                elif fault == "hotspot":
                    self.answer(200, "<form>Log in to our hotspot</form>")
                else:
                    self.answer(status, text, **headers)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def judge(self, parameters):
        presented = int(parameters.get("refresh_token", "token-0").removeprefix("token-"))
        if self.at is None or presented < self.at - 1:
            self.at = None
            return 400, {"error": "invalid_grant"}
        if presented == self.at:
            self.at += 1
        return 200, {"access_token": f"access-{self.at}", "token_type": "Bearer", "expires_in": 300, "refresh_token": f"token-{self.at}"}


class Place:
    """Where a session's tokens are kept."""

    def __init__(self):
        self.kept = Tokens.to_refresh("token-0")
        self.stored = 0

    def load(self):
        return self.kept

    def store(self, tokens):
        self.kept = tokens
        self.stored += 1


class OverHttp(unittest.TestCase):
    def setUp(self):
        self.service = Service()
        self.addCleanup(self.service.server.server_close)
        self.addCleanup(self.service.server.shutdown)

    def client(self, *faults, **options):
        self.service.faults = list(faults)
        return HttpClient(self.service.issuer, "c", **{"timeout": 600, **QUICK, **options})

    def at_once(self, client, ask, waiting):
        """Ten calls, none of which goes on before all of them wait."""
        with ThreadPoolExecutor(10) as pool:
            with client._locks("session u"):
                asked = [pool.submit(ask, n) for n in range(10)]
                while not waiting():
                    time.sleep(0.001)
            return [one.result() for one in asked]

    # the fault: the token was consumed, and the client never hears of its successor
    def test_asks_again_with_the_same_token(self):
        for fault in ("broken", "proxy", "busy", "half", "hotspot"):
            with self.subTest(fault):
                self.service.at, self.service.seen = 0, []
                answer = self.client(fault, fault).refresh({"session_id": "s", "device_id": "d"}, "token-0")
                self.assertEqual(answer.tokens.refresh_token, "token-1")
                self.assertEqual([parameters for parameters, _ in self.service.seen], [self.service.seen[0][0]] * 3)

    # the fault: a session that is thrown away since a server was down for a moment
    def test_keeps_the_token_when_no_answer_comes_at_all(self):
        client, place = self.client("busy", "busy", "busy"), Place()
        session = client.session("u", place.load, place.store)
        with self.assertRaises(UnavailableError):
            session.refresh({})
        self.assertEqual(place.kept.refresh_token, "token-0")
        self.assertEqual(session.refresh({}).tokens.refresh_token, "token-1")

    # the fault: retries that go on until the window has closed, so that a lost answer becomes reuse
    def test_begins_no_attempt_after_its_patience(self):
        client = self.client((503, {}, {"Retry_After": "2"}), attempts=9, patience=1)
        with self.assertRaises(UnavailableError) as raised:
            client.refresh({}, "token-0")
        self.assertEqual(raised.exception.attempts, 1)

    # the race: a page with twenty requests, and each refreshes
    def test_refreshes_once_for_all(self):
        client, place = self.client(), Place()
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: client.session("u", place.load, place.store).tokens({}), range(20)))
        self.assertEqual({answer.tokens.access_token for answer in answers}, {"access-1"})
        self.assertEqual((len(self.service.seen), place.stored), (1, 1))

    # the race: ten want tokens, a factor is required, and each new transaction ends the one that the user is answering
    def test_has_one_transaction_for_all_who_wait(self):
        required = (403, {"error": "mfa_required", "transaction_id": "t", "expires_in": 300, "factors": []}, {})
        client, place = self.client(*[required] * 10), Place()
        answers = self.at_once(client, lambda _: client.session("u", place.load, place.store).tokens({"session_id": "s"}),
                               lambda: any(len(asked._condition._waiters) == 9 for asked in client._in_flight.values()))
        self.assertEqual(({answer.status for answer in answers}, len(self.service.seen)), ({"require"}, 1))

    # the fault: the service is away, and of those who queue the last waits for the patience of all
    def test_tells_all_who_wait_that_the_service_is_away(self):
        client, place = self.client(*["busy"] * 90), Place()

        def ask(n):
            try:
                return client.session("u", place.load, place.store).tokens({"n": n}).status
            except UnavailableError:
                return "away"
        answers = self.at_once(client, ask, lambda: client._locks._queues["session u"].users == 11)
        self.assertEqual((set(answers), len(self.service.seen)), ({"away"}, 3))

    # the attack: a thief asks at the moment when the owner does, and gets what he was judged by
    def test_asks_for_itself_whoever_comes_with_another_context(self):
        client = self.client()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda device: client.refresh({"device_id": device}, "token-0"), "abc"))
        self.assertEqual(sorted(parameters["device_id"] for parameters, _ in self.service.seen), ["a", "b", "c"])
        self.assertEqual(self.service.most, 1)

    # the fault: the successor is used, the disk is full, and after a restart the old token is reuse
    def test_hands_out_nothing_that_could_not_be_stored(self):
        client, place = self.client(), Place()

        def full(_):
            raise OSError("disk full")
        with self.assertRaises(StoreError):
            client.session("u", place.load, full).tokens({})
        self.assertEqual(client.session("u", place.load, place.store).tokens({}).tokens.refresh_token, "token-1")

    # the fault: a policy's no costs the session; the fault the other way round: a dead token is presented for ever
    def test_forgets_the_token_after_invalid_grant_alone(self):
        errors = ["access_denied", "expired_token", "invalid_client", "invalid_grant"]
        client, place = self.client(*((400, {"error": error}, {}) for error in errors)), Place()
        session = client.session("u", place.load, place.store)
        for error in errors[:-1]:
            self.assertEqual((session.refresh({}).error, place.kept.refresh_token), (error, "token-0"))
        self.assertTrue(session.refresh({}).over)
        self.assertIsNone(place.kept)

    # the fault: the answer to the proof is lost, and the user who has typed his code well is sent away
    def test_goes_on_where_nobody_knows_whether_the_evidence_has_arrived(self):
        required = (403, {"error": "mfa_required", "transaction_id": "t", "expires_in": 300, "factors": [{"factor_id": "f", "factor_type": "totp"}]}, {})
        client, place = self.client(required, "broken"), Place()
        session = client.session("u", place.load, place.store)
        answer = session.refresh({"session_id": "s"}, scope="openid")
        self.assertEqual((answer.status, place.kept.refresh_token), ("require", "token-0"))
        self.assertEqual(session.prove(answer, "f", "123456").status, "allow")
        again = self.service.seen[-1][0]
        self.assertEqual((again["transaction_id"], again["session_id"], again["scope"], len(self.service.seen)), ("t", "s", "openid", 3))

    # the fault: a retry repeats a proof or an assertion, which is good once
    def test_proves_anew_for_each_attempt(self):
        made = []

        def proof(method, url, nonce, access_token):
            made.append((method, url, nonce))
            return f"proof-{len(made)}"
        client = self.client((400, {"error": "use_dpop_nonce"}, {"DPoP_Nonce": "n-1"}), "broken", dpop=proof,
                             authentication=assertion(lambda client_id, issuer: f"assertion-{len(made)}"))
        self.assertEqual(client.refresh({}, "token-0").status, "allow")
        self.assertEqual([nonce for _, _, nonce in made], [None, "n-1", "n-1"])
        self.assertEqual([headers["DPoP"] for _, headers in self.service.seen], ["proof-1", "proof-2", "proof-3"])
        self.assertEqual(len({parameters["client_assertion"] for parameters, _ in self.service.seen}), 3)

    # the attack: a redirect, metadata or a typing error leads the token to somebody else
    def test_sends_a_token_nowhere_but_to_its_issuer(self):
        other = Service()
        self.addCleanup(other.server.server_close)
        self.addCleanup(other.server.shutdown)
        client = self.client(*[(302, {}, {"Location": f"{other.issuer}/token"})] * 3)
        with self.assertRaises(UnavailableError):
            client.refresh({}, "token-0")
        self.assertEqual((other.seen, other.got), ([], []))
        with self.assertRaisesRegex(Exception, "another issuer"):
            HttpClient(f"{self.service.issuer}/", "c", **QUICK).refresh({}, "token-0")
        with self.assertRaises(ValueError):
            HttpClient("http://login.example.com", "c")
        # Attack shut out: metadata name an endpoint to which the token would go for all on the way to read
        for name in ("token_endpoint", "revocation_endpoint"):
            for url in ("http://login.example.com/", "ftp://localhost/", "/token", None):
                self.service.metadata = {name: url}
                with self.assertRaisesRegex(PgtokenError, f"{name} that is no https URL"):
                    self.client().refresh({}, "token-0")

    def test_takes_no_figure_for_a_number_of_seconds(self):
        # Attack shut out: a Retry-After of a figure that is no digit is an error of its own, which no caller expects
        client = self.client((503, {}, {"Retry_After": "\xb2"}))
        self.assertEqual(client.refresh({}, "token-0").status, "allow")

    def test_tells_what_sessions_were_refused_for_and_who_asked(self):
        client = self.client(authentication=client_secret_basic("s:1"))
        with self.assertRaises(RefusedError) as raised:
            client.sessions("no token")
        self.assertEqual((raised.exception.error, raised.exception.status), ("invalid_token", 401))
        client.refresh({}, "token-0")
        self.assertEqual(self.service.seen[0][1]["Authorization"], "Basic YzpzJTNBMQ==")

    def test_is_the_same_for_asyncio(self):
        place = Place()

        async def twenty():
            session = AsyncClient(self.client()).session("u", place.load, place.store)
            return await asyncio.gather(*(session.tokens({}) for _ in range(20)))
        self.assertEqual({answer.tokens.access_token for answer in asyncio.run(twenty())}, {"access-1"})
        self.assertEqual(len(self.service.seen), 1)


class OverSql(unittest.TestCase):
    # the fault: a connection that ends while the statement commits
    def test_asks_again_what_passes_by_itself_and_nothing_else(self):
        class OperationalError(Exception):
            pass

        class Broken(Exception):
            sqlstate = "22023"

        row = {"decision": "allow", "access_token": "a", "token_type": "Bearer", "expires_in": 1, "refresh_token": "r", "id_token": None, "scope": None, "grant_id": "g"}

        class Connection:
            def __init__(self, problems):
                self.problems = problems

            def cursor(self):
                return self

            description = [(name,) for name in row]

            def execute(self, *_):
                pass

            def fetchall(self):
                return [tuple(row.values())]

            def commit(self):
                if self.problems:
                    raise self.problems.pop()

        def asked(*problems):
            left, n = list(problems), []

            @contextlib.contextmanager
            def connect():
                n.append(1)
                yield Connection(left)
            try:
                return SqlClient(connect, **QUICK).refresh({}, "token").status, len(n)
            except Exception as error:
                return type(error).__name__, len(n)
        self.assertEqual(asked(OperationalError(), OSError()), ("allow", 3))
        self.assertEqual(asked(Broken()), ("Broken", 1))
        self.assertEqual(asked(*[OperationalError()] * 3), ("UnavailableError", 3))


class OfABrowser(unittest.TestCase):
    # the attack: the browser says that it is at home, and no risk at all; or what makes the statement fail
    def test_is_believed_only_what_it_may_say(self):
        said = {"ip": "192.0.2.1", "latitude": "x", "risk_score": 0, "user_agent": "mine", "session_id": "s", "device_id": "x" * 257, "collected_at": True,
                "time_zone": "Europe/Berlin", "languages": ["de", 7, "x" * 36], "client_hints": {"platform": "Linux", "mobile": "yes", "brands": ["b"] * 40}}
        self.assertEqual(context_from_browser(said, ip="203.0.113.5", user_agent=None), {
            "ip": "203.0.113.5", "session_id": "s", "time_zone": "Europe/Berlin", "languages": ["de"],
            "client_hints": {"platform": "Linux", "brands": ["b"] * 16}})
        for nothing in (None, "x", 7, []):
            self.assertEqual(context_from_browser(nothing), {})

    def test_tokens_are_in_no_log(self):
        self.assertNotIn("secret", repr(Tokens("secret-1", "Bearer", 1, 1.0, "secret-2", "secret-3")))


if __name__ == "__main__":
    unittest.main()
