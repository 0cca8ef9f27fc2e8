/* SPDX-License-Identifier: MIT */
/*
 * The BPF programs that the kernel has. Without arguments: prints their ids, one per line. With ids: waits until the kernel
 * has none of them any more (it frees a program some time after its last descriptor is closed) and exits 0; after 10 s it
 * prints how many are left and exits 1. Needs CAP_SYS_ADMIN, which the kernel requires for these calls.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TRIES 1000

static long next_id(__u32 after, __u32 *id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = after;
	if (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)))
		return -errno;
	*id = attr.next_id;
	return 0;
}

static int list(void)
{
	__u32 id = 0;
	long err;

	while (!(err = next_id(id, &id)))
		printf("%u\n", id);
	if (err == -ENOENT)
		return 0;
	fprintf(stderr, "bpfprogs: %s\n", strerror((int)-err));
	return 1;
}

/* Asks for the id after id-1: opening the program by its id would keep it alive. */
static int exists(__u32 id)
{
	__u32 found = 0;

	return !next_id(id - 1, &found) && found == id;
}

int main(int argc, char **argv)
{
	struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	int left = 0;

	if (argc == 1)
		return list();
	for (int i = 0; i < TRIES; i++) {
		left = 0;
		for (int n = 1; n < argc; n++)
			left += exists((__u32)strtoul(argv[n], NULL, 10));
		if (left == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "bpfprogs: %d of %d programs are still loaded\n", left, argc - 1);
	return 1;
}
