# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A language model that says what a file says: a JSON list of replies, one a request, streamed a few
# characters at a time. Prints its port; ends with its last reply.
import http.server
import json
import sys
import time

replies = json.load(open(sys.argv[1]))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        text = replies.pop(0)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for at in range(0, len(text), 5):
            self.event({"choices": [{"delta": {"content": text[at:at + 5]}}]})
            time.sleep(0.01)
        self.event({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 7}})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, value):
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
while replies:
    server.handle_request()
