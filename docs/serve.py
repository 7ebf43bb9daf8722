"""Takes docs/serve.jpg: the page of mfjax serve in Chromium, with a rendered street at night.

Run it after the page or the default model changed, where chromium and chromedriver are installed: python docs/serve.py
"""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PAGE = Path(__file__)
SIZE = 1240, 800  # pixels of the window


def take(url: str) -> bytes:
    """Returns a JPEG of the page after its first sample was fused.

    Args:
        url: the page's address.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        shape = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        browser.get(url)
        wait = WebDriverWait(browser, 300)
        wait.until(lambda found: found.find_elements(By.CSS_SELECTOR, ".sample"))
        browser.find_element(By.CSS_SELECTOR, ".sample").click()
        wait.until(lambda found: found.find_elements(By.CSS_SELECTOR, ".scores tbody tr"))
        taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "jpeg", "quality": 82})
        return base64.b64decode(taken["data"])
    finally:
        browser.quit()


def main() -> None:
    """Serves the page, and writes the picture."""
    command = [sys.executable, "-m", "mfjax", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PAGE.parents[1]) as process:
        assert process.stdout is not None
        found = re.match(r"(\S+) is the page", process.stdout.readline())
        assert found is not None
        try:
            PAGE.with_suffix(".jpg").write_bytes(take(found[1]))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
