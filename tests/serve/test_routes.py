"""The routes of the page, as a browser's requests reach them."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import mfjax
from mfjax import images, metrics
from mfjax.alignment import Alignment
from mfjax.serve.app import make_app
from mfjax.serve.limits import Limits
from mfjax.serve.models import Models

URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def models(tiny_weights):
    return Models(str(tiny_weights), engine="xla")


def client_of(models, **limits):
    return TestClient(make_app(models, Limits(**limits)), base_url=URL, raise_server_exceptions=False)


@pytest.fixture
def open_page(models):
    """A function that returns a client of a new page with some limits."""
    clients = []

    def open_it(**limits):
        clients.append(client_of(models, **limits))
        return clients[-1].__enter__()

    yield open_it
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def page(open_page):
    return open_page()


def put(page, kind, data, name="a.png"):
    answer = page.put(f"/api/files/{kind}", params={"name": name}, content=data)
    assert answer.status_code == 201, answer.text
    return answer.json()


def fused(page, ir, vis, models, **options):
    """Returns the key of a job and what came of it."""
    told = {"ir": ir["key"], "vis": vis and vis["key"], "options": {"model": models.first, **options}}
    answer = page.post("/api/jobs", json=told)
    assert answer.status_code == 202, answer.text
    key = answer.json()["key"]
    for _ in range(600):
        job = page.get(f"/api/jobs/{key}").json()
        if job["state"] in ("done", "failed"):
            return key, job
        time.sleep(0.05)
    raise AssertionError(job)


def decoded(answer):
    assert answer.status_code == 200, answer.text
    return images.decode(answer.content, Path("a.png"))


@pytest.fixture(scope="module")
def made(sent, models):
    """A page with a result, which tests only look at: the page, and its job's key and answer."""
    with client_of(models) as page:
        yield page, *fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models, scale=1.5)


def test_downloads_of_8_and_16_bits_are_the_librarys_pixels(made, pictures, tiny_weights):
    page, key, job = made
    assert (job["state"], job["error"], job["result"]["height"], job["result"]["width"]) == ("done", None, 72, 96)
    fuser = mfjax.load(tiny_weights, engine="xla")
    expected = fuser(*pictures, scale=1.5)
    exact = fuser(*(images.to_float(each) for each in pictures), scale=1.5)
    for layer, eight, sixteen in zip(("fused", "sr_ir", "sr_vis"), expected, exact, strict=True):
        path = f"/api/jobs/{key}/pictures/{layer}.png"
        np.testing.assert_array_equal(decoded(page.get(path, params={"download": ""})), eight)
        pixels = decoded(page.get(path, params={"bits": 16, "download": ""}))
        np.testing.assert_array_equal(pixels, images.from_float(sixteen, np.uint16))


def test_pixels_of_16_bit_sources_are_those_of_the_library(page, pictures, models, tiny_weights):
    ir, vis = (images.from_float(images.to_float(each), np.uint16) for each in pictures)
    vis[0, 0] += 3  # which 8 bits do not hold
    files = [put(page, kind, images.encode(each, Path("a.png"))) for kind, each in (("ir", ir), ("vis", vis))]
    assert files[0]["kind"] == "16-bit gray"
    key, _ = fused(page, *files, models)
    expected = mfjax.load(tiny_weights, engine="xla")(ir, vis).fused
    np.testing.assert_array_equal(decoded(page.get(f"/api/jobs/{key}/pictures/fused.png?bits=16")), expected)


def test_sources_are_shown_in_their_own_pixels(made, pictures):
    page, key, _ = made
    for layer, source in zip(("ir", "vis"), pictures, strict=True):
        np.testing.assert_array_equal(decoded(page.get(f"/api/jobs/{key}/pictures/{layer}.png")), source)


def test_a_download_is_called_by_its_source_and_what_it_shows(made):
    page, key, _ = made
    answer = page.get(f"/api/jobs/{key}/pictures/sr_ir.png?download&palette=iron")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a_sr_ir_iron.png"


def test_infrared_is_shown_in_the_colours_of_a_palette(made):
    page, key, _ = made
    gray = decoded(page.get(f"/api/jobs/{key}/pictures/sr_ir.png"))
    for palette in ("iron", "rainbow"):
        colours = decoded(page.get(f"/api/jobs/{key}/pictures/sr_ir.png?palette={palette}"))
        assert colours.shape == (*gray.shape, 3)
        back = images.palettes.invert(colours, palette).heat
        assert np.abs(back.astype(int) - gray).max() <= 1
    assert np.array_equal(
        decoded(page.get(f"/api/jobs/{key}/pictures/sr_ir.png?palette=black-hot"))[..., 0], 255 - gray
    )


def test_what_is_hot_is_coloured_on_the_fused_picture_and_nothing_else_is(made):
    page, key, _ = made
    plain, hot = (decoded(page.get(f"/api/jobs/{key}/pictures/fused.png{query}")) for query in ("", "?hot=0.5"))
    heat = decoded(page.get(f"/api/jobs/{key}/pictures/sr_ir.png")) / 255
    changed = (plain != hot).any(axis=-1)
    assert changed[heat > 0.6].mean() > 0.9
    assert not changed[heat < 0.49].any()


def test_metrics_are_those_of_the_library(made, pictures, tiny_weights):
    page, key, _ = made
    found = {each["name"]: each["value"] for each in page.get(f"/api/jobs/{key}/scores").json()}
    exact = mfjax.load(tiny_weights, engine="xla")(*(images.to_float(each) for each in pictures), scale=1.5)
    expected = metrics.score(exact.ir, exact.vis, exact.fused, names=[*found])
    assert {name: float("nan") if value is None else value for name, value in found.items()} == pytest.approx(
        dict(expected), nan_ok=True
    )


@pytest.fixture
def found_place(monkeypatch):
    """A function that sets the alignment which is found: infrared sees the middle half of visible, so confidently."""

    def set_it(confidence):
        matrix = np.array([[2.0, 0, -0.5], [0, 2, -0.5], [0, 0, 1]])
        found = Alignment(matrix, (24, 32), (48, 64), confidence, model="similarity")
        monkeypatch.setattr("mfjax.inference.aligning.align_files", lambda *pairs, **options: found)
        return found

    return set_it


def test_an_alignment_is_shown_with_its_confidence(page, sent, pictures, models, tiny_weights, found_place):
    rig = found_place(0.93)
    key, job = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models, align="auto")
    assert job["error"] is None
    assert job["alignment"] == {"found": True, "confidence": 0.93, "residual": 0, "overlap": 0.25, "words": rig.words}
    assert decoded(page.get(f"/api/jobs/{key}/alignment.png")).shape == (600, 1600, 3)
    expected = mfjax.load(tiny_weights, engine="xla")(*pictures, align=rig)
    np.testing.assert_array_equal(decoded(page.get(f"/api/jobs/{key}/pictures/fused.png")), expected.fused)
    seen = decoded(page.get(f"/api/jobs/{key}/pictures/ir.png"))
    assert seen.shape == (48, 64)
    assert seen[12:36, 16:48].any()
    assert not seen[:10].any()  # where infrared shows nothing


def test_metrics_of_aligned_pictures_are_of_what_both_show(page, sent, pictures, models, tiny_weights, found_place):
    rig = found_place(0.93)
    key, _ = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models, align="auto")
    found = {each["name"]: each["value"] for each in page.get(f"/api/jobs/{key}/scores").json()}
    made = mfjax.load(tiny_weights, engine="xla")(*(images.to_float(each) for each in pictures), align=rig)
    both = [image[12:36, 16:48] for image in (made.ir, made.vis, made.fused)]
    assert found["Q_AG"] == pytest.approx(metrics.score(*both, names=["Q_AG"])["Q_AG"])


def test_pictures_that_can_not_be_aligned_are_refused_and_the_best_guess_is_shown(page, sent, models, found_place):
    found_place(0.2)
    key, job = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models, align="auto")
    assert (job["state"], job["result"], job["alignment"]["confidence"]) == ("failed", None, 0.2)
    assert "have too little in common to be aligned" in job["error"]
    assert page.get(f"/api/jobs/{key}/alignment.png").status_code == 200
    assert page.get(f"/api/jobs/{key}/pictures/fused.png").status_code == 409


def test_samples_are_rendered_pairs_of_two_resolutions(page):
    for name in ("night", "raw", "apart"):
        small = [decoded(page.get(f"/api/samples/{name}/{kind}.png?small")) for kind in ("ir", "vis")]
        assert [each.shape for each in small] == [(96, 128), (96, 128, 3)]
    assert decoded(page.get("/api/samples/raw/ir.png")).dtype == np.uint16
    assert page.get("/api/samples/nothing/ir.png").status_code == 422
    assert page.get("/api/samples/night/other.png").status_code == 404


def test_the_pages_own_files_are_sent_and_no_others(page):
    assert page.get("/").headers["content-type"] == "text/html; charset=utf-8"
    assert page.get("/page/app.js").headers["content-type"] == "text/javascript; charset=utf-8"
    for name in ("__init__.py", "nothing.js", "..%2Fapp.py", "%2e%2e/app.py"):
        assert page.get(f"/page/{name}").status_code == 404


def test_the_page_names_no_address_elsewhere(page):
    for name in ("index.html", "style.css", "result.css", "app.js", "api.js", "files.js", "options.js", "viewer.js"):
        text = page.get(f"/page/{name}").text
        assert "http:" not in text
        assert "https:" not in text


def test_messages_of_the_library_name_files_as_the_page_knows_them(page, models, pictures):
    raw = (7000 + pictures[0].astype(np.uint16)).astype(np.uint16)
    ir = put(page, "ir", images.encode(raw, Path("a.png")), "heat.png")
    assert ir["range"] == [float(raw.min()), float(raw.max())]
    wide = np.pad(pictures[1], ((0, 0), (0, 4), (0, 0)), mode="edge")
    _, job = fused(page, ir, put(page, "vis", images.encode(wide, Path("a.png"))), models)
    assert any("infrared uses only" in note for note in job["notes"])
    assert any("stretched to the same view" in note for note in job["notes"])
    assert "mfjax-serve" not in str(job)


def test_one_file_for_both_sources_is_refused(page, sent, models):
    _, job = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[0]), models)
    assert "a.png is given for both sources" in job["error"]


def test_a_file_that_can_not_be_read_is_refused_in_the_line_of_the_command(page):
    answer = page.put("/api/files/vis?name=..%2Fb.gif", content=b"GIF89a")
    assert (answer.status_code, answer.json()) == (
        422,
        {"error": "b.gif: is a GIF, which is not read; save it as a PNG or TIFF"},
    )


def test_nothing_is_left_on_the_disk(open_page, sent, models, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    page = open_page()
    fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models)
    page.put("/api/files/ir", content=b"nothing")
    assert [*tmp_path.iterdir()] == []


def test_too_large_a_file_or_picture_is_refused(open_page, sent, models):
    page = open_page(upload=len(sent[0]), output_pixels=10_000, source_pixels=1_000)
    ir = put(page, "ir", sent[0])
    answer = page.put("/api/files/vis", content=sent[1])
    assert answer.status_code == 413
    assert "which is the most on this page" in answer.json()["error"]
    answer = page.put("/api/files/vis", content=iter([sent[1][:400], sent[1][400:]]))  # which states no length
    assert answer.status_code == 413
    tiles = images.encode(np.zeros((40, 40), np.uint8), Path("a.png"))
    assert "this page takes 0.001 megapixels at most" in page.put("/api/files/vis", content=tiles).json()["error"]
    small = put(page, "vis", images.encode(np.full((24, 32), 9, np.uint8), Path("a.png")))
    _, job = fused(page, ir, small, models, scale=5)
    assert job["error"].startswith("the fused image would be 120x160, 0.0 megapixels")


def test_a_request_that_takes_too_long_is_ended(open_page, sent, models):
    page = open_page(seconds=1e-6)
    _, job = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models)
    assert "the most on this page" in job["error"]


def test_what_was_forgotten_is_said_to_be(page, sent):
    ir = put(page, "ir", sent[0])
    assert page.delete("/api/jobs/nothing").status_code == 404
    answer = page.post("/api/jobs", json={"ir": ir["key"], "vis": "nothing"})
    assert (answer.status_code, answer.json()) == (404, {"error": "the vis file is not kept any more"})
    assert page.get("/api/files/nothing.png").status_code == 404


def test_a_stopped_job_is_forgotten(page, sent, models):
    key, _ = fused(page, put(page, "ir", sent[0]), put(page, "vis", sent[1]), models)
    assert page.delete(f"/api/jobs/{key}").status_code == 204
    assert page.get(f"/api/jobs/{key}").status_code == 404


@pytest.mark.parametrize(
    ("told", "status", "message"),
    [
        (b"{", 400, "this is no JSON"),
        (b"[]", 422, "a request is an object of JSON"),
        (b'{"ir": 5}', 404, "the ir file is not kept any more"),
        (b'{"ir": ["a"], "vis": {}}', 404, "the ir file is not kept any more"),
        (b"[" * 60_000, 400, "this is no JSON"),
        (b" " * 70_000, 413, "which is the most on this page"),
    ],
)
def test_a_request_that_is_none_is_refused(page, told, status, message):
    answer = page.post("/api/jobs", content=told, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_json_must_be_called_so_since_forms_of_other_pages_can_not(page):
    assert page.post("/api/jobs", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


def test_a_model_that_is_not_offered_and_a_file_of_the_other_kind_are_refused(page, sent):
    ir, vis = put(page, "ir", sent[0])["key"], put(page, "vis", sent[1])["key"]
    answer = page.post("/api/jobs", json={"ir": ir, "vis": vis, "options": {"model": "/etc/passwd"}})
    assert "model '/etc/passwd' not found" in answer.json()["error"]
    answer = page.post("/api/jobs", json={"ir": vis, "vis": ir, "options": {}})
    assert answer.json()["error"] == "this file was sent as vis, not as ir; send it again"


@pytest.mark.parametrize("query", ["bits=9", "bits=x", "hot=2", "hot=nan", "palette=green", "bits=16&palette=iron"])
def test_pictures_that_there_are_not_are_refused(made, query):
    page, key, _ = made
    answer = page.get(f"/api/jobs/{key}/pictures/{'fused' if 'hot' in query else 'sr_ir'}.png?{query}")
    assert answer.status_code == 422
    assert page.get(f"/api/jobs/{key}/pictures/nothing.png").status_code == 422


def test_about_tells_models_samples_and_limits(page, models):
    about = page.get("/api/about").json()
    assert about["model"] == models.first
    assert {"default", "small", "tiny", models.first} <= {each["name"] for each in about["models"]}
    assert [each["name"] for each in about["samples"]] == ["night", "raw", "apart"]
    assert about["palettes"] == list(images.palettes.NAMES)
    assert next(each["detail"] for each in about["models"] if each["name"] == "small")
    assert not next(each["detail"] for each in about["models"] if each["name"] == "paper")


def test_a_temperature_file_tells_its_degrees_and_takes_a_range_in_them(page, models, pictures, flir_photo):
    ir = put(page, "ir", flir_photo, "camera.jpg")
    assert (ir["kind"], ir["photo"]) == ("temperatures", {"height": 24, "width": 32})
    low, high = ir["celsius"]
    assert low < high
    _, job = fused(page, ir, None, models, ir_range={"celsius": [low, high]})
    assert job["error"] is None
    assert job["result"]["celsius"] == pytest.approx([low, high], abs=0.01)
    assert {side: job["result"][side] for side in ("height", "width")} == ir["photo"]


@pytest.fixture
def endless(monkeypatch):
    """Puts work that never ends by itself in place of fusing."""

    def work(job, models, limits):
        while True:
            job.check()
            time.sleep(0.01)

    monkeypatch.setattr("mfjax.serve.fusing.fuse", work)


def test_who_waits_sees_how_many_are_before_and_too_many_are_sent_away(open_page, sent, models, endless):
    page = open_page(waiting=2)
    told = {"ir": put(page, "ir", sent[0])["key"], "vis": put(page, "vis", sent[1])["key"]}

    def state(key):
        return page.get(f"/api/jobs/{key}").json()

    first = page.post("/api/jobs", json=told).json()["key"]
    while state(first)["state"] != "working":
        time.sleep(0.01)
    second, third = (page.post("/api/jobs", json=told).json()["key"] for _ in range(2))
    assert [(state(key)["state"], state(key)["before"]) for key in (second, third)] == [("waiting", 1), ("waiting", 2)]
    refused = page.post("/api/jobs", json=told)
    assert (refused.status_code, refused.json()["error"][:23]) == (503, "2 requests wait already")
    page.delete(f"/api/jobs/{first}")
    while state(second)["state"] != "working":
        time.sleep(0.01)
    assert state(third)["before"] == 1
