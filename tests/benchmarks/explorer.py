"""Drives Chromium over WebDriver (W3C), without a library: opens the page of a run, brushes over its plot, and tells what both take."""

import json
import statistics
import subprocess
import sys
import time
import urllib.request

DRIVER = "http://127.0.0.1:9517"
WIDTH, HEIGHT = 1200, 900


def call(method, path, body=None):
    request = urllib.request.Request(DRIVER + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["value"]


def wait(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit("explorer: nothing came within %d s" % seconds)


def script(session, text, *arguments):
    return call("POST", session + "/execute/sync", {"script": text, "args": list(arguments)})


def brush(session, box):
    """From the left below to the right above and back, one move a frame of 60 a second."""
    left, top = box["x"] + 80, box["y"] + 30
    width, height = box["width"] - 120, box["height"] - 100
    moves = [{"type": "pointerMove", "duration": 0, "x": round(left), "y": round(top)}, {"type": "pointerDown", "button": 0}]
    for i in range(120):
        share = 1 - abs(i / 60 - 1)
        moves.append({"type": "pointerMove", "duration": 16, "x": round(left + 20 + share * (width - 20)), "y": round(top + 20 + share * (height - 20))})
    moves.append({"type": "pointerUp", "button": 0})
    call("POST", session + "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}]})


def main(folder, candidates, turns):
    server = subprocess.Popen(["java", "-XX:+UseSerialGC", "dev.lutra.benchmarks.ManyCandidates", folder + "/many", candidates],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    driver = subprocess.Popen(["chromedriver", "--port=9517"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    session = None
    try:
        link = server.stdout.readline().strip()
        wait(lambda: is_ready(), 60)
        options = {"args": ["--headless=new", "--no-sandbox", "--window-size=%d,%d" % (WIDTH, HEIGHT), "--user-data-dir=" + folder + "/profile"]}
        session = "/session/" + call("POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome",
                                     "goog:chromeOptions": options}}})["sessionId"]
        first = None
        plots = []
        for turn in range(int(turns) + 1):
            call("POST", session + "/url", {"url": "about:blank"})
            call("POST", session + "/url", {"url": link})
            at = wait(lambda: script(session, "return performance.getEntriesByName('lutra-plot')[0]?.startTime ?? 0"), 120) / 1e3
            if turn == 0:
                first = at
            else:
                plots.append(at)
        call("POST", session + "/execute/sync", {"script": "document.querySelector('.plot.tall').scrollIntoView({ block: 'center' })", "args": []})
        time.sleep(1)
        box = script(session, "const { x, y, width, height } = document.querySelector('.plot.tall').getBoundingClientRect(); return { x, y, width, height }")
        script(session, """window.frames_ = []; window.last_ = 0; lutraPage.explorer.frames.length = 0;
            const tick = now => { if (window.last_) { window.frames_.push(now - window.last_); } window.last_ = now; window.stop_ || requestAnimationFrame(tick); };
            requestAnimationFrame(tick);""")
        brush(session, box)
        frames, draws, said = script(session, "window.stop_ = true; return [window.frames_, lutraPage.explorer.frames,"
                                              " document.querySelector('#explore [role=status]').innerText]")
        print(json.dumps({
            "candidates": int(candidates), "says": said,
            "first_plot_s_server_cold": round(first, 2), "first_plot_s": round(statistics.median(plots), 2),
            "first_plot_s_all": [round(one, 2) for one in plots],
            "frame_ms_median": round(statistics.median(frames), 1), "frame_ms_p95": round(sorted(frames)[int(0.95 * len(frames))], 1),
            "draw_ms_median": round(statistics.median(draws), 1), "draw_ms_p95": round(sorted(draws)[int(0.95 * len(draws))], 1),
            "draws": len(draws)}))
    finally:
        if session:
            call("DELETE", session)
        driver.terminate()
        server.stdin.close()
        server.wait(20)


def is_ready():
    try:
        return call("GET", "/status")["ready"]
    except OSError:
        return False


main(*sys.argv[1:])
