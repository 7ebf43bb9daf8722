"""The page in Chromium, end to end: what a person does with it. Skipped without Chromium and its driver."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

import mfjax
from mfjax import images

ROOT = Path(__file__).parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver")

NAMELESS = """
return [...document.querySelectorAll("input, select, button, a[href]")].filter((each) => {
  const label = each.labels?.length ? each.labels[0].textContent : "";
  const by = each.getAttribute("aria-labelledby");
  return !(each.getAttribute("aria-label") || label.trim() || each.textContent.trim() || by);
}).map((each) => each.outerHTML)
"""


@pytest.fixture(scope="module")
def url(tiny_weights):
    """The address of a page that is served by the command, with a small model."""
    command = [sys.executable, "-m", "mfjax", "serve", "--port", "0", "--model", str(tiny_weights), "--engine", "xla"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield re.match(r"(\S+) is the page", process.stdout.readline())[1]
        process.terminate()


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1300,900"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # which Chromium refuses to have as root
    for argument in arguments:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def files(pictures, tmp_path_factory):
    """The rendered pair as two files."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, image in zip(("street_ir.png", "street_vis.png"), pictures, strict=True):
        images.write(folder / name, image)
    return folder / "street_ir.png", folder / "street_vis.png"


class Page:
    """What a person does on the page."""

    def __init__(self, driver):
        self.driver = driver

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition, seconds=60):
        return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(condition)

    def choose(self, kind, path):
        self.find(f"#{kind}-file").send_keys(str(path))
        self.wait(lambda _: self.find(f'.slot[data-kind="{kind}"] .thumb').is_displayed())

    def fuse(self):
        self.wait(lambda _: self.find("#fuse").is_enabled())
        self.driver.execute_script("document.querySelector('#result').replaceChildren()")
        self.find("#fuse").click()
        self.wait(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".scores tbody tr"))

    def shown(self, side):
        """Returns the pixels that a side of the comparison shows."""
        self.wait(lambda _: self.find(f"img.{side}").get_attribute("src"))
        script = """
        const image = document.querySelector(arguments[0]);
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
        return [image.naturalHeight, image.naturalWidth, [...data]];
        """
        rows, cols, values = self.driver.execute_script(script, f"img.{side}")
        return np.array(values, np.uint8).reshape(rows, cols, 4)[..., :3]

    def at(self):
        return self.driver.execute_script(
            "return document.querySelector('.compare').style.getPropertyValue('--at')"
        ), self.find(".divider").get_attribute("aria-valuetext")

    def resize(self, width, height):
        shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)


@pytest.fixture
def page(browser, url):
    """The page, newly opened."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get(url)
    opened = Page(browser)
    opened.wait(lambda _: opened.driver.find_elements(By.CSS_SELECTOR, "#model option"))
    return opened


@pytest.fixture
def fused(page, files):
    """The page with a result."""
    for kind, path in zip(("ir", "vis"), files, strict=True):
        page.choose(kind, path)
    page.fuse()
    return page


def test_what_is_uploaded_fused_and_downloaded_has_the_librarys_pixels(page, files, downloads, tiny_weights):
    assert page.find("#empty").is_displayed()
    assert not page.find("#fuse").is_enabled()
    for kind, path in zip(("ir", "vis"), files, strict=True):
        page.choose(kind, path)
    scale = page.find("#scale")
    for _ in range(10):
        scale.send_keys(Keys.ARROW_RIGHT)
    assert (page.find("#scale-shown").text, page.find("#size-shown").text) == ("×1.5", "96 wide, 72 high")
    page.fuse()
    assert not page.find("#empty").is_displayed()
    expected = mfjax.load(tiny_weights, engine="xla")(*files, scale=1.5).fused
    np.testing.assert_array_equal(page.shown("right"), expected)
    links = {link.accessible_name: link for link in page.driver.find_elements(By.CSS_SELECTOR, ".downloads a")}
    links["Download Fused, PNG 8-bit"].click()
    saved = downloads / "street_ir_fused.png"
    page.wait(lambda _: saved.exists())
    np.testing.assert_array_equal(images.read(saved), expected)


def test_the_divider_is_moved_by_keys_and_by_dragging(fused):
    assert fused.at() == ("50%", "50 % Infrared")
    divider = fused.find(".divider")
    divider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert fused.at()[0] == "51%"
    divider.send_keys(Keys.HOME)
    assert fused.at() == ("0%", "0 % Infrared")
    divider.send_keys(Keys.END)
    assert fused.at()[0] == "100%"
    width = divider.size["width"]
    fused.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", divider)
    ActionChains(fused.driver).move_to_element(divider).click_and_hold().move_by_offset(
        -width // 4, 0
    ).release().perform()
    assert 24 <= float(fused.at()[0].rstrip("%")) <= 26


def test_palettes_and_what_is_hot_change_what_is_shown(fused):
    before = fused.shown("left"), fused.shown("right")
    Select(fused.find(".palette")).select_by_value("iron")
    fused.wait(lambda _: (fused.shown("left") != before[0]).any())
    heat = images.palettes.invert(fused.shown("left"), "iron").heat
    assert np.abs(heat.astype(int) - before[0][..., 0]).max() <= 1
    fused.find(".hot").click()
    fused.wait(lambda _: (fused.shown("right") != before[1]).any())
    assert "60 % of the range" in fused.find(".level output").text
    assert "Fused, hot highlighted" in fused.find(".downloads").text


def test_any_two_pictures_can_be_compared(fused):
    Select(fused.find(".left-layer")).select_by_value("sr_ir")
    Select(fused.find(".right-layer")).select_by_value("vis")
    fused.wait(lambda _: fused.find("img.left").get_attribute("alt") == "Infrared, super-resolved")
    assert fused.shown("left").shape == (48, 64, 3)
    assert "Divider between Infrared, super-resolved on the left and Visible" in fused.find(".divider").accessible_name


def test_nothing_is_wider_than_the_window(fused):
    fused.find(".hot").click()
    root = "document.documentElement"
    for width, height in ((390, 844), (320, 640), (900, 900)):
        fused.resize(width, height)
        wide, window = fused.driver.execute_script(f"return [{root}.scrollWidth, {root}.clientWidth]")
        assert wide <= window <= width


def test_a_file_that_is_no_picture_is_refused_where_it_is_read_out(page, tmp_path):
    (tmp_path / "note.txt").write_text("not a picture")
    page.find("#vis-file").send_keys(str(tmp_path / "note.txt"))
    problem = page.find("#problem")
    page.wait(lambda _: problem.is_displayed())
    assert problem.aria_role == "alert"
    assert "The visible picture can’t be used: note.txt: not an image of a known kind" in problem.text
    problem.find_element(By.TAG_NAME, "button").click()
    assert not problem.is_displayed()


def test_a_size_that_the_page_does_not_make_cannot_be_asked_for(page, files):
    page.choose("ir", files[0])
    page.choose("vis", files[1])
    page.driver.execute_script("document.querySelector('input[value=pixels]').click()")
    width = page.find("#width")
    width.send_keys("90000")
    assert "megapixels at most" in page.find("#size-shown").text
    assert not page.find("#fuse").is_enabled()
    assert page.find("#fuse-hint").text == "Ask for a smaller picture."
    width.clear()
    width.send_keys("90")
    assert page.find("#fuse").is_enabled()


def test_messages_of_the_library_are_shown(page, files, tmp_path, pictures):
    images.write(tmp_path / "raw.png", 7000 + pictures[0].astype(np.uint16))
    page.choose("ir", tmp_path / "raw.png")
    page.choose("vis", files[1])
    assert page.find("#range-section").is_displayed()
    page.fuse()
    assert "infrared uses only" in page.find(".notes").text


def test_a_sample_is_rendered_and_fused_by_one_click(page):
    page.wait(lambda _: page.driver.find_elements(By.CSS_SELECTOR, ".sample"))
    page.find(".sample").click()
    page.wait(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".scores tbody tr"))
    assert page.shown("right").shape == (480, 640, 3)


def test_everything_to_use_has_a_name_for_screen_readers(fused):
    assert fused.driver.execute_script(NAMELESS) == []
    assert fused.find("#said").get_attribute("aria-live") == "polite"
    assert fused.find("#said").get_attribute("textContent") == "Done: the fused picture is shown"


def test_no_request_leaves_the_server_and_the_browser_has_nothing_to_complain_of(browser, url, files):
    browser.get_log("performance")
    browser.get_log("browser")
    page = Page(browser)
    browser.get(url)
    for kind, path in zip(("ir", "vis"), files, strict=True):
        page.choose(kind, path)
    page.fuse()
    time.sleep(0.5)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert len(asked) > 10
    assert [each for each in asked if not each.startswith((url, f"blob:{url}"))] == []
    assert browser.get_log("browser") == []
