"""Measures a C# kernel and ipykernel side by side: figures.py [CSHARP_KERNEL_NAME] [ROUNDS]

Run it where `jupyter kernelspec list` knows both kernels:

    mezcla kernel install --prefix /tmp/k && JUPYTER_PATH=/tmp/k/share/jupyter python3 figures.py
"""
import statistics
import sys
import time

from jupyter_client.manager import KernelManager

CSHARP = sys.argv[1] if len(sys.argv) > 1 else ".net-csharp"
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
PATIENCE = 300

CODE = {
    CSHARP: {
        "first": 'Console.WriteLine("hola");',
        "warm": "var v{i} = {i}; v{i} * 2",
        "small": "var s{i} = {i} + 1;",
        "lines": 'for (int i = 0; i < 100_000; i++) Console.WriteLine($"line {i}");',
        "large": "display(new string('x', 30_000_000), \"text/html\");",
    },
    "python3": {
        "first": 'print("hola")',
        "warm": "v{i} = {i}; v{i} * 2",
        "small": "s{i} = {i} + 1",
        "lines": 'for i in range(100_000): print(f"line {i}")',
        "large": "from IPython.display import display, HTML; display(HTML('x' * 30_000_000))",
    },
}


def run(kc, code):
    """Seconds from sending a cell to having its reply and its idle; and how many characters it showed."""
    start = time.perf_counter()
    msg_id = kc.execute(code)
    shown = 0
    while True:
        message = kc.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != msg_id:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            shown += len(content["text"])
        elif message["msg_type"] == "display_data":
            shown += len(content["data"].get("text/html", ""))
        elif message["msg_type"] == "error":
            raise AssertionError("\n".join(content["traceback"]))
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            break
    assert kc.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "ok"
    return time.perf_counter() - start, shown


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def measure(name):
    code = CODE[name]
    figures = {}
    start = time.perf_counter()
    km = KernelManager(kernel_name=name)
    km.start_kernel()
    kc = km.client()
    kc.start_channels()
    kc.kernel_info()
    kc.get_shell_msg(timeout=PATIENCE)
    figures["start to first kernel_info, s"] = time.perf_counter() - start
    kc.wait_for_ready(timeout=PATIENCE)
    figures["first cell, ms"] = 1000 * run(kc, code["first"])[0]
    for i in range(10):
        run(kc, code["warm"].replace("{i}", str(i)))
    warm = [run(kc, code["warm"].replace("{i}", str(i)))[0] for i in range(10, 110)]
    figures["warm cell, median of 100, ms"] = 1000 * statistics.median(warm)
    figures["memory then, MB"] = memory(km.provisioner.process.pid)
    thousand = time.perf_counter()
    for i in range(1000):
        run(kc, code["small"].replace("{i}", str(i)))
    figures["1,000 small cells, s"] = time.perf_counter() - thousand
    figures["memory after them, MB"] = memory(km.provisioner.process.pid)
    figures["100,000 lines printed, s"], shown = run(kc, code["lines"])
    assert shown == sum(len(f"line {i}\n") for i in range(100_000)), shown
    figures["one output of 30 MB, s"], shown = run(kc, code["large"])
    assert shown >= 30_000_000, shown
    kc.stop_channels()
    km.shutdown_kernel(now=True)
    return figures


results = {name: [] for name in CODE}
for _ in range(ROUNDS):
    for name in CODE:
        results[name].append(measure(name))

print(f"{'median of ' + str(ROUNDS):34}" + "".join(f"{name:>16}" for name in CODE))
for figure in results[CSHARP][0]:
    print(f"{figure:34}" + "".join(f"{statistics.median(r[figure] for r in results[name]):16.2f}" for name in CODE))
