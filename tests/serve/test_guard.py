"""Requests of other sites are refused, and every answer has the headers that keep the page to itself."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mfjax.serve.guard import Guard
from mfjax.serve.uploads import safe_name, shortened


def client(**how):
    async def answer(request):
        return PlainTextResponse("ours")

    routes = [Route(path, answer, methods=["GET", "PUT"]) for path in ("/", "/api/x")]
    return TestClient(Guard(Starlette(routes=routes), **how), base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.0.0.2"])
def test_this_machine_by_its_address_is_answered(host):
    assert client().get("/api/x", headers={"host": host}).text == "ours"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.5", "localhost.evil", "", "[::"])
def test_a_name_that_may_have_been_rebound_is_refused(host):
    answer = client().get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "open it by its address" in answer.json()["error"]


def test_of_a_page_that_is_open_to_others_addresses_and_its_own_names_are_answered():
    wide = client(loopback=False, names=["lab-pc"])
    assert wide.get("/", headers={"host": "192.168.0.5:8000"}).status_code == 200
    assert wide.get("/", headers={"host": "Lab-PC:8000"}).status_code == 200
    assert wide.get("/", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8000"])
def test_requests_of_other_origins_are_refused(origin):
    for method in ("GET", "PUT"):
        assert client().request(method, "/api/x", headers={"origin": origin}).status_code == 403


def test_requests_of_the_page_itself_are_answered():
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client().put("/api/x", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_can_link_to_the_page_but_use_nothing_of_it(site):
    headers = {"sec-fetch-site": site}
    assert client().get("/", headers=headers).status_code == 200
    assert client().get("/api/x", headers=headers).status_code == 403
    assert client().put("/", headers=headers).status_code == 403


def test_every_answer_has_the_headers_that_keep_the_page_to_itself():
    for answer in (client().get("/"), client().get("/nothing"), client().get("/", headers={"host": "evil.example"})):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a b.png", "a b.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\a.jpg", "a.jpg"),
        ("..", "ir"),
        ("", "ir"),
        ("a\x00\n\u202eb.png", "a___b.png"),
        ("红外.tif", "红外.tif"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("é" * 300, "é" * 60),
    ],
)
def test_names_of_files_lead_nowhere_else(name, safe):
    assert safe_name(name, "ir") == safe


def test_messages_are_shortened_to_the_names_of_files():
    assert shortened("/tmp/mfjax-serve-x1_y/ir/a b.png: is a GIF") == "a b.png: is a GIF"
    assert (
        shortened("/tmp/mfjax-serve-x1/ir/a.png and /tmp/mfjax-serve-x1/vis/b.png: apart") == "a.png and b.png: apart"
    )
    assert shortened("nothing to shorten: /tmp/a") == "nothing to shorten: /tmp/a"
