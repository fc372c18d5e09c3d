"""A client of `rnn lsp`, over pipes as editors have it.   usage: lsp.py RNN"""
import json, os, random, subprocess, sys, tempfile, threading

RNN = os.path.realpath(sys.argv[1])
MODEL = """dim X = 2, H = 64

## The gate of the textbook.
cell Leaky[X, H](x: [X]; a = 0.5) -> h: [H] {
  param W: [H, X] ~ glorot
  state h: [H] = 0
  h = a * h[t-1] + W @ x
}

net m {
  input  x: [X]
  target z: [1] per sequence
  param  w: [1, H] ~ glorot
  h = Leaky[H = H](x)  # \U0001f600 wide
  y = w @ h[last]
}

train m {
  data adding(length = 10, sequences = 10)
  loss mse(y, z)
}
"""
SEVERAL = """dim X = 2, H = 3

## Two at once.
cell Pair[X, H](x: [X]) -> h: [H], c: [H] {
  param W: [H, X] ~ glorot
  state h: [H] = 0
  c = W @ x
  h = c + h[t-1]
}

net m {
  input  x: [X]
  q = Pair[H = H](x)
  a, b = Pair[H = H](x)
  y = q.h[t-1] + q.c + a + b
}
"""
URI = "file:///nowhere/a%20b.rnn"
checks = 0


def check(what, fine, *seen):
    global checks
    checks += 1
    if not fine:
        sys.exit(f"FAILED: {what}: {seen}")


class Client:
    def __init__(self):
        self.process = subprocess.Popen([RNN, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.timer = threading.Timer(60, self.process.kill)  # a server that hangs fails the test
        self.timer.start()
        self.ids = 0

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps(message, ensure_ascii=False).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method, **params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def receive(self):
        length = None
        while line := self.process.stdout.readline().strip():
            key, value = line.split(b":")
            if key == b"Content-Length":
                length = int(value)
        check("a frame", length is not None)
        message = json.loads(self.process.stdout.read(length))
        check("the version", message["jsonrpc"] == "2.0", message)
        return message

    def ask(self, method, **params):
        self.ids += 1
        self.send({"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params})
        answer = self.receive()
        check("the answer's id", answer.get("id") == self.ids, answer)
        return answer

    def result(self, method, **params):
        answer = self.ask(method, **params)
        check(method, "result" in answer, answer)
        return answer["result"]

    def diagnostics(self):
        message = self.receive()
        check("diagnostics", message.get("method") == "textDocument/publishDiagnostics", message)
        check("their uri", message["params"]["uri"] == URI, message)
        return message["params"]["diagnostics"]

    def open(self, text):
        self.notify("textDocument/didOpen", textDocument={"uri": URI, "languageId": "rnn", "version": 1, "text": text})
        return self.diagnostics()

    def change(self, text):
        self.notify("textDocument/didChange", textDocument={"uri": URI, "version": 2}, contentChanges=[{"text": text}])
        return self.diagnostics()

    def at(self, method, line, character):
        return self.result(method, textDocument={"uri": URI}, position={"line": line, "character": character})

    def end(self):
        check("shutdown", self.result("shutdown") is None)
        self.notify("exit")
        code = self.process.wait(timeout=20)
        self.timer.cancel()
        check("the exit code", code == 0, code)


def place(text, word, nth=0, into=0):
    """The line and UTF-16 column of the nth occurrence of a word, moved `into` it."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(word, at + 1)
    at += into
    line = text.count("\n", 0, at)
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return line, len(before.encode("utf-16-le")) // 2


def hover(client, text, word, nth=0, into=0):
    found = client.at("textDocument/hover", *place(text, word, nth, into))
    return found["contents"]["value"] if found else ""


def initialized():
    client = Client()
    answer = client.ask("textDocument/hover", textDocument={"uri": URI}, position={"line": 0, "character": 0})
    check("too early", answer["error"]["code"] == -32002, answer)
    can = client.result("initialize", processId=None, rootUri=None, capabilities={})["capabilities"]
    check("full sync", can["textDocumentSync"]["change"] == 1 and can["hoverProvider"], can)
    client.notify("initialized")
    return client


def test_hover(client):
    for word, nth, into, wanted in [
        ("h: [H] = 0", 0, 0, ["`h: [H] on t`", "state with history 0", "Leaky line 6"]),
        ("h[t-1]", 0, 0, ["`h: [H] on t`", "state"]),
        ("h[t-1]", 0, 3, ["`h[t-1]: [H] on t`", "read 1 step before"]),
        ("h[last]", 0, 3, ["`h[last]: [H] per sequence`", "last step"]),
        ("W @ x", 0, 2, ["`W @ x: [H] on t`"]),
        ("W @ x", 0, 0, ["param ~ glorot", "line 5"]),
        ("w @ h", 0, 0, ["`w: [1, H]`", "param ~ glorot"]),
        ("H = 64", 0, 0, ["`H = 64`, dim, line 1"]),
        ("Leaky", 1, 2, ["cell Leaky[X, H](x: [X]; a = 0.5) -> h: [H]", "The gate of the textbook"]),
        ("a * h", 0, 0, ["option", "Leaky"]),
        ("mse", 0, 1, ["function"]),
        ("[H, X]", 0, 1, ["dim"]),
        ("y, z", 0, 0, ["`y: [1] per sequence`"]),
        ("wide", 0, 0, [""]),
    ]:
        said = hover(client, MODEL, word, nth, into)
        check(f"hover {word}+{into}", all(w in said for w in wanted), said, wanted)


def test_definition(client):
    for word, nth, into, target in [("h[t-1]", 0, 0, "h: [H] = 0"), ("W @ x", 0, 0, "W: [H, X]"), ("Leaky[H", 0, 1, "Leaky"),
                                    ("x)", 0, 0, "x: [X]\n"), ("m {", 1, 0, "m {"), ("y, z", 0, 0, "y = w")]:
        location = client.at("textDocument/definition", *place(MODEL, word, nth, into))
        line, column = place(MODEL, target)
        check(f"definition of {word}", location and location["uri"] == URI, location)
        check(f"definition of {word}", location["range"]["start"] == {"line": line, "character": column}, location, (line, column))


def test_completion(client):
    labels = {item["label"] for item in client.at("textDocument/completion", *place(MODEL, "y = w", 0, 4))}
    check("completion", {"w", "x", "z", "h", "Leaky", "tanh", "H"} <= labels and "W" not in labels, labels)


def test_several_outputs(client):
    check("several outputs", client.change(SEVERAL) == [])
    for word, nth, into, wanted in [
        ("q =", 0, 0, ["`q.h: [H] on t, q.c: [H] on t`", "call with several outputs", "Two at once"]),
        ("q.c", 0, 0, ["`q.h: [H] on t, q.c: [H] on t`"]),
        ("q.c", 0, 2, ["`q.c: [H] on t`", "m line 13"]),
        ("q.h[", 0, 2, ["`q.h: [H] on t`", "with history 0"]),
        ("q.h[", 0, 4, ["`q.h[t-1]: [H] on t`", "read 1 step before"]),
        ("b = Pair", 0, 0, ["`b: [H] on t`", "m line 14"]),
    ]:
        said = hover(client, SEVERAL, word, nth, into)
        check(f"hover {word}+{into}", all(w in said for w in wanted), said, wanted)
    location = client.at("textDocument/definition", *place(SEVERAL, "q.c", 0, 2))
    check("definition of q.c", location["range"]["start"] == dict(zip(("line", "character"), place(SEVERAL, "q = "))), location)
    found = client.change(SEVERAL.replace("q.c +", "q +"))
    check("one of them", [d["code"] for d in found] == ["E0114"], found)
    client.change(MODEL)


def apply(text, edit):
    def offset(position):
        units = "".join(text.split("\n")[position["line"]]).encode("utf-16-le")[: 2 * position["character"]]
        return sum(len(l) + 1 for l in text.split("\n")[: position["line"]]) + len(units.decode("utf-16-le"))
    return text[: offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]) :]


def test_diagnostics(client):
    """A name misspelt behind a character of two units: the range counts UTF-16; the quick fix repairs it."""
    wrong = MODEL.replace("h = Leaky[H = H](x)  # \U0001f600 wide", 'q = "\U0001f600" + Leeky[H = H](x)')
    found = client.change(wrong)
    named = [d for d in found if d["code"] == "E0101" and "Leeky" in d["message"]]
    line, column = place(wrong, "Leeky")
    check("diagnostic", named and named[0]["source"] == "rnn" and named[0]["severity"] == 1, found)
    check("its range", named[0]["range"] == {"start": {"line": line, "character": column}, "end": {"line": line, "character": column + 5}}, named)
    wrong = MODEL.replace("mse(y, z)", "mse(y, zz)").replace("Leaky[H = H]", "Leeky[H = H]")
    found = client.change(wrong)
    check("both mistakes", [d["code"] for d in found] == ["E0101", "E0101"], found)
    actions = client.result("textDocument/codeAction", textDocument={"uri": URI}, range=found[0]["range"], context={"diagnostics": found})
    check("one repair", len(actions) == 1 and actions[0]["kind"] == "quickfix", actions)
    edit = actions[0]["edit"]["changes"][URI][0]
    check("the repaired text", "h = Leaky[H = H](x)" in apply(wrong, edit), edit)
    wrong = MODEL.replace("a * h[t-1]", "a * h")
    found = client.change(wrong)
    check("a loop", [d["code"] for d in found] == ["E0201"], found)
    wrong = MODEL.replace("  h = a", "  h = W @ x\n  h = a")
    found = client.change(wrong)
    check("twice", len(found) == 1 and found[0]["code"] == "E0102", found)
    related = found[0]["relatedInformation"]
    check("where first", related and related[0]["location"]["uri"] == URI and "first" in related[0]["message"], found)
    found = client.change(MODEL.replace("h[t-1] + W", "(h[t-1] + W"))
    check("syntax", len(found) == 1 and found[0]["code"] == "E0002", found)
    check("hover in a broken text", "param" in hover(client, MODEL, "w @ h"))
    check("repaired", client.change(MODEL) == [])


def test_formatting(client):
    ask = lambda: client.result("textDocument/formatting", textDocument={"uri": URI}, options={"tabSize": 2, "insertSpaces": True})
    ugly = MODEL.replace("h = a * h[t-1]", "h   =   a*h[t-1]")
    client.change(ugly)
    pretty = apply(ugly, ask()[0])
    check("formatted", "h = a * h[t-1] + W @ x" in pretty, pretty)
    client.change(pretty)
    check("nothing to format", ask() == [])
    client.change(MODEL + "net {")
    check("a broken text is left alone", ask() is None)
    client.change(MODEL)


def test_malformed(client):
    def error(data, code):
        client.raw(data)
        answer = client.receive()
        check(f"{data[:40]} is an error", answer["error"]["code"] == code and answer["id"] is None, answer)
    error(b"Content-Length: 5\r\n\r\n{{{{{", -32700)
    error(b"Content-Length: 2\r\n\r\n[]", -32600)
    error(b"Content-Length: 4\r\n\r\nnull", -32600)
    error(b"Content-Length: minus\r\n\r\n", -32700)
    error(b"Content-Length: 99999999999999999999\r\n\r\n", -32700)
    error(b"Nonsense\r\n" + b"x" * 5000 + b"\r\n\r\n", -32700)
    error(b"Content-Length: 2000\r\n\r\n" + b"[" * 2000, -32700)
    check("unknown", client.ask("textDocument/rename")["error"]["code"] == -32601)
    client.notify("textDocument/unheardOf", a=[1, {"b": None}])
    client.notify("textDocument/didChange", contentChanges=7)
    client.notify("textDocument/didClose")
    client.send({"jsonrpc": "2.0", "id": 3, "result": None})
    for position in [None, {}, {"line": -4, "character": 1e300}, {"line": 1e9, "character": 0}, {"line": "a", "character": []}]:
        client.result("textDocument/hover", textDocument={"uri": URI}, position=position)
    check("no document", client.result("textDocument/hover", textDocument={"uri": "file:///x"}) is None)
    body = json.dumps({"method": "textDocument/didChange", "params": {"textDocument": {"uri": URI}, "contentChanges": [{"text": "@@"}]}}).encode()
    body = body.replace(b"@@", b"net \xff\xfe {\\ud83d \\u0000 x")
    client.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    answer = client.receive()
    check("bytes that are not UTF-8", "method" in answer or "error" in answer, answer)
    client.change(MODEL)


def test_typing(client):
    """Every beginning of a program, and seeded damage, as it is typed: an answer to each, and hovering never fails."""
    draw = random.Random(1)
    for end in range(0, len(MODEL), 7):
        client.change(MODEL[:end])
        client.at("textDocument/hover", MODEL.count("\n", 0, end), 3)
    for _ in range(200):
        text = list(MODEL)
        for _ in range(draw.randint(1, 4)):
            text[draw.randrange(len(text))] = draw.choice("()[]{}=~@ht1,.\n\"'#\U0001f600")
        client.change("".join(text))
        line, character = draw.randrange(25), draw.randrange(40)
        for method in ["hover", "definition", "completion"]:
            client.at("textDocument/" + method, line, character)
    client.change(MODEL)


def test_use():
    """A mistake in a file that this one uses is shown here, and leads there."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/part.rnn", "w") as f:
            f.write("cell C[X](x: [X]) -> h: [X] {\n  h = tanhh(x)\n}\n")
        global URI
        before, URI = URI, "file://" + folder + "/whole.rnn"
        client = initialized()
        found = client.open('use "part.rnn" (C)\nnet m {\n  input x: [3]\n  y = C(x)\n}\n')
        check("said here", len(found) == 1 and found[0]["range"]["start"]["line"] == 0, found)
        check("shown there", found[0]["relatedInformation"][0]["location"]["uri"].endswith("/part.rnn"), found)
        client.end()
        URI = before


def main():
    client = initialized()
    check("a right model", client.open(MODEL) == [])
    test_hover(client)
    test_definition(client)
    test_completion(client)
    test_several_outputs(client)
    test_diagnostics(client)
    test_formatting(client)
    test_malformed(client)
    test_typing(client)
    client.notify("textDocument/didClose", textDocument={"uri": URI})
    check("closed", client.diagnostics() == [])
    client.end()
    test_use()
    cut = Client()
    cut.raw(b"Content-Length: 100\r\n\r\n{")
    cut.process.stdin.close()
    check("cut off", cut.process.wait(timeout=20) == 1)
    cut.timer.cancel()
    print(f"{checks} checks, all fine")


main()
