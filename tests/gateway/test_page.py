"""The examples of docs/api.md, run as they stand there, by a shell, against the real server."""

import asyncio
import json
import re
import shlex
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.kernel.database import open_pool
from gateway.context import Gateway
from tests.cli import zygote
from tests.cli.program import elsewhere, token_file
from tests.gateway.office import settings_for
from tests.gateway.served import served
from tests.office import person
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.staff_tokens import issue_token, staff_tokens

# ruff: noqa: F811 - fixtures are imported and asked for by name

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"HTTP/1\.1 (\d{3})")
TOOLS = ("bash", "curl", "openssl", "base64", "python3")
PROVIDER = "https://id.example.ac.jp"


@dataclass(frozen=True)
class Reader:
    """Somebody who has the page, a shell and what the institute gave."""

    environment: Mapping[str, str]
    folder: Path

    async def run(self, block: str, **given: str) -> str:
        """What a block prints; it has to end well."""
        script = f'iehe() {{ {shlex.join(zygote.words())} "$@"; }}\nset -eu\n{block}'
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script),
            cwd=self.folder,
            env={**self.environment, **given},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, (block, out.decode(), err.decode())
        return out.decode()


@pytest.fixture
async def provider() -> AsyncIterator[tuple[str, str]]:
    """An identity provider: where its keys are, and a token for the test centre."""
    private = Ed25519PrivateKey.generate()
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key()))
    keys = json.dumps({"keys": [public | {"kid": "k1", "alg": "EdDSA", "use": "sig"}]}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(keys)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + keys)
        await writer.drain()
        writer.close()

    now = datetime.now(UTC)
    claims = {"iss": PROVIDER, "aud": "iehe", "sub": "test-centre", "iat": now}
    token = jwt.encode(
        claims | {"exp": now + timedelta(minutes=5)}, private, algorithm="EdDSA", headers={"kid": "k1"}
    )
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys", token


@pytest.fixture
async def url(institute, database, client, ring, tmp_path) -> AsyncIterator[str]:
    """The gateway of an institute at work; its staff tokens are those of the embedded stack."""
    office = await open_pool(database.url("office"), size=5)
    staff = staff_tokens(settings_for(tmp_path / "home"))
    async with served(Gateway(office, client, ring, staff, "http://gateway", "http://ui")) as address:
        yield address
    await office.close()


@pytest.fixture
def reader(database, temporal, tmp_path) -> Reader:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"the examples of docs/api.md need {missing} on this machine"
    folder = tmp_path / "reader"
    folder.mkdir()
    environment = elsewhere(database, temporal, tmp_path / "home") | {"IEHE_LANGUAGE": "en"}
    return Reader(environment | {"PYTHONPATH": str(PAGE.parents[1])}, folder)


async def test_the_examples_of_the_page(institute, url, reader, provider, tmp_path, pool) -> None:
    """Every block works as it is printed: each event gets its 202 and its case, each decision its answer."""
    case = await institute.apply(person(application_no="A2027-000001"))
    await case.until_stage("completeness")
    keys_at, token = provider
    await pool.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES "
        "('admin-1', 'admin-1', 'admin-1@example.ac.jp', '{administrator}')"
    )
    # what follows is for the people of the Temporal UI, whose program the embedded stack does not bring
    text = PAGE.read_text().partition("## The Temporal UI")[0].replace(f"{PROVIDER}/keys", keys_at)
    given = {
        "URL": url,
        "TOKEN": token,
        "STAFF": issue_token(settings_for(tmp_path / "home"), "office-1", 1)[0],
        "KEY": str(reader.folder / "portal.pem"),
        "FOLDER": str(reader.folder),
        "IEHE_TOKEN_FILE": str(token_file(tmp_path / "home", "admin-1")),
    }
    told: list[tuple[str, list[str]]] = []
    functions = ""
    for kind, block in BLOCK.findall(text):
        if block.startswith("sign()"):
            functions = block
            continue
        printed = await reader.run(
            re.sub(r"^\$ ", "", block) if kind == "console" else functions + block, **given
        )
        if found := re.search(r"whsec_\S+", printed):
            given["SECRET"] = found[0]
        if found := re.search(r"whpk_\S+", printed):
            given["PUBLIC"] = found[0]
        told.append((block.split("\n", 1)[0], STATUS.findall(printed)))
        if "events send" in block:
            assert printed == f"202 stored: {url}/events?source=urn:example:portal&id=identity-000010\n"
        if 'as_staff "$URL/tasks' in block:
            assert case.case_id in printed

    statuses = [status for _, several in told for status in several]
    assert statuses == ["202", "202", "200", "202", "200", "202", "200", "200"], told
    stored = await pool.fetch("SELECT id, case_id FROM iehe.events ORDER BY id")
    assert {row["id"]: row["case_id"] for row in stored} == {
        "fee-000123": "admission/A2027-000001",
        "fee-000124": "admission/A2027-000002",
        "transcript-000009": "admission/A2027-000001",
        "identity-000010": "admission/A2027-000001",
        "score-77": "admission/A2027-000001",
    }
    assert (await case.row_())["outcome"] == "withdrawn"
