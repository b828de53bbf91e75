"""Drives the installed kernel through jupyter_client, as front ends do. Usage: drive_kernel.py KERNEL_NAME

Prints one line for each check, PASS name or FAIL name: reason, and exits with 1 if any failed.
"""
import os
import signal
import subprocess
import sys
import time
import traceback

import zmq
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_client.session import Session

NAME = sys.argv[1]
PATIENCE = 120


def run(kc, code, **options):
    """Executes a cell; returns its reply's content and the (type, content) of all it published."""
    published = []
    options.setdefault("allow_stdin", False)
    msg_id = kc.execute(code, **options)
    reply = kc.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"].get("msg_id") != msg_id:
        reply = kc.get_shell_msg(timeout=PATIENCE)
    while True:
        message = kc.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != msg_id:
            continue
        published.append((message["msg_type"], message["content"]))
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return reply["content"], published


def text(published):
    return "".join(c["text"] for t, c in published if t == "stream")


def value(published):
    return [c["data"]["text/plain"] for t, c in published if t == "execute_result"][0]


def wait_for_output(kc, wanted):
    end = time.time() + PATIENCE
    while time.time() < end:
        message = kc.get_iopub_msg(timeout=PATIENCE)
        if message["msg_type"] == "stream" and wanted in message["content"]["text"]:
            return
    raise AssertionError("never saw " + wanted)


def immediate(km, kc):
    """Cells sent before the kernel has had time to warm up."""
    assert value(run(kc, "1")[1]) == "1"
    assert run(kc, "record R(int X); var s = 1;")[0]["status"] == "ok"
    reply, published = run(kc, "display(s); new R(s)")
    assert reply["status"] == "ok", reply
    assert [t for t, _ in published] == ["status", "execute_input", "display_data", "execute_result", "status"], published


def execute(km, kc):
    reply, published = run(kc, 'Console.WriteLine("hola"); var x = 20; x + 1')
    assert reply["status"] == "ok" and reply["execution_count"] == 4, reply
    assert text(published) == "hola\n" and value(published) == "21", published
    reply, published = run(kc, 'var big = new string(\'x\', 5_000_000); Console.Write(big);')
    assert len(text(published)) == 5_000_000


def errors(km, kc):
    reply, published = run(kc, "int y = 5;\nint z = y / (y - 5);")
    assert reply["status"] == "error" and "DivideByZero" in reply["ename"], reply
    assert any(t == "error" for t, _ in published)
    reply, _ = run(kc, 'int bad = "text";')
    assert reply["status"] == "error" and "CS0029" in reply["evalue"] + "".join(reply["traceback"]), reply
    assert value(run(kc, "y")[1]) == "5"


def aborting(km, kc):
    failing = kc.execute("System.Threading.Thread.Sleep(2000); throw new Exception();")
    queued = kc.execute("1", stop_on_error=True)
    replies = {}
    while len(replies) < 2:
        reply = kc.get_shell_msg(timeout=PATIENCE)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    assert replies == {failing: "error", queued: "aborted"}, replies
    assert run(kc, "1 + 1")[0]["status"] == "ok"


def stdin(km, kc):
    kc.execute('var name = Console.ReadLine(); Console.Write("I am " + name);', allow_stdin=True)
    question = kc.get_stdin_msg(timeout=PATIENCE)
    assert question["msg_type"] == "input_request", question
    kc.input("Añil 😀")
    wait_for_output(kc, "I am Añil 😀")
    assert kc.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "ok"
    assert run(kc, "Console.ReadLine()")[0]["status"] == "error"


def language(km, kc):
    reply = kc.complete("var e = \"😀\"; Console.Wri", reply=True, timeout=PATIENCE)["content"]
    assert "WriteLine" in reply["matches"], reply
    assert (reply["cursor_start"], reply["cursor_end"]) == (21, 24), reply
    reply = kc.inspect("Console.WriteLine", 12, reply=True, timeout=PATIENCE)["content"]
    assert reply["found"] and "WriteLine" in reply["data"]["text/plain"], reply
    for code, status in (("if (x) {", "incomplete"), ("1 + 1", "complete")):
        kc.is_complete(code)
        assert kc.get_shell_msg(timeout=PATIENCE)["content"]["status"] == status, code


def history(km, kc):
    run(kc, "var marker = 20261124;")
    reply = kc.history(hist_access_type="tail", n=1, reply=True, timeout=PATIENCE)["content"]
    assert reply["history"][-1][2] == "var marker = 20261124;", reply
    reply = kc.history(hist_access_type="search", pattern="*2026112?*", n=10, reply=True, timeout=PATIENCE)["content"]
    assert len(reply["history"]) >= 1, reply


def comms(km, kc):
    message = kc.session.msg("comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    kc.shell_channel.send(message)
    while True:
        answer = kc.get_iopub_msg(timeout=PATIENCE)
        if answer["msg_type"] == "comm_close":
            assert answer["content"]["comm_id"] == "c1"
            break
    cell = kc.execute(
        "Mezcla.Kernel.Comms.CommManager.Current.RegisterTarget(\"echo\", (comm, _) => "
        "comm.Received += m => { Console.Write(\"received\"); comm.Send(m.Data); });")
    assert kc.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "ok"
    kc.shell_channel.send(kc.session.msg("comm_open", {"comm_id": "c2", "target_name": "echo", "data": {}}))
    request = kc.session.msg("comm_msg", {"comm_id": "c2", "data": {"n": 7}})
    kc.shell_channel.send(request)
    seen = {}
    while len(seen) < 2:
        answer = kc.get_iopub_msg(timeout=PATIENCE)
        if answer["msg_type"] in ("comm_msg", "stream"):
            seen[answer["msg_type"]] = answer
    assert seen["comm_msg"]["content"]["data"] == {"n": 7}, seen
    assert seen["comm_msg"]["parent_header"]["msg_id"] == request["header"]["msg_id"], seen
    assert seen["stream"]["content"]["text"] == "received", seen
    assert seen["stream"]["parent_header"]["msg_id"] == cell, seen
    assert "c2" in kc.comm_info(reply=True, timeout=PATIENCE)["content"]["comms"]


def two_clients(km, kc):
    second = km.client()
    second.session = Session(key=km.session.key, signature_scheme=km.session.signature_scheme)
    second.start_channels()
    try:
        second.wait_for_ready(timeout=PATIENCE)
        assert value(run(second, "6 * 7")[1]) == "42"
        assert value(run(kc, "6 * 8")[1]) == "48"
    finally:
        second.stop_channels()


def heartbeat(km, kc):
    kc.execute('Console.WriteLine("asleep"); System.Threading.Thread.Sleep(-1);')
    wait_for_output(kc, "asleep")
    kc.hb_channel.unpause()
    end = time.time() + PATIENCE
    while not kc.hb_channel.is_beating():
        assert time.time() < end, "no heartbeat while a cell runs"
        time.sleep(0.1)
    km.interrupt_kernel()
    assert kc.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "error"


def forged(km, kc):
    forger = km.client()
    forger.session = Session(key=b"not the key")
    forger.start_channels(hb=False)
    forger.execute("var forged = 1;")
    time.sleep(0.5)
    forger.stop_channels()
    assert run(kc, "forged")[0]["status"] == "error"


def garbage(km, kc):
    """Frames at random from a real ZeroMQ socket of each kind that fits."""
    info = kc.get_connection_info()
    context = zmq.Context.instance()
    for port in ("shell_port", "control_port", "stdin_port", "hb_port"):
        socket = context.socket(zmq.DEALER)
        socket.linger = 500
        socket.connect(f"tcp://{info['ip']}:{info[port]}")
        for seed in range(200):
            parts = [os.urandom(seed % 300) for _ in range(1 + seed % 7)]
            if seed % 3 == 0:
                parts.insert(seed % len(parts), b"<IDS|MSG>")
            socket.send_multipart(parts)
        socket.close()
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.connect(f"tcp://{info['ip']}:{info['shell_port']}")
    socket.subscribe(b"")
    time.sleep(0.3)
    socket.close()
    assert run(kc, "1 + 1")[0]["status"] == "ok"


INTERRUPTED = {
    "interrupt_loop": "while (true) { }",
    "interrupt_sleep": "System.Threading.Thread.Sleep(-1);",
    "interrupt_await": "await Task.Delay(-1);",
    "interrupt_printing": "while (true) Console.WriteLine(\"again\");",
    "interrupt_recursion": "long F(long n) => n < 2 ? 1 : F(n - 1) + F(n - 2); F(100);",
}


def interrupting(body):
    def check(km, kc):
        run(kc, "var kept = 1;")
        kc.execute('kept = 2; Console.WriteLine("begun"); ' + body)
        wait_for_output(kc, "begun")
        start = time.time()
        km.interrupt_kernel()
        reply = kc.get_shell_msg(timeout=PATIENCE)["content"]
        took = time.time() - start
        assert reply["status"] == "error", reply
        print(f"     {took:.2f} s", flush=True)
        assert value(run(kc, "kept")[1]) == "2"

    return check


def restart(km, kc):
    run(kc, "var gone = 1;")
    km.restart_kernel(now=False)
    kc.wait_for_ready(timeout=PATIENCE)
    assert run(kc, "gone")[0]["status"] == "error"
    reply, published = run(kc, "3 * 3")
    assert value(published) == "9", published
    reply = kc.history(hist_access_type="search", pattern="*marker*", reply=True, timeout=PATIENCE)["content"]
    assert reply["history"], "the history of the session before is gone"


def environment_exit(km, kc):
    run(kc, "var survives = 1;")
    reply, published = run(kc, 'Console.WriteLine("last words"); Environment.Exit(3);')
    assert reply["status"] == "error" and "Environment.Exit" in reply["evalue"], reply
    assert text(published) == "last words\n", published
    assert value(run(kc, "survives")[1]) == "1"


def process_exit(km, kc):
    """A library that ends the process: nothing can save the kernel, but the cell says what happened."""
    msg_id = kc.execute('Console.WriteLine("last words"); typeof(Environment).GetMethod("Exit")!.Invoke(null, [3]);')
    seen = []
    while not any(t == "error" for t, _ in seen):
        message = kc.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == msg_id:
            seen.append((message["msg_type"], message["content"]))
    assert text(seen) == "last words\n", seen
    assert "process ended while this cell ran" in [c for t, c in seen if t == "error"][0]["evalue"], seen
    reply = kc.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"].get("msg_id") != msg_id:
        reply = kc.get_shell_msg(timeout=PATIENCE)
    assert reply["content"]["status"] == "error", reply
    end = time.time() + PATIENCE
    while km.is_alive() and time.time() < end:
        time.sleep(0.1)
    assert not km.is_alive()


def shutdown(km, kc):
    """It ends by itself: nobody terminates it meanwhile."""
    kc.shutdown()
    end = time.time() + PATIENCE
    while km.is_alive():
        assert time.time() < end, "still there"
        time.sleep(0.1)


def orphaned(km, kc):
    """A kernel whose parent is killed ends by itself."""
    parent = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, time; from jupyter_client.manager import start_new_kernel\n"
         f"km, kc = start_new_kernel(kernel_name={NAME!r})\n"
         "print(km.provisioner.process.pid, flush=True); time.sleep(600)"],
        stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.time() + PATIENCE
    while time.time() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().split(")")[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the kernel outlived its parent")


CHECKS = [immediate, execute, errors, aborting, stdin, language, history, comms, two_clients, heartbeat, forged, garbage]


def main():
    checks = {check.__name__: check for check in CHECKS}
    checks.update({name: interrupting(body) for name, body in INTERRUPTED.items()})
    checks.update({check.__name__: check for check in (restart, environment_exit, process_exit)})
    failed = 0

    def attempt(name, check, km, kc):
        nonlocal failed
        try:
            check(km, kc)
            print("PASS", name, flush=True)
        except Exception as e:
            failed += 1
            reason = " ".join(traceback.format_exception_only(type(e), e)).replace("\n", " ").strip()
            where = traceback.extract_tb(e.__traceback__)[-1].lineno
            print(f"FAIL {name}: {reason[:500]} (line {where})", flush=True)

    km, kc = start_new_kernel(kernel_name=NAME, startup_timeout=PATIENCE)
    for name, check in checks.items():
        if not km.is_alive():
            km, kc = start_new_kernel(kernel_name=NAME, startup_timeout=PATIENCE)
        attempt(name, check, km, kc)
        if name.startswith("interrupt") and failed:
            km.shutdown_kernel(now=True)
    km.shutdown_kernel(now=True)
    km, kc = start_new_kernel(kernel_name=NAME, startup_timeout=PATIENCE)
    attempt("shutdown", shutdown, km, kc)
    attempt("orphaned", orphaned, None, None)
    sys.exit(1 if failed else 0)


main()
