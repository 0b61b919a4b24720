#!/usr/bin/env python3
"""Recompute an audit bundle with nothing but Python's standard library: every event's stored bytes
to its leaf, the leaves to the RFC 6962 root, and the root against the checkpoint.
The signature is openssl's to check, see README.md. Usage: python3 verify.py [KEPT-ROOT KEPT-SIZE]"""
import base64, hashlib, json, sys, uuid

sha = lambda b: hashlib.sha256(b).digest()

def leaf(ledger, e):
    parts = [b"ttl/leaf/v1", ledger.bytes, uuid.UUID(e["id"]).bytes, e["stream"].encode(),
             e["version"].to_bytes(8, "big"), e["type"].encode(),
             sha(e["metadata"].encode()), sha(e["data"].encode())]
    return sha(b"\0" + b"".join(len(p).to_bytes(4, "big") + p for p in parts))

class Tree:
    def __init__(self): self.size, self.subtrees = 0, []          # complete subtrees, the largest first
    def add(self, h):
        n, self.size = self.size, self.size + 1
        while n & 1: h, n = sha(b"\1" + self.subtrees.pop() + h), n >> 1
        self.subtrees.append(h)
    def root(self):
        if not self.subtrees: return sha(b"")
        h = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]): h = sha(b"\1" + left + h)
        return h

origin, size, root = open("checkpoint", encoding="utf-8").read().split("\n")[:3]
ledger, tree, kept = uuid.UUID(origin.split("/")[1]), Tree(), sys.argv[1:3]
with open("events.ndjson", encoding="utf-8") as lines:
    for line in lines:
        e = json.loads(line)
        if e["entry"] != tree.size + 1: sys.exit("entry %d is missing" % (tree.size + 1))
        tree.add(leaf(ledger, e))
        if kept and tree.size == int(kept[1]) and tree.root() != base64.b64decode(kept[0]):
            sys.exit("at entry %d this is not the history of which you kept the root" % tree.size)
if tree.size != int(size) or tree.root() != base64.b64decode(root):
    sys.exit("the events come to %d entries, root %s; the checkpoint says %s, %s" % (tree.size, base64.b64encode(tree.root()).decode(), size, root))
if kept and tree.size < int(kept[1]): sys.exit("the ledger ends before the checkpoint that you kept")
print("the events come to the checkpoint:", origin, size, root)
