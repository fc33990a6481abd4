"""The policy of the 見本 (sample) round: ten faculties, with places by how many applicants there are."""

from dataclasses import dataclass
from typing import Final

from workers.policies import defaults_of

PLACES: Final = "0.24"
"""Of the applicants so many find a place, as in a national university (Tohoku 2020: 2,364 for 7,847)."""
_RULES: Final = "[routes.general.rules]"
_UNITS: Final = "[[routes.general.rules.units]]"
_MAPPINGS: Final = "# How the files of the year are read"
_HUMANITIES: Final = (
    'ct-japanese = 1, ct-mathematics = "0.5", ct-english = 1, ct-science = "0.25", ct-social = 1,'
    " japanese = 1, english = 1"
)
_SCIENCES: Final = (
    'ct-japanese = "0.25", ct-mathematics = "0.5", ct-english = "0.5", ct-science = "0.5",'
    ' ct-social = "0.5", mathematics = 1, english = 1, science = 1'
)


@dataclass(frozen=True)
class SampleProgramme:
    """A programme and its frames that can be chosen, each with its share of all places in thousandths."""

    key: str
    frames: tuple[tuple[str, int], ...]
    weights: str = _SCIENCES


@dataclass(frozen=True)
class Faculty:
    """A faculty, in which one application may choose so many programmes or frames."""

    key: str
    programmes: tuple[SampleProgramme, ...]
    choices: int = 1
    method: str = "score-first"

    @property
    def frames(self) -> tuple[str, ...]:
        """All that can be chosen."""
        return tuple(frame for programme in self.programmes for frame, _ in programme.frames)


def _single(key: str, share: int, weights: str = _SCIENCES) -> Faculty:
    return Faculty(key, (SampleProgramme(key, ((key, share),), weights),))


FACULTIES: Final = (
    _single("literature", 85, _HUMANITIES),
    _single("education", 40, _HUMANITIES),
    _single("law", 70, _HUMANITIES),
    # a small frame lies beside the large one, and both in that of the faculty
    Faculty(
        "economics",
        (SampleProgramme("economics", (("economics-general", 100), ("economics-science", 10)), _HUMANITIES),),
        2,
    ),
    # each weighs its own subject twice: nobody's order is everybody's
    Faculty(
        "science",
        tuple(
            SampleProgramme(name, ((name, 26),), _SCIENCES.replace(f"{subject} = 1", f"{subject} = 2"))
            for name, subject in (
                ("mathematical", "mathematics"),
                ("physics", "science"),
                ("chemistry", "science"),
                ("biology", "english"),
                ("earth", "mathematics"),
            )
        ),
        5,
        "deferred-acceptance",
    ),
    _single("medicine", 45),
    _single("dentistry", 20),
    _single("pharmacy", 35),
    Faculty(
        "agriculture",
        (SampleProgramme("agriculture", (("agriculture-plants", 40), ("agriculture-animals", 25))),),
        2,
    ),
    Faculty(
        "engineering",
        tuple(
            SampleProgramme(name, ((name, share),))
            for name, share in (
                ("mechanical", 95),
                ("electrical", 90),
                ("chemical", 70),
                ("materials", 50),
                ("architecture", 45),
            )
        ),
        5,
    ),
)
"""Ten; engineering goes down one list for five programmes, science lets each have its own."""
PROGRAMMES: Final = tuple(each for faculty in FACULTIES for each in faculty.programmes)


def places_of(share: int, applicants: int) -> int:
    """Places of a frame with such a share, one at least."""
    return max(1, round(applicants * float(PLACES) * share / 1000))


def version_of(year: int) -> str:
    """The version of the sample policy."""
    return f"sample-{year}"


def policy_file(year: int, applicants: int) -> str:
    """The policy as a file: what comes with the system, with the rules of the sample and its year."""
    text = defaults_of("round").read_text(encoding="utf-8").replace("2027", str(year))
    text = text.replace("令和9年度", f"令和{year - 2018}年度")
    text = text.replace('version = "default-1"', f'version = "{version_of(year)}"')
    before, _, rest = text.partition(_RULES)
    parts = rest.partition(_UNITS)[0].replace('version = "general-1"', f'version = "sample-{year}"')
    mappings = rest.partition(_MAPPINGS)[2]
    waits = ", ".join(f"{each.key} = {max(3, _places(each, applicants) // 2)}" for each in PROGRAMMES)
    route = f"[routes.general]\nwaitlist = {{ {waits} }}\n\n"
    units = "\n".join(_unit(each) for each in FACULTIES)
    programmes = "\n".join(
        _programme(each, faculty, applicants) for faculty in FACULTIES for each in faculty.programmes
    )
    move = '[[routes.general.rules.moves]]\nsource = "economics-science"\ntarget = "economics-general"\n\n'
    return f"{before}{route}{_RULES}{parts}{units}\n{programmes}\n{move}{_MAPPINGS}{mappings}"


def _places(programme: SampleProgramme, applicants: int) -> int:
    return sum(places_of(share, applicants) for _, share in programme.frames)


def _unit(faculty: Faculty) -> str:
    return f'{_UNITS}\nkey = "{faculty.key}"\nmax_choices = {faculty.choices}\nmethod = "{faculty.method}"\n'


def _programme(programme: SampleProgramme, faculty: Faculty, applicants: int) -> str:
    nested = len(programme.frames) > 1
    inside = f', parent = "{programme.key}-all"' if nested else ""
    frames = (
        [f'{{ key = "{programme.key}-all", places = {_places(programme, applicants)} }}'] if nested else []
    )
    frames += [
        f'{{ key = "{key}"{inside}, places = {places_of(share, applicants)} }}'
        for key, share in programme.frames
    ]
    floor = "floor = 300\n" if faculty.key == "medicine" else ""
    return (
        f'[[routes.general.rules.programmes]]\nkey = "{programme.key}"\nunit = "{faculty.key}"\n'
        f'weights = {{ {programme.weights} }}\nties = ["total", "exam:written"]\n{floor}'
        f"frames = [{', '.join(frames)}]\n"
    )
