#!/usr/bin/env python3
"""Checks the proof of one version of a story, with nothing but the Python that is there.

    curl -s https://news.example/v1/articles/some-story/proof | python3 verify_proof.py - --key KEY

KEY is the public key of the newsroom (`checkpoint.key.x`), from somewhere you trust. Without it, the proof is checked with
the key that it brings along: that shows that it is whole, and not whose it is. The format is described in docs/proof.md.
Exit code 0: it holds; 1: it does not; 2: nothing was checked, because something else was given.
"""
import argparse
import base64
import hashlib
import json
import sys

# Ed25519 as in RFC 8032, section 6: slow, and short enough to be read.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    x = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = x[1] - x[0], z[1] - z[0], z[1] + z[0], x[1] + x[0]
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    result = (0, 1, 1, 0)
    while n:
        result, point, n = add(result, point) if n & 1 else result, add(point, point), n >> 1
    return result


def point(raw):
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or y >= P:
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != raw[31] >> 7 else x
    return x, y, 1, x * y % P


def signed(key, text, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(r + key + text).digest(), "little") % L
    a, b = times(s, point(bytes([0x58]) + bytes([0x66]) * 31)), add(point(r), times(h, point(key)))
    return s < L and (a[0] * b[2] - b[0] * a[2]) % P == 0 == (a[1] * b[2] - b[1] * a[2]) % P


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def require(holds, otherwise):
    if not holds:
        raise ValueError(otherwise)


def verify(proof, key):
    publication, event = json.loads(proof["publication"]), json.loads(proof["event"])
    checkpoint = json.loads(proof["checkpoint"]["text"])
    require(sha256(proof["publication"].encode()) == proof["hash"] == event["digest"], "the text is another one")
    require(event["resource"] == "article" and event["resource_id"] == publication["article"],
            "the entry of the log is about another story")
    require(event["action"] in ("published", "embargoed"), "the entry of the log is about something else")
    log = proof["previous_event_hash"]
    for leaf in [sha256(proof["event"].encode()), *proof["following"]]:
        require(len(log) == len(leaf) == 64, "a hash is not one")
        log = sha256(bytes.fromhex(log) + bytes.fromhex(leaf))
    require(log == checkpoint["hash"], "the log does not lead to the checkpoint")
    require(event["position"] + len(proof["following"]) == checkpoint["position"], "the checkpoint is elsewhere")
    require(checkpoint["format"] == "dateline-checkpoint-1", "what was signed is no checkpoint")
    good = signed(decode(key), proof["checkpoint"]["text"].encode(), decode(proof["checkpoint"]["signature"]))
    require(good, "the checkpoint was not signed with this key")
    return publication, event


def arguments():
    parser = argparse.ArgumentParser(description="Checks the proof of one version of a story.")
    parser.add_argument("proof", nargs="?", type=argparse.FileType(encoding="utf-8"), default="-",
                        help="a file with what …/proof answered; - or nothing for the standard input")
    parser.add_argument("--key", metavar="KEY", help="the newsroom's public key, which `dateline verify` prints")
    given = parser.parse_args()
    try:
        proof = json.load(given.proof)
        own = proof["checkpoint"]["key"]
        proof["publication"], proof["event"], proof["hash"], proof["previous_event_hash"], proof["following"]
    except (ValueError, KeyError, TypeError) as error:
        parser.error(f"this is not a proof ({error!r}); nothing was checked")
    if given.key is None and own is None:
        parser.error("the proof brings no key along; give the newsroom's with --key; nothing was checked")
    key = own["x"] if given.key is None else given.key
    try:
        require(len(decode(key)) == 32, "it does not have 32 bytes")
        point(decode(key))
    except ValueError as error:
        parser.error(f"this is not a public key ({error}); nothing was checked")
    return proof, key, given.key is None


if __name__ == "__main__":
    given, public_key, with_own_key = arguments()
    try:
        story, entry = verify(given, public_key)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        sys.exit(f"The proof does not hold: {error}")
    print(f"publication {story['number']} of “{story['document']['title']}” has been read since {story['live_from']}; "
          f"the log says so at position {entry['position']}, {entry['at']}")
    if with_own_key:
        print("CHECKED WITH ITS OWN KEY ONLY: whoever made this proof may have made the key as well. Give the newsroom's "
              "key, from somewhere you trust, with --key.")
