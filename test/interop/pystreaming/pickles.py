"""Reads pickles in hexadecimal, one a line, and prints what they are as JSON; bytes as lists."""
import json
import pickle
import sys

for line in sys.stdin:
    value = pickle.loads(bytes.fromhex(line.strip()))
    print(json.dumps(value, default=list), flush=True)
