"""A browser that a test drives by plain HTTP, and the provider that it is sent to."""

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

HOPS = 12
COOKIE: Final = "iehe-office"
"""Its name over http."""


@dataclass
class Browser:
    """Cookies, addresses and the headers by which a browser says whose page it is on."""

    url: str
    provider: str
    http: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=20, trust_env=False))

    others: list["Browser"] = field(default_factory=list)

    def another(self) -> "Browser":
        """The same pages in a browser that knows nothing of this one; closed with it."""
        self.others.append(Browser(self.url, self.provider))
        return self.others[-1]

    async def close(self) -> None:
        for each in (self, *self.others):
            await each.http.aclose()

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(urljoin(self.url, path), headers=headers)

    async def post(
        self, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Send a form as a page of the office's does, unless the headers say otherwise."""
        own = {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return await self.http.post(urljoin(self.url, path), data=form or {}, headers=own)

    async def token(self) -> str:
        """What the forms of this session carry."""
        page = await self.get("/sessions")
        assert page.status_code == 200, page.status_code
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found
        return found[1]

    async def send(self, path: str, **form: str) -> httpx2.Response:
        """Send a form of this session."""
        return await self.post(path, {"csrf": await self.token(), **form})

    async def to_callback(self, start: str = "/sign-in/start") -> str:
        """Go to the provider and as far back as the address that it sends the browser to."""
        answer = await self.get(start)
        assert answer.status_code == 303, answer.text
        for _ in range(HOPS):
            at = urljoin(str(answer.url), answer.headers["location"])
            if at.startswith(self.url):
                return at
            answer = await self.http.get(at)
        raise AssertionError("the provider does not send the browser back")

    async def sign_in(self, account: str, start: str = "/sign-in/start") -> httpx2.Response:
        """The whole way; the answer to the callback."""
        await self.be(account)
        return await self.get(await self.to_callback(start))

    async def be(self, account: str, *, deny: bool = False) -> None:
        """Who signs in at the provider when it asks; `deny`: it lets nobody in."""
        for name in [each.name for each in self.http.cookies.jar if each.name.startswith("_")]:
            self.http.cookies.delete(name)  # the provider's own session, of whoever was there before
        told = {"account": account, "deny": deny}
        assert (await self.http.post(f"{self.provider}/test/account", json=told)).status_code == 204

    def keeps(self) -> set[str]:
        """The names of the cookies of the office."""
        return {each.name for each in self.http.cookies.jar if "iehe" in each.name}


def query_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def code_of(answer: Any) -> str:
    """The code of a page that refuses."""
    found = re.search(r"<code>([a-z-]+)</code>", answer.text)
    assert found, answer.text
    return found[1]
