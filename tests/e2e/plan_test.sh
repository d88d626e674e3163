# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `heddle plan` as a person uses it: checking, running, streaming, approving, interrupting, resuming.
source "$(dirname "$0")/program_test.sh"

cat >"$work/tools.json" <<END
{"tools": [
 {"name": "look.up-it", "description": "Looks things up",
  "inputSchema": {"type": "object", "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}}, "required": ["query"]},
  "heddle": {"effects": "read", "resource": "web"}, "run": {"command": ["sh", "-c", "sleep 0.3; cat"]}},
 {"name": "math", "run": {"builtin": "math"}},
 {"name": "fail", "inputSchema": {"type": "object"}, "heddle": {"effects": "read"}, "run": {"command": ["sh", "-c", "echo no luck >&2; exit 3"]}},
 {"name": "dollars", "inputSchema": {"type": "object"}, "heddle": {"effects": "read"}, "run": {"command": ["echo", "it costs \$1 or \$2"]}},
 {"name": "hang", "inputSchema": {"type": "object"}, "heddle": {"effects": "read"}, "run": {"command": ["sleep", "60"]}},
 {"name": "append", "inputSchema": {"type": "object", "properties": {"line": {"type": "string"}}, "required": ["line"]},
  "heddle": {"effects": "write", "resource": "log"}, "run": {"command": ["sh", "-c", "cat >>$work/log; echo >>$work/log; sleep 0.05"]}},
 {"name": "descriptors", "inputSchema": {"type": "object"}, "heddle": {"effects": "read"}, "run": {"command": ["sh", "-c", "ulimit -n"]}},
 {"name": "careful", "inputSchema": {"type": "object"}, "heddle": {"approval": true}, "run": {"command": ["touch", "$work/careful"]}}
]}
END
plan() { printf '%s\n' "$@" >"$work/plan.txt"; }
run() { "$heddle" plan run "$work/plan.txt" --tools "$work/tools.json" "$@"; }
# value EXPRESSION: of the JSON in the last output, as Python has it.
value() { python3 -c "import json, sys; d = json.load(open('$work/out')); print($1)"; }
# is EXPRESSION VALUE
is() { [ "$(value "$1")" = "$2" ] || wrong "$1 is $(value "$1"), want $2"; }

# A wrong tools file: a line for each error.
echo '{"tools": [{"name": "1", "run": {"builtin": "nosuch"}}]}' >"$work/bad_tools.json"
expect 2 "$heddle" plan tools "$work/bad_tools.json"
[ "$(grep -c '^heddle: .*bad_tools.json: tools\[0\]' "$work/err")" -ge 2 ] || wrong "not a line for each error"

# Wrong plans: everything at once, with places, and nothing runs.
plan '1. lookup("x")' '2. look.up-it(limit="many")' '3. append("never")' '4. math("1 + $9")'
expect 2 "$heddle" plan check "$work/plan.txt" --tools "$work/tools.json"
grep -q 'plan.txt:1:4: error' "$work/err" || wrong "no error for the unknown tool"
[ "$(grep -c ': error: ' "$work/err")" -ge 3 ] || wrong "not all errors at once"
expect 2 run
[ ! -e "$work/log" ] || wrong "a call of a wrong plan ran"
expect 2 "$heddle" plan check "$work/plan.txt" --tools "$work/tools.json" --json
is 'd["ok"]' False

# Independent calls at once, several on a line, ids with gaps, selectors, text around references.
plan '```' 'Thought: two look-ups' '1. look.up-it("a") 7. look.up-it(query="b", limit=2)' \
  '9. math("6 * 7")' '12. look.up-it("${1.query} and ${7.query}: $9", limit=$9)' '13. join($12, $1.query)' '<END_OF_PLAN>' '```'
expect 0 run --json
is 'd["status"]' ok
is 'd["result"][0]["query"]' 'a and b: 42'
is 'd["result"][0]["limit"]' 42
is 'd["result"][1]' a
is 'd["makespan_ms"] < 1100' True
is 'd["makespan_ms"] - d["critical_path_ms"] < 100' True

# A failing call: those that use it are skipped, everything else goes on, and join sees the error.
plan '1. fail()' '2. look.up-it("$1")' '3. look.up-it("c")' '4. join($1, $3)'
expect 1 run --json
is 'd["result"][0]["error"].strip()' 'no luck'
is 'd["result"][1]["query"]' c
is '[c["status"] for c in d["calls"]]' "['error', 'skipped', 'ok']"

# What a tool returned is never looked at for references.
plan '1. dollars()' '2. look.up-it("say: ${1}")' '3. join($2)'
expect 0 run --json
is 'd["result"]["query"].strip()' 'say: it costs $1 or $2'

# Money is no reference; equal reads are one call; a bare join has everything.
plan '1. look.up-it("costs $1.50 or $2,000")' '2. look.up-it("costs $1.50 or $2,000")' '3. join()'
expect 0 run --json
is 'd["calls"][1]["status"]' deduplicated
is 'd["result"]["2"]["query"]' 'costs $1.50 or $2,000'

# In a stream a call starts when its text is complete, and a wrong one fails alone.
{ echo '1. look.up-it("early")'; sleep 1; echo '2. nosuch(1)'; echo '3. look.up-it("late")'; echo '4. join($1, $3)'; } |
  "$heddle" plan run - --tools "$work/tools.json" --stream --json >"$work/out" 2>"$work/err"
[ $? -eq 1 ] || wrong "a stream with a broken call has another exit code than 1"
is 'd["calls"][0]["end_ms"] < 900' True
is 'd["calls"][1]["status"]' error
is 'd["result"][1]["query"]' late

# A stream without join is no success, in its object as in its exit code.
echo '1. look.up-it("a")' | "$heddle" plan run - --tools "$work/tools.json" --stream --json >"$work/out" 2>"$work/err"
[ $? -eq 1 ] || wrong "a stream without join has another exit code than 1"
is 'd["status"]' failed

# What cannot be begun is a bad request.
plan '1. math("1 + 1")' '2. join($1)'
expect 2 run --journal "$work/nowhere/journal"
expect 2 run --max-calls -1
rm -f "$work/log"
plan '1. append("never")' '2. join($1)'
expect 2 run --trace "$work/nowhere/trace.json"
grep -q 'cannot write .*nowhere/trace.json: No such file' "$work/err" || wrong "no reason: $(cat "$work/err")"
[ ! -e "$work/log" ] || wrong "a call ran whose trace could not be written"
expect 2 run --timeout soon
[ "$(wc -c <"$work/err")" -lt 200 ] || wrong "a message about a number is long: $(cat "$work/err")"

# Approval: nobody is there to give it.
plan '1. careful()' '2. look.up-it("x")' '3. join($2)'
expect 1 run --json --approve none
is 'd["calls"][0]["status"]' denied
is 'd["calls"][1]["status"]' ok
[ ! -e "$work/careful" ] || wrong "a denied call ran"
plan '1. careful()' '2. look.up-it("$1")' '3. join($2)'
expect 1 run
grep -q 'see --approve' "$work/err" || wrong "nothing says why it was denied"
grep -qF '2. look.up-it(...) skipped' "$work/err" || wrong "arguments that were never known are shown as none"
plan '1. careful()' '2. look.up-it("x")' '3. join($2)'
expect 0 run --approve all
[ -e "$work/careful" ] || wrong "an approved call did not run"

# Ctrl-C cancels what is in flight and prints what finished.
plan '1. math("1 + 1")' '2. hang()' '3. join($1, $2)'
# Not through a function, whose shell would get the signal; and one that the shell does not mask.
"$heddle" plan run "$work/plan.txt" --tools "$work/tools.json" --json >"$work/out" 2>"$work/err" &
sleep 1 && kill -TERM $! && wait $!
[ $? -eq 130 ] || wrong "an interrupted run has another exit code than 130"
is 'd["status"]' cancelled
is 'd["calls"][1]["status"]' cancelled
expect 1 run --json --timeout 0.3
is 'd["calls"][1]["status"]' cancelled

# A run that is killed is gone on with: no line is there twice.
rm -f "$work/log"
plan '1. append("one")' '2. append("two")' '3. append("three")' '4. append("four")' '5. join()'
"$heddle" plan run "$work/plan.txt" --tools "$work/tools.json" --journal "$work/journal" >/dev/null 2>&1 &
sleep 0.12 && kill -9 $! && wait $! 2>/dev/null
"$heddle" plan resume "$work/journal" --json >"$work/out" 2>"$work/err"
[ "$(sort "$work/log" | uniq -d | grep -c .)" -eq 0 ] || wrong "a line is there twice: $(cat "$work/log")"
lines=$(grep -c line "$work/log") unknown=$(value 'sum(c["status"] in ("unknown", "skipped") for c in d["calls"])')
[ $((lines + unknown)) -ge 4 ] || wrong "$lines lines and $unknown unknown calls of 4"

# The other commands.
plan '1. look.up-it("a")' '2. look.up-it("a")' '3. math("2 * 3")' '4. join($1, $3)'
expect 0 "$heddle" plan explain "$work/plan.txt" --tools "$work/tools.json" --dot "$work/plan.dot"
says 'critical path: 1'
says 'if a call without costMs takes 100 ms'
grep -q digraph "$work/plan.dot" || wrong "no drawing"
expect 0 "$heddle" plan explain "$work/plan.txt" --tools "$work/tools.json" --emit heddle
says 'heddle.duplicate 2'
expect 0 "$heddle" plan explain "$work/plan.txt" --tools "$work/tools.json" --emit task
says 'task.call "tool:look.up-it"'
expect 0 "$heddle" plan tools "$work/tools.json" --json
is 'len(d["tools"])' 8
expect 0 "$heddle" plan tools "$work/tools.json" --grammar gbnf
says '^root ::='
expect 0 run --trace "$work/trace.json"
grep -q traceEvents "$work/trace.json" || wrong "no trace"

# A call of an MCP server that does not answer ends when the file says.
cat >"$work/mcp.json" <<END
{"mcpServers": {"slow": {"command": "python3", "timeoutMs": 300,
  "args": ["$(cd "$(dirname "$0")/../unit/tools/mcp" && pwd)/scripted_server.py"]}}}
END
plan '1. stall()' '2. echo(text="here")' '3. join($1, $2)'
expect 1 "$heddle" plan run "$work/plan.txt" --tools "$work/mcp.json" --json
is 'd["result"][0]["error"]' 'timed out after 300 ms'
is 'd["calls"][1]["status"]' ok

# Calls in flight hold descriptors: the soft limit is no limit.
plan '1. descriptors()' '2. join($1)'
expect 0 bash -c 'ulimit -Sn 256; exec "$@"' - "$heddle" plan run "$work/plan.txt" --tools "$work/tools.json" --json
[ "$(ulimit -Hn)" = 256 ] || is 'd["result"] == "unlimited" or int(d["result"]) > 256' True

# A question: the model plans, its calls run while it writes, and it looks at the results; then it
# wants to know more and plans again.
cat >"$work/replies.json" <<'END'
["1. look.up-it(\"Lyon\")\n2. look.up-it(\"Nantes\")\n3. join($1, $2)\n<END_OF_PLAN>",
 "{\"thought\": \"one is missing\", \"action\": \"replan\", \"answer\": \"\"}",
 "4. look.up-it(\"Lille and ${1.query}\")\n5. join($4)\n<END_OF_PLAN>",
 "{\"thought\": \"all there\", \"action\": \"finish\", \"answer\": \"three cities\"}"]
END
python3 "$(dirname "$0")/scripted_model.py" "$work/replies.json" >"$work/port" &
for _ in $(seq 50); do [ -s "$work/port" ] && break; sleep 0.1; done
expect 0 "$heddle" plan ask "Which cities?" --tools "$work/tools.json" --json \
  --llm-url "http://127.0.0.1:$(cat "$work/port")/v1" --llm-model scripted
is 'd["answer"]' 'three cities'
is 'd["replans"]' 1
is 'd["usage"]["prompt_tokens"]' 400
is 'd["calls"][2]["result"]["query"]' 'Lille and Lyon'
wait
expect 1 "$heddle" plan ask "Which cities?" --tools "$work/tools.json" --llm-url http://127.0.0.1:1/v1 --llm-model none
finish
