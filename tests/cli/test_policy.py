"""`iehe policy` and `iehe round` on a real database."""

from importlib.resources import files

import pytest

from cli.session import Exit
from tests.cli.program import CHIEF

DEFAULTS = (files("activities") / "admission" / "defaults.toml").read_text(encoding="utf-8")
DATES = ("--enrol-by", "2028-03-15", "--waitlist-until", "2028-03-31")
ROUND = (
    *(
        "admission",
        "round",
        "add",
        "2028-late",
        "--route",
        "general",
        "--title-ja",
        "後期",
        "--title-en",
        "late",
    ),
    *("--opens-at", "2027-11-01T00:00", "--closes-at", "2028-02-03T23:59"),
)


@pytest.fixture
def policy_file(tmp_path):
    def write(*changes: tuple[str, str]):
        text = DEFAULTS
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


async def test_a_new_version_comes_into_force(office, policy_file):
    """A changed file under a new version is listed as in force, with its holidays filled in."""
    file = policy_file(
        ('version = "default-1"', 'version = "2027.1"'),
        ("valid_from = 2026-04-01", "valid_from = 2026-10-01"),
        ("minimum_age = 17", "minimum_age = 18"),
    )
    added = (await office("policy", "load", file, "--json")).json
    routes = ["comprehensive", "general", "recommendation"]
    assert added == {"version": "2027.1", "added": True, "added_beside": [], "in_force": routes}
    listed = {row["version"]: row for row in (await office("policy", "list", "--json")).json}
    assert listed["2027.1"]["in_force"] == routes
    assert listed["2027.1"]["loaded_by"] == CHIEF
    assert listed["default-1"]["in_force"] == []
    shown = (await office("policy", "show", "2027.1", "--route", "general", "--json")).json
    assert list(shown["routes"]) == ["general"]
    assert shown["routes"]["general"]["minimum_age"] == 18
    assert "2027-01-11" in shown["routes"]["general"]["calendar"]["holidays"]
    assert "days until" in (await office("policy", "show", "2027.1")).out


async def test_a_version_for_later_is_not_in_force_yet(office, policy_file):
    """Loading says so when a version does not apply today."""
    file = policy_file(
        ('version = "default-1"', 'version = "x"'), ("valid_from = 2026-04-01", "valid_from = 2999-04-01")
    )
    assert "not in force" in (await office("policy", "load", file)).out


async def test_what_comes_with_a_policy_is_added_with_it(office, policy_file):
    """Rounds that are not there yet come with it and are named."""
    file = policy_file(
        ('version = "default-1"', 'version = "2028.1"'),
        ('round_id = "2027-general"', 'round_id = "2028-general"'),
    )
    assert "2028-general: added" in (await office("policy", "load", file)).out
    assert (await office("policy", "load", file, "--json")).json["added_beside"] == []
    assert "2028-general" in (await office("admission", "round", "list")).out


async def test_the_same_content_again_changes_nothing(office, policy_file):
    """Loading what is there already is no error."""
    ended = await office("policy", "load", policy_file())
    assert ended.code == Exit.OK
    assert "already" in ended.out


async def test_changed_content_under_the_same_version_is_refused(office, policy_file):
    """A rule never changes under the name by which cases know it."""
    ended = await office("policy", "load", policy_file(("minimum_age = 17", "minimum_age = 18")))
    assert ended.code == Exit.REFUSED
    assert "new version" in ended.err


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((("minimum_age = 17", "minimum_age = 'x'"),), "minimum_age"),
        ((("minimum_age = 17", "minimum_ages = 17"),), "minimum_ages"),
        ((('version = "default-1"', "version = 'a b'"),), "version"),
        ((('version = "default-1"', ""),), "version is missing"),
        ((('process = "admission-review"', 'process = "other"'),), "other"),
        ((("[default]", "[default"),), "not TOML"),
        ((("[places]", "[place]"),), "place: unknown"),
    ],
)
async def test_a_faulty_file_is_explained(office, policy_file, changes, words):
    """Each fault is named by its place in the file; nothing is loaded."""
    ended = await office("policy", "load", policy_file(*changes), "--json")
    assert ended.code == Exit.FAULTY_FILE
    assert words in ended.json["error"]["message"]["en"]
    assert len((await office("policy", "list", "--json")).json) == 1


async def test_unreadable_files(office, tmp_path):
    """A missing file and one that is no text are faults of the file."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", "binary"):
        assert (await office("policy", "load", tmp_path / name)).code == Exit.FAULTY_FILE


async def test_an_unknown_policy(office):
    """A version or a route that does not exist is not found."""
    assert (await office("policy", "show", "none")).code == Exit.NOT_FOUND
    assert (await office("policy", "show", "default-1", "--route", "none")).code == Exit.NOT_FOUND


async def test_a_round_is_added_once(office):
    """A round has its times in Japan's time and its places; the same id again is refused."""
    added = await office(*ROUND, *DATES, "--places", "science=3", "--places", "law=2", "--json")
    assert added.code == Exit.OK, added.out
    listed = {row["round_id"]: row for row in (await office("admission", "round", "list", "--json")).json}
    assert listed["2028-late"]["closes_at"] == "2028-02-03T23:59:00+09:00"
    assert listed["2028-late"]["places"] == 5
    assert (await office(*ROUND, *DATES)).code == Exit.REFUSED
    assert "後期" in (await office("admission", "round", "list", IEHE_LANGUAGE="ja")).out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("--route", "nowhere"), "no policy has the route"),
        (("--closes-at", "2027-10-01T00:00"), "later than --opens-at"),
        (("--places", "science=many"), "science=310"),
    ],
)
async def test_a_round_that_cannot_be(office, changes, words):
    """An unknown route, an end before the beginning and bad places are refused."""
    ended = await office(*ROUND, *DATES, *changes)
    assert ended.code == Exit.USAGE
    assert words in ended.err


async def test_places_are_set_and_shown(office):
    """Places of a programme can be set and are shown with those taken."""
    ended = await office("admission", "round", "places", "2027-general", "science=311", "arts=4", "--json")
    rows = {row["programme"]: (row["places"], row["taken"]) for row in ended.json}
    assert rows["science"] == (311, 0)
    assert rows["arts"] == (4, 0)
    assert (await office("admission", "round", "places", "none")).code == Exit.NOT_FOUND
