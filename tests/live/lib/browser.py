# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Chromium without a screen: what a page looks like to those who open it."""
import base64
import json
import shutil
import tempfile

import pytest

# none of these is about the page: a browser that is started by root, and stays by itself
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Browser:
    def __init__(self):
        try:
            from selenium import webdriver
        except ImportError:
            pytest.skip("no selenium (package python3-selenium)")
        driver = shutil.which("chromedriver")
        if not driver or not shutil.which("chromium"):
            pytest.skip("no browser (packages chromium, chromium-driver)")
        self.profile = tempfile.TemporaryDirectory(prefix="tcpl-", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for switch in [*SWITCHES, "--user-data-dir=" + self.profile.name]:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.chrome.service.Service(driver)
        self.driver = webdriver.Chrome(options=options, service=service)

    def close(self):
        self.driver.quit()
        self.profile.cleanup()

    def open(self, path, width=1280, dark=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        self.driver.get(path if "://" in path else "file://" + path)

    def ask(self, expression):
        """The value of an expression of JavaScript."""
        return self.driver.execute_script("return " + expression)

    def complaints(self):
        """What the console has: errors of scripts, what the page's policy has refused."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that files asked for since the last call, themselves among them."""
        messages = [json.loads(entry["message"])["message"]
                    for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"
                and message["params"]["documentURL"].startswith("file:")]

    def print(self):
        """As a PDF."""
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
