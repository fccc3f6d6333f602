"""A small DICOMweb server: searches, and objects in parts, with every fault as an option."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class FakeServer:
    """What the server has and how it fails; `asked` is what it was asked."""

    def __init__(self):
        self.matches = {}  # path: list of matches
        self.objects = {}  # path: list of bytes
        self.asked = []
        self.headers = []
        self.most = 1000  # matches in an answer
        self.failures = []  # statuses to answer with before anything else
        self.knows_offset = True
        self.body = None  # to answer instead
        self.kind = 'multipart/related; type="application/dicom"; boundary="a-b_c"'
        self.cut = None  # bytes after which the answer breaks off

    def matches_for(self, url):
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        offset = int(query["offset"][0]) if self.knows_offset else 0
        most = min(self.most, int(query["limit"][0]))
        return self.matches.get(parts.path, [])[offset : offset + most]

    def parts_for(self, path, boundary=b"a-b_c"):
        body = b"a preamble that nobody reads\r\n" if self.objects.get(path) else b""
        for one in self.objects.get(path, []):
            body += b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n"
            body += b"Content-Length: %d\r\n\r\n" % len(one) + one + b"\r\n"
        return body + b"--" + boundary + b"--"


@contextmanager
def running(fake):
    """Serve on a free port; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            fake.asked.append(self.path)
            fake.headers.append(dict(self.headers))
            if fake.failures:
                self.send_response(fake.failures.pop(0))
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            kind = self.headers.get("Accept", "")
            if "multipart" in kind:
                body, answered = fake.parts_for(self.path), fake.kind
            else:
                body = json.dumps(fake.matches_for(self.path)).encode()
                answered = "application/dicom+json"
            body = body if fake.body is None else fake.body
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", answered)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: fake.cut])

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
