"""An identity provider on this machine: it publishes keys over HTTP and issues tokens."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER, AUDIENCE, SUBJECT = "https://id.example.ac.jp", "iehe", "test-centre"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS: dict[str, Any] = {
    "RS256": RSA_KEY,
    "PS256": RSA_KEY,
    "RS384": RSA_KEY,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """What it publishes is `content`; `away` makes it answer 503; `asked` counts the requests."""

    def __init__(self) -> None:
        self.content: bytes = b"{}"
        self.away, self.asked = False, 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(503 if issuer.away else 200)
                self.send_header("content-length", str(len(issuer.content)))
                self.end_headers()
                self.wfile.write(issuer.content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/keys"

    def publish(self, **algorithms: str) -> None:
        """Publish the key of an algorithm under each kid."""
        self.content = json.dumps({"keys": [public(kid, name) for kid, name in algorithms.items()]}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def public(kid: str, algorithm: str) -> dict[str, Any]:
    """A public key as it is published."""
    key = KEYS[algorithm].public_key()
    as_dict = jwt.get_algorithm_by_name(algorithm).to_jwk(key, as_dict=True)
    return {**as_dict, "kid": kid, "alg": algorithm, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in said.items() if value is not None}


def token(algorithm: str = "RS256", kid: str | None = "a", **changes: Any) -> str:
    """A token; a claim that is None is left out."""
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims(**changes), KEYS[algorithm], algorithm=algorithm, headers=headers)


def by_hand(header: dict[str, Any], secret: bytes | None = None) -> str:
    """A token as no library would issue it: unsigned, or HS256 with the bytes of a public key."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims())]
    content = b".".join(parts)
    signature = hmac.digest(secret, content, hashlib.sha256) if secret else b""
    return (content + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def pem(algorithm: str) -> bytes:
    """The public key as text, which an attacker has too."""
    public_bytes: bytes = (
        KEYS[algorithm].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return public_bytes
