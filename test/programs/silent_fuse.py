"""A file system that never answers: mounted on the directory that is named, it takes no question but the first, which every mount has. So whoever reads
there waits, as for an NFS server that is gone. Prints "mounted"; when its input ends it unmounts, and whoever waits gets an error."""
import ctypes, os, struct, sys

INIT_OUT, KERNEL_WRITES, MNT_DETACH = "<IIIIHHIIHH8I", 1 << 17, 2
libc = ctypes.CDLL(None, use_errno=True)
path = sys.argv[1].encode()
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"silent", path, b"fuse", 0, options) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
unique = struct.unpack_from("<IIQ", os.read(device, KERNEL_WRITES))[2]
answer = struct.pack(INIT_OUT, 7, 31, KERNEL_WRITES, 0, 1, 1, KERNEL_WRITES, 1, 1, 0, *[0] * 8)
os.write(device, struct.pack("<IiQ", 16 + len(answer), 0, unique) + answer)
print("mounted", flush=True)
sys.stdin.read()
libc.umount2(path, MNT_DETACH)
os.close(device)
