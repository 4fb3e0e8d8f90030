"""What the tests of sources share: a host on loopback whose answers a test sets."""

import http.server
import threading
import time

from tests.documents import PAGES

NAMES = sorted(p.name for p in PAGES.iterdir())


class Site:
    """A server whose answers a test sets: status, headers and body by path."""

    def __init__(self):
        site = self
        self.asked, self.times, self.answers = [], [], {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                site.asked.append(self.path)
                site.times.append(time.monotonic())
                answer = site.answers.get(self.path, (404, {}, b"none"))
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                if status == 200 and headers.get("ETag") == self.headers.get("If-None-Match", 0):
                    status, body = 304, b""
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        for name in NAMES:
            self.page(f"/{name}", (PAGES / name).read_bytes(), ETag=f'"{name}"')

    def page(self, path, body, kind="text/html", **headers):
        self.answers[path] = (200, {"Content-Type": kind, **headers}, body)

    def moved(self, path, target):
        self.answers[path] = (302, {"Location": target}, b"")


PAGE = "<html><head><title>{0}</title></head><body><article><h1>{0}</h1><p>{1}</p></article></body>"
