"""schemathesis asks everything the description allows and much that it does not: no answer is a failure of the server,
and every answer is one that the description names, in the form it says.

    contract.py <kortteli> <store> <folder for logs>
"""

import os
import subprocess
import sys
from pathlib import Path

from server import Server

PROGRAM, STORE, MADE = sys.argv[1:4]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# What makes files or runs for minutes is another step's.
LEFT_OUT = ["Jobs", "Processes"]


def main():
    with Server(PROGRAM, STORE, f"{MADE}/contract.log") as server:
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{server.behind}/api?f=json"]
        command += ["--url", server.behind, "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
        command += ["--max-examples", "40", "--seed", "1", "--continue-on-failure", "--warnings", "off"]
        command += ["--suppress-health-check", "all", "--generation-database", "none"]
        for tag in LEFT_OUT:
            command += ["--exclude-tag", tag]
        environment = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(command, env=environment, cwd=MADE, timeout=1800, check=False)
        good = done.returncode == 0
        print(f"{'ok' if good else 'not ok'} features: schemathesis finds nothing against the description")
        wrong = [line for line in server.logged().splitlines() if " WARN " in line or " ERROR " in line]
        print(f"{'ok' if not wrong else 'not ok'} features: the server logged no warning", *wrong[:5])
    sys.exit(0 if good and not wrong else 1)


main()
