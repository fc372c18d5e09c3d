#!/bin/bash
# Files to begin with for tests/fuzzers/files.c, each behind the number of its reader.   usage: files_seeds.sh FOLDER
set -eu
cd "$1"
printf '0y,u,k,id\n1,2,a,1\n3,4,b,1\n5,,a,2\n' >table
printf '0"the ""first""","b,c",\r\n\r\n 1 ,"2.5",\r\n3,,\r\n' >quotes
printf '0a\tb\n1 2\tx\n3 4\tNA\n' >tabs
printf '40.5\t(max (neg 1) (max 2 3))\n-1\t3\n' >trees
printf '5bañana σ (a b)\n' >words
python3 - <<'PYTHON'
import io, json, struct, zipfile

def npy(shape, descr, data, version=1):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(head)) + head + data

arrays = {"u": npy((4, 3), "<f4", struct.pack("<12f", *range(12))), "k": npy((2,), "|u1", b"\1\2"), "offset": npy((2,), ">i4", struct.pack(">2i", 0, 2))}
for name, form in ("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", form) as archive:
        for key, value in arrays.items():
            archive.writestr(key + ".npy", value)
    open(name, "wb").write(b"1" + memory.getvalue())
several = {"x": npy((2, 3, 2), "<f4", struct.pack("<12f", *range(12))), "a": npy((2, 3, 2), "<f8", struct.pack("<12d", *range(11), float("nan"))),
           "rows": npy((4, 2), "|u1", bytes(range(8))), "y": npy((2, 1), "|u1", b"\1\2"), "s": npy((2,), "|u1", b"\3\1"), "t": npy((2,), "|u1", b"\2\1"),
           "offset": npy((2,), "|u1", b"\0\3")}
memory = io.BytesIO()
with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
    for key, value in several.items():
        archive.writestr(key + ".npy", value)
open("several", "wb").write(b"6" + memory.getvalue())
for i, (descr, size) in enumerate((("<f8", 8), (">f4", 4), ("<f2", 2), ("|b1", 1), ("<i8", 8), ("<u2", 2))):
    open(f"array{i}", "wb").write(b"2" + npy((2, 2), descr, bytes(range(4 * size)), 1 + i % 2))
header = json.dumps({"__metadata__": {"format": "rnn", "seed": "1"}, "n.w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                     "n.b": {"dtype": "F64", "shape": [], "data_offsets": [8, 16]}}).encode()
open("weights", "wb").write(b"3" + struct.pack("<Q", len(header)) + header + bytes(16))
PYTHON
