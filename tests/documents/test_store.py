"""The store: a folder and an S3 server, one port."""

import stat
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from obstore.store import S3Store

from activities.kernel.document_store import DocumentStore, StoreAway, new_key, open_store
from embedded.ports import free_port
from workers.documents import document_store
from workers.settings import Settings, SettingsError

KEYS = {"access_key_id": "sample", "secret_access_key": "sample", "region": "us-east-1"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server on this machine with a bucket, over real HTTP; its address."""
    server = ThreadedMotoServer(port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    secrets = {"aws_access_key_id": "sample", "aws_secret_access_key": "sample"}
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", **secrets).create_bucket(Bucket="kept")
    yield address
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def each(request: pytest.FixtureRequest, tmp_path: Path) -> DocumentStore:
    """One store after the other."""
    if request.param == "folder":
        return open_store(tmp_path.as_uri(), {})
    address = request.getfixturevalue("s3")
    return open_store(f"s3://kept/{tmp_path.name}", KEYS | {"endpoint": address})


async def lying(store: DocumentStore, home: str = "common") -> set[str]:
    return {key async for page in store.lying(home) for key in page}


async def test_what_is_put_is_got_listed_and_deleted(each: DocumentStore) -> None:
    """The same by a folder and by S3, with keys that say nothing."""
    key, other = new_key("common"), new_key("elsewhere")
    await each.put(key, b"sealed")
    await each.put(other, b"x" * 6_000_000)
    assert await each.get(key) == b"sealed"
    assert len(await each.get(other)) == 6_000_000
    assert await lying(each) == {key}
    await each.delete([key, key])
    assert await each.get(key) is None
    assert await lying(each) == set()
    assert await lying(each, "elsewhere") == {other}


async def test_a_store_that_is_away_is_said_to_be_so(tmp_path: Path) -> None:
    """Nothing of what its client says about it is told."""
    away = open_store("s3://kept/x", KEYS | {"endpoint": f"http://127.0.0.1:{free_port()}"})
    for asked in (away.put("common/aa/b", b"x"), away.get("common/aa/b"), away.delete(["common/aa/b"])):
        with pytest.raises(StoreAway) as told:
            await asked
        assert told.value.code == "documents-unreachable"
    with pytest.raises(StoreAway):
        await lying(away)


async def test_a_bucket_that_is_not_there_keeps_nothing(s3: str) -> None:
    """A wrong setting is no empty store."""
    wrong = open_store("s3://not-there", KEYS | {"endpoint": s3})
    with pytest.raises(StoreAway):
        await wrong.put("common/aa/b", b"x")


def test_the_settings_name_a_folder_or_a_bucket(tmp_path: Path) -> None:
    """By default the home's own folder, which only its owner enters; of S3 no secret is shown."""
    home = Settings(home=tmp_path / "home")
    assert document_store(home).local == tmp_path / "home" / "documents"
    assert stat.S_IMODE((tmp_path / "home" / "documents").stat().st_mode) == 0o700
    made = Settings(
        home=tmp_path,
        documents="s3://kept/prefix",
        documents_endpoint="http://127.0.0.1:1",
        documents_region="us-east-1",
        documents_key_id="sample",
        documents_secret="very-secret",
    )
    assert isinstance(document_store(made).store, S3Store)
    assert "very-secret" not in repr(made)


def test_a_folder_that_cannot_be_made_names_its_setting(tmp_path: Path) -> None:
    """What to look at, in one line."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="IEHE_DOCUMENTS"):
        document_store(Settings(home=tmp_path, documents=(tmp_path / "file" / "x").as_uri()))
