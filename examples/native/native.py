#!/usr/bin/env python3
"""A program on the user's machine, over HTTP, that goes through all three outcomes of a refresh.

    native.py login                     in the browser, by a code with PKCE (RFC 8252)
    native.py refresh                   allow
    native.py refresh --new-device      require: the tokens have been copied to another machine; asks for the code
    native.py refresh --as-another      deny: another program presents them
    native.py sessions                  where the user is signed in
    native.py logout                    the family ends, and the file goes

ISSUER and NATIVE_CLIENT_ID say to whom and as whom; --file is where the tokens are.
"""
from __future__ import annotations

import argparse
import dataclasses
import fcntl
import json
import os
import secrets
import sys
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parents[2] / "clients" / "python"))  # or: pip install pgtoken-client
from pgtoken_client import Allowed, Answer, Denied, HttpClient, PgtokenError, Required, Sent, Session, StoreError, Tokens, UnavailableError  # noqa: E402

DEFAULT_FILE = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "notes-cli.json"


class Kept:
    """A file that only its user reads: the tokens, and which device this is."""

    def __init__(self, path: Path):
        self.path = path

    def _read(self) -> dict:
        try:
            return json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}

    def _write(self, content: dict) -> None:
        """Whole or not at all, and on disk before anybody uses what it says."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def load(self) -> Tokens | None:
        tokens = self._read().get("tokens")
        return Tokens(**tokens) if tokens else None

    def store(self, tokens: Tokens | None) -> None:
        self._write({**self._read(), "tokens": tokens and dataclasses.asdict(tokens)})

    def device_id(self) -> str:
        """Made up once, so that a policy knows the device again."""
        content = self._read()
        if "device_id" not in content:
            content["device_id"] = str(uuid.uuid4())
            self._write(content)
        return content["device_id"]

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Among all processes of the user: two programs that start at once do not refresh with the same token."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_suffix(".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def login(client: HttpClient, kept: Kept, context: dict) -> Answer:
    answered: dict[str, str] = {}

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            here = {name: values[0] for name, values in parse_qs(url.query).items()}
            # only the answer to what was asked here; any page in the browser can call this address
            good = url.path == "/callback" and secrets.compare_digest(here.get("state", ""), state)
            self.send_response(200 if good else 404)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"Go back to the program." if good else b"Nothing here.")
            if good:
                answered.update(here)

        def log_message(self, *_: object) -> None:
            """Not the code."""

    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    with HTTPServer(("127.0.0.1", 0), Callback) as server:
        redirect_uri = f"http://127.0.0.1:{server.server_port}/callback"
        metadata = client.metadata()
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        print("Open in your browser:", metadata["authorization_endpoint"] + "?" + urlencode({
            "client_id": client_id(), "response_type": "code", "redirect_uri": redirect_uri, "state": state, "scope": "openid offline_access pgtoken:sessions",
            "code_challenge": challenge, "code_challenge_method": "S256"}), flush=True)
        while not answered:
            server.handle_request()
    # RFC 9207: the answer of this issuer, and no other's
    if answered.get("iss") != metadata["issuer"] or "code" not in answered:
        sys.exit(f"not logged in: {answered.get('error', 'that was another issuer')}")
    answer = client.redeem(context, answered["code"], redirect_uri, verifier)
    if isinstance(answer, Allowed):
        kept.store(answer.tokens)
    return answer


def step_up(client: HttpClient, session: Session, required: Required) -> Answer:
    """The user chooses a factor and proves it; then the same refresh goes on."""
    for number, factor in enumerate(required.allowed_factors):
        print(f"{number}: {factor.label or factor.type}")
    factor = required.allowed_factors[int(input("Which one? "))]
    while True:
        sent = client.challenge(required.transaction_id, factor.id)
        if not isinstance(sent, Sent) and sent.error != "slow_down":
            return sent
        answer = session.prove(required, factor.id, input("Code: "))
        # a wrong code: once more, as long as the transaction lives
        if not (isinstance(answer, Denied) and answer.transaction_over is False):
            return answer
        print("wrong code")


def client_id() -> str:
    return os.environ.get("NATIVE_CLIENT_ID", "notes-cli")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["login", "refresh", "sessions", "logout"])
    parser.add_argument("--new-device", action="store_true")
    parser.add_argument("--as-another", action="store_true")
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    arguments = parser.parse_args()

    kept = Kept(arguments.file)
    client = HttpClient(os.environ["ISSUER"], client_id(), user_agent="another/1.0" if arguments.as_another else "notes-cli/1.0")
    session = client.session(str(arguments.file), kept.load, kept.store, kept.lock)
    # over HTTP a program says these two of itself; the rest the issuer sees
    context = {"session_id": str(uuid.uuid4()), "device_id": str(uuid.uuid4()) if arguments.new_device else kept.device_id()}

    try:
        if arguments.command == "logout":
            session.revoke()
            arguments.file.unlink()
            print("logged out")
            return 0
        if arguments.command == "sessions":
            answer = session.tokens(context)
            if isinstance(answer, Allowed):
                for one in client.sessions(answer.tokens.access_token):
                    print("*" if one.current else " ", one.created_at.isoformat(timespec="minutes"), one.device or "", one.first_address or "")
                return 0
        else:
            answer = login(client, kept, context) if arguments.command == "login" else session.refresh(context)
            if isinstance(answer, Required):
                print("require")
                answer = step_up(client, session, answer)
    except (UnavailableError, StoreError) as error:
        print(f"{error}\nNothing is lost: try again.", file=sys.stderr)
        return 75
    except PgtokenError as error:
        print(error, file=sys.stderr)
        return 1

    if isinstance(answer, Allowed):
        print("allow")
        return 0
    print(f"{answer.status}: {answer.error}" if answer.status == "deny" else "require, again")
    return 1


if __name__ == "__main__":
    sys.exit(main())
