#!/usr/bin/env python3
"""Opens the report's page in a real browser (Chromium, headless) and holds what it shows to the JSON report of the same run.

usage: report_page_test.py BIN_FOLDER REPOSITORY [PAGE.html REPORT.json]      With a page and a report: checks that pair alone.

Checked at 10, 25 and 1000 classes, light and dark, on a desk, a phone and paper: the figures, tables and cells are the report's; every
picture decodes to the pixels of its example; nothing is wider than the window; nothing is said on the console; names are text, never markup.
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

SKIPPED = 77
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


class Browser:
    """Chromium behind its debugging pipe: JSON messages, each closed by a zero byte, on its descriptors 3 and 4."""

    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.source, from_write = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
                   f"--user-data-dir={profile}"]
        # The shell moves the pipe's ends to where Chromium looks for them.
        move = f'exec "$@" 3<&{to_read} 4>&{from_write}'
        self.process = subprocess.Popen(["bash", "-c", move, "bash", *command], pass_fds=(to_read, from_write), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")

    def read(self):
        while b"\0" not in self.buffer:
            block = os.read(self.source, 1 << 20)
            if not block:
                sys.exit("Chromium ended")
            self.buffer += block
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path):
        self.events = []
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            sys.exit(f"the page's script: {result['exceptionDetails']}")
        return result["result"].get("value")

    def complaints(self):
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Network.loadingFailed")
        return [json.dumps(event)[:300] for event in self.events if event.get("method") in kinds]

    def requests(self):
        urls = [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("file:", "data:"))]

    def close(self):
        with contextlib.suppress(SystemExit, OSError):
            self.ask("Browser.close")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


FACTS = """(async () => {
  const text = element => element.textContent.trim();
  const images = [...document.images];
  await Promise.all(images.map(image => image.decode().catch(() => {})));
  const pixels = image => {
    if (!image.naturalWidth) return [];
    const canvas = Object.assign(document.createElement("canvas"), {width: image.naturalWidth, height: image.naturalHeight});
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 < 3);
  };
  return {
    shown: Object.fromEntries([...document.querySelectorAll("data[id]")].map(d => [d.id, {value: +d.value, text: text(d)}])),
    classes: [...document.querySelectorAll("#classes tbody tr")].map(row => ({
      label: +row.dataset.label, name: text(row.cells[0]), values: [...row.cells].slice(1).map(cell => cell.dataset.v), texts: [...row.cells].slice(1).map(text)})),
    cells: [...document.querySelectorAll("#confusion svg g")].map(g => ({title: g.querySelector("title").textContent, text: g.querySelector("text")?.textContent,
      width: g.querySelector("rect").getBoundingClientRect().width})),
    images: images.map(image => ({alt: image.alt, width: image.naturalWidth, height: image.naturalHeight, shown: image.getBoundingClientRect().width,
      inside: image.src.startsWith("data:image/png;base64,"), pixels: pixels(image)})),
    mistakes: [...document.querySelectorAll("#mistakes figcaption code")].map(text),
    headings: [...document.querySelectorAll("h1, h2")].map(text),
    unnamed: [...document.querySelectorAll("svg[role=img]:not([aria-label]), img:not([alt]), th:not([scope])")].length,
    curves: [...document.querySelectorAll("#curves figure")].map(figure => figure.querySelectorAll("svg path, svg rect").length),
    foreign: document.querySelectorAll("link[rel=stylesheet], script[src], iframe, object, [onerror], [onload]").length,
  };
})()"""
OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = element => element && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
  return {page: document.documentElement.scrollWidth - width,
    elements: [...document.querySelectorAll("body *")].filter(e => !(e instanceof SVGElement && !(e instanceof SVGSVGElement)))
      .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement)).map(e => e.tagName + "." + e.className).slice(0, 5)};
})()"""


def without_spaces(text):
    return "".join(text.split()).replace("\u202f", "")


def check(browser, page, report, picture_size, data=None):
    """Yields what is wrong."""
    browser.ask("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    browser.open(page)
    facts = browser.value(FACTS)
    yield from browser.complaints()
    yield from (f"asks for {url}" for url in browser.requests())
    for key, wanted in {"accuracy": report["accuracy"], "top_k_accuracy": report["top_k_accuracy"], "loss": report["loss"], "examples": report["examples"],
                        "macro_f1": report["macro"]["f1"], "calibration_error": report["calibration_error"]}.items():
        shown = facts["shown"].get(key, {"value": None, "text": ""})
        if shown["value"] is None or abs(shown["value"] - wanted) > 1e-9:
            yield f"{key}: the page says {shown['value']}, the report {wanted}"
    if without_spaces(facts["shown"]["accuracy"]["text"]) != f"{report['accuracy'] * 100:.2f}%":
        yield f"accuracy is shown as {facts['shown']['accuracy']['text']}"
    if without_spaces(facts["shown"]["examples"]["text"]) != str(report["examples"]):
        yield f"examples are shown as {facts['shown']['examples']['text']}"
    yield from check_classes(facts["classes"], report["classes"])
    yield from check_cells(facts["cells"], report["confusion"])
    yield from check_pictures(facts, report, picture_size, data)
    if facts["headings"][1:] != ["Confusion matrix", "Classes", "Curves", "Worst mistakes"]:
        yield f"headings: {facts['headings']}"
    if facts["unnamed"] or facts["foreign"]:
        yield f"{facts['unnamed']} pictures or headers have no text, {facts['foreign']} elements load something"
    if len(facts["curves"]) != 6 or min(facts["curves"]) < 1:
        yield f"expected 6 plots with marks, found {facts['curves']}"
    yield from check_sorting(browser, report)
    yield from check_layouts(browser)


def check_classes(shown, wanted):
    if len(shown) != len(wanted):
        yield f"the table has {len(shown)} classes, the report {len(wanted)}"
        return
    for row, score in zip(shown, wanted):
        keys = ("examples", "predicted", "right", "precision", "recall", "f1", "roc_area", "average_precision")
        values = [None if v == "" else float(v) for v in row["values"]]
        for key, value, text in zip(keys, values, row["texts"]):
            if value != score[key] and not (value is not None and score[key] is not None and abs(value - score[key]) < 1e-9):
                yield f"class {score['label']}: {key} is {value} on the page, {score[key]} in the report"
            formatted = "–" if score[key] is None else str(score[key]) if isinstance(score[key], int) else f"{score[key]:.4f}"
            if without_spaces(text) != formatted:
                yield f"class {score['label']}: {key} is shown as {text}, not {formatted}"
        if row["name"] != score["name"]:
            yield f"class {score['label']} is called {row['name']}"


def check_cells(cells, confusion):
    n = len(confusion)
    filled = sum(count > 0 for row in confusion for count in row)
    if n <= 100 and len(cells) != filled:
        yield f"the heat map has {len(cells)} cells, the matrix {filled} that are not 0"
    if n <= 30 and sum(int(cell["text"]) for cell in cells) != sum(map(sum, confusion)):
        yield "the counts in the heat map do not add up to the matrix"
    if n > 120:
        pooled = -(-n // 100)
        blocks = {(i // pooled, j // pooled) for i, row in enumerate(confusion) for j, count in enumerate(row) if count}
        if len(cells) != len(blocks):
            yield f"the heat map has {len(cells)} cells, the pooled matrix {len(blocks)}"
    if min(cell["width"] for cell in cells) < 4:
        yield "cells are narrower than 4 pixels"


def rgb_of(data, example):
    """The red, green and blue of each pixel of an example: of CIFAR's rows, or of a CSV with a header, whose pixels are grey."""
    if data.suffix == ".bin":
        planes = data.read_bytes()[example * 3073 + 1 : (example + 1) * 3073]
        return [planes[channel * 1024 + i] for i in range(1024) for channel in range(3)]
    values = data.read_text().splitlines()[example + 1].split(",")[1:]
    return [int(value) for value in values for _ in range(3)]


def check_pictures(facts, report, size, data):
    if facts["mistakes"] != [mistake["name"] for mistake in report["worst"]]:
        yield f"the mistakes' names are {facts['mistakes'][:3]}…"
    if len(facts["images"]) != (len(report["worst"]) if size else 0):
        yield f"expected {len(report['worst'])} pictures, found {len(facts['images'])}"
    for image, mistake in zip(facts["images"], report["worst"]):
        if (image["width"], image["height"]) != size or not image["inside"] or image["shown"] < 100:
            yield f"picture {mistake['name']}: {image}"
        if data and image["pixels"] != rgb_of(data, mistake["example"]):
            yield f"picture {mistake['name']} has other pixels than its example"
        if mistake["name"] not in image["alt"]:
            yield f"picture {mistake['name']} is described as {image['alt']}"


def check_sorting(browser, report):
    browser.value("document.querySelectorAll('#classes th button')[6].click()")
    order = browser.value("[...document.querySelectorAll('#classes tbody tr')].map(row => +row.cells[6].dataset.v)")
    if order != sorted(order, reverse=True) or len(order) != len(report["classes"]):
        yield "a click on F1 does not sort by it"
    if browser.value("document.querySelectorAll('#classes th')[6].getAttribute('aria-sort')") != "descending":
        yield "the sorted column does not say so"


def check_layouts(browser):
    backgrounds = set()
    for scheme in ("light", "dark"):
        browser.ask("Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": scheme}])
        backgrounds.add(browser.value("getComputedStyle(document.body).backgroundColor"))
        for name, (width, height) in SIZES.items():
            browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
            found = browser.value(OVERFLOW)
            if found["page"] > 0 or found["elements"]:
                yield f"{scheme}, {name}: wider than the window: {found}"
    if len(backgrounds) != 2:
        yield "light and dark look the same"
    browser.ask("Emulation.setEmulatedMedia", media="", features=[])
    pdf = browser.ask("Page.printToPDF", printBackground=True)["data"]
    if not pdf.startswith("JVBERi") or len(pdf) < 20000:
        yield "does not print"


# --- the pages ---------------------------------------------------------------------------------------------------------------------


def write_npz(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, (code, shape, data) in arrays.items():
            text = repr({"descr": code, "fortran_order": False, "shape": shape})
            text += " " * (-(len(text) + 11) % 64) + "\n"
            archive.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data)


GRAPH = """node {{ name: "input" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
  attr {{ key: "shape" value {{ shape {{ dim {{ size: -1 }} dim {{ size: {n} }} }} }} }} }}
node {{ name: "output" op: "Identity" input: "input" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
versions {{ producer: 24 }}
"""


def make_thousand(folder):
    """A graph that gives back its input, and 3000 examples whose inputs are probabilities of 1000 classes."""
    n, n_examples = 1000, 3000
    (folder / "thousand.pbtxt").write_text(GRAPH.format(n=n))
    chance = random.Random(7)
    rows, labels = [], []
    for _ in range(n_examples):
        label = chance.randrange(n)
        taken = label if chance.random() < 0.8 else chance.randrange(n)
        sure = chance.uniform(0.2, 0.99)
        row = [(1 - sure) / (n - 1)] * n
        row[taken] = sure
        rows.append(struct.pack(f"<{n}f", *row))
        labels.append(label)
    write_npz(folder / "thousand.npz", {"x": ("<f4", (n_examples, n), b"".join(rows)), "y": ("<i8", (n_examples,), struct.pack(f"<{n_examples}q", *labels))})
    return folder / "thousand.pbtxt", folder / "thousand.npz", None


def cases(repository, folder):
    examples = repository / "examples"
    # Not well trained: many mistakes, each with its picture.
    yield "10 classes", examples / "cifar10_keras_2.2.4/method2/k_complete_model.h5", examples / "cifar10_keras_2.2.4/data/test_batch.bin", (32, 32)
    yield "25 classes", examples / "sign_language/method2/k_complete_model.h5", examples / "sign_language/data/sign_mnist_test.csv", (28, 28)
    model, data, size = make_thousand(folder)
    yield "1000 classes", model, data, size
    # A file name that would be markup.
    hostile = folder / "<img src=x onerror=alert(1)>&\"'.csv"
    shutil.copy(examples / "sign_language/data/sign_mnist_test.csv", hostile)
    yield "a hostile name", examples / "sign_language_keras_2.2.4/method2/k_complete_model.h5", hostile, (28, 28)


def main():
    binaries, repository = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("chromium is not installed; tools/install_dependencies.sh --tests does that")
        sys.exit(SKIPPED)
    problems = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        browser = Browser(program, folder / "profile")
        try:
            if len(sys.argv) > 3:
                given = json.loads(pathlib.Path(sys.argv[4]).read_text())
                problems = list(check(browser, pathlib.Path(sys.argv[3]).resolve(), given, (32, 32)))
            for title, model, data, size in cases(repository, folder) if len(sys.argv) == 3 else []:
                page, report = folder / "page.html", folder / "page.json"
                subprocess.run([binaries / "hoarfrost", "evaluate", model, "--data", data, "--report", page, "--report", report], check=True, capture_output=True)
                found = list(check(browser, page, json.loads(report.read_text()), size, data if size else None))
                print(f"{title}: {len(found)} problems")
                problems += [f"{title}: {problem}" for problem in found]
        finally:
            browser.close()
    print("\n".join(problems[:40]))
    sys.exit(bool(problems))


main()
