#!/usr/bin/env python3
"""Holds a server against its own OpenAPI document with Schemathesis: every operation, as everybody who may call.

Starts the program that it is given on a database of its own, and runs all phases and all checks (but one, see below) as
nobody, a writer, an editor, an admin and an API token that only reads, one after another. Ends with 1 when there was a
server error or an answer that the document does not have, and says how to repeat it.

    python3 -m venv target/conformance
    target/conformance/bin/pip install -r tests/conformance/requirements.txt
    target/conformance/bin/python tests/conformance/run.py target/debug/dateline --seconds 60
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).parent
PASSWORD = "a canary that sings at dawn"

# What would end the caller's own session or account in the middle of a run; nobody is signed in when these are tried.
ENDING = ["sign_out", "sign_out_everywhere", "change_password", "end_session", "end_sessions", "end_user_sessions", "update_user", "delete_user"]

# With ?dry_run=true a 201 is of what is not kept, and with an Idempotency-Key that comes again it may be of what was deleted
# since; and below what was made not everything is there from the beginning.
LEFT_OUT = "ensure_resource_availability"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path, help="the program to be checked")
    # Access tokens live for 15 minutes, and five callers take turns.
    parser.add_argument("--seconds", type=int, default=60, choices=range(1, 151), metavar="1..150",
                        help="how long each caller tries (default: 60)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="repeats a run")
    return parser.parse_args()


def post(base, path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def add_account(program, environment, role):
    command = [program, "user", "add", "--email", f"{role}@example.org", "--role", role]
    subprocess.run(command, input=PASSWORD + "\n", text=True, env=environment, check=True, stdout=subprocess.DEVNULL)


def callers(base):
    """Each caller with its token. All sign in at the beginning: after what is tried, nobody else from here may for a while."""
    tokens = {"nobody": None}
    for role in ["writer", "editor", "admin"]:
        sign_in = {"email": f"{role}@example.org", "password": PASSWORD}
        tokens[role] = post(base, "/v1/auth/login", sign_in)["access_token"]
    asked = {"name": "Reads", "scopes": ["articles:read_drafts", "events:read"]}
    tokens["a token that reads"] = post(base, "/v1/tokens", asked, tokens["admin"])["token"]
    return tokens


def check(base, options, token):
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
        "run", f"{base}/openapi.json", "--checks", "all", "--exclude-checks", LEFT_OUT, "--mode", "all", "--max-time", str(options.seconds),
        "--continue-on-failure", "--warnings", "off", "--seed", str(options.seed), "--request-timeout", "30",
    ]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
        command += [part for operation in ENDING for part in ("--exclude-operation-id", operation)]
    return subprocess.run(command, env=environment).returncode == 0


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATELINE_DATA_DIR": folder, "DATELINE_BIND": "127.0.0.1:0", "DATELINE_LOG": "warn"}
        for role in ["admin", "editor", "writer"]:
            add_account(options.program, environment, role)
        with subprocess.Popen([options.program, "serve"], env=environment, stdout=subprocess.PIPE, text=True) as server:
            try:
                base = server.stdout.readline().split()[-1]
                refused = []
                for name, token in callers(base).items():
                    print(f"\n##### as {name}, seed {options.seed}", flush=True)
                    if not check(base, options, token):
                        refused.append(name)
            finally:
                server.terminate()
    if refused:
        sys.exit(f"not as documented, as {', '.join(refused)}; repeat it with --seed {options.seed}")


if __name__ == "__main__":
    main()
