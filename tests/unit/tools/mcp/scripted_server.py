# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An MCP server over standard streams that does as it is told, also what no server should do.

How it greets is told by its arguments, how it behaves by the tool that is called.
"""

import json
import os
import signal
import sys
import time

flags = set(sys.argv[1:])
answers = []  # to what it asked the client
held = []  # ids of calls that wait for the one that comes last
cancelled = []


def line(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def send(**message):
    line(json.dumps({"jsonrpc": "2.0", **message}))


def result(id, **members):
    if "stateless" in flags:
        members.setdefault("resultType", "complete")
    send(id=id, result=members)


def error(id, code, message, **data):
    send(id=id, error={"code": code, "message": message, "data": data})


def text(id, value):
    result(id, content=[{"type": "text", "text": value}])


def tool(name, **members):
    return {"name": name, "description": name, "inputSchema": {"type": "object"}, **members}


def list_tools(id, params):
    if "endless" in flags:
        return result(id, tools=[], nextCursor="again")
    names = "echo die last broken empty duplicate long ask meta count stall exotic round input".split()
    tools = [tool(name) for name in names]
    tools += [
        tool("structured", outputSchema={"type": "object"}),
        tool("unstructured", outputSchema={"type": "object"}),
        tool("fails", annotations={"readOnlyHint": True, "idempotentHint": True}),
        {"name": "shapeless"},
    ]
    # One a page.
    page = int(params.get("cursor", "0"))
    more = {"nextCursor": str(page + 1)} if page + 1 < len(tools) else {}
    result(id, tools=[tools[page]], **more)


def call(id, params):
    name, arguments = params["name"], params.get("arguments", {})
    if name == "echo":
        text(id, arguments["text"])
    elif name == "die":
        sys.stderr.write("first line\nnothing works any more\n")
        sys.stderr.flush()
        os._exit(3)
    elif name == "last":  # the answers come in the opposite order
        held.append(id)
        if len(held) == arguments["of"]:
            for each in reversed(held):
                text(each, str(each))
    elif name == "broken":
        line('{"jsonrpc": "2.0", "id": %d, "result": {' % id)
    elif name == "empty":
        send(id=id)
    elif name == "duplicate":
        for value in ("first", "second"):
            text(id, value)
        text(id + 1000, "nobody asked")
        send(id=None, error={"code": -32700, "message": "what was that?"})
        send(method="notifications/nonsense", params=[1])
        send(method="notifications/progress", params={"progressToken": "x", "progress": "y"})
    elif name == "long":
        for _ in range(70):
            sys.stdout.write("x" * (1 << 20))
        sys.stdout.flush()
    elif name == "ask":
        send(id="a", method="ping")
        send(id="b", method="sampling/createMessage", params={})
        send(id=7, method="roots/list")
        held.append(id)
    elif name == "meta":
        text(id, json.dumps(params.get("_meta", {})))
    elif name == "count":
        token = params["_meta"]["progressToken"]
        for step in (1, 2):
            send(method="notifications/progress",
                 params={"progressToken": token, "progress": step, "total": 4, "message": "step %d" % step})
        text(id, "counted")
    elif name == "stall":
        text(id, json.dumps(cancelled)) if arguments.get("report") else None
    elif name == "exotic":
        result(id, content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"},
                            {"type": "image", "data": "AAAA", "mimeType": "image/png"}])
    elif name == "round":
        state = params.get("requestState")
        if state == "xx":
            text(id, "done")
        else:
            result(id, resultType="input_required", requestState=(state or "") + "x")
    elif name == "input":
        result(id, resultType="input_required", inputRequests={"a": {"method": "elicitation/create"}})
    elif name == "structured":
        result(id, content=[{"type": "text", "text": "for people"}], structuredContent={"n": 1})
    elif name == "unstructured":
        text(id, arguments["text"])
    elif name == "fails":
        result(id, isError=True, content=[{"type": "text", "text": "no such"}, {"type": "text", "text": "city"}])
    else:
        error(id, -32602, "Unknown tool: " + name)


def on_request(id, method, params):
    stateless = "io.modelcontextprotocol/protocolVersion" in params.get("_meta", {})
    if method == "server/discover":
        if "die-on-discover" in flags:
            os._exit(1)
        if "silent-on-discover" in flags:
            return
        if "slow-on-discover" in flags:
            time.sleep(0.6)
        if "old" in flags:
            return error(id, -32022, "Unsupported protocol version", supported=["2025-11-25"])
        if "future" in flags:
            return error(id, -32022, "Unsupported protocol version", supported=["2099-01-01"])
        if "stateless" in flags:
            return result(id, supportedVersions=["2026-07-28"], capabilities={"tools": {}})
        return error(id, -32601, "Method not found")
    if method == "initialize":
        if "stateless" in flags:
            return error(id, -32601, "no handshakes here: 2026-07-28")
        version = "1999-01-01" if "ancient" in flags else params["protocolVersion"]
        return result(id, protocolVersion=version, capabilities={"tools": {}},
                      serverInfo={"name": "scripted", "version": "1"})
    if stateless != ("stateless" in flags):
        return error(id, -32602, "a request of the wrong revision")
    if method == "tools/list":
        return list_tools(id, params)
    return call(id, params)


def on_message(message):
    if "method" not in message:
        answers.append(message)
        if len(answers) == 3:
            text(held[0], json.dumps(answers))
    elif "id" in message:
        on_request(message["id"], message["method"], message.get("params", {}))
    elif message["method"] == "notifications/cancelled":
        cancelled.append(message["params"]["requestId"])


if "noisy" in flags:
    line("Welcome to the server!")
    line("{ level: 'info' }")
    line('{"level": "info", "id": 1, "result": {}}')
if "stubborn" in flags:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for received in sys.stdin:
    on_message(json.loads(received))
while "stubborn" in flags:
    time.sleep(1)
for flag in flags:
    if flag.startswith("farewell="):
        open(flag.split("=", 1)[1], "w").close()
