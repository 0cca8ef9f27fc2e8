/* SPDX-License-Identifier: MIT */
/*
 * The lower bound of the bench: an empty program on the tracer's main tracepoint, whose cost is that of any program there.
 * Prints "ready" when it is attached, and ends when its input ends. Needs CAP_BPF and CAP_PERFMON. Its two instructions are
 * written out here, without a compiler.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRACEPOINT "inet_sock_set_state"

/* r0 = 0; exit */
static const struct bpf_insn nothing[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "emptytrace: %s: %s\n", what, strerror(-err));
	return 1;
}

static int load(int btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP, .attach_btf_id = (__u32)btf_id);

	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, sizeof(nothing) / sizeof(nothing[0]),
			     &opts);
}

int main(void)
{
	char byte;
	int btf_id = libbpf_find_vmlinux_btf_id(TRACEPOINT, BPF_TRACE_RAW_TP);

	if (btf_id < 0)
		return fail("no such tracepoint: " TRACEPOINT, btf_id);
	int program = load(btf_id);
	if (program < 0)
		return fail("load", program);
	int link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		return fail("attach", link);
	printf("ready\n");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
