/* SPDX-License-Identifier: MIT */
/*
 * The results. The counters are in memory that is shared with forked children, so that connections of a killed child are
 * counted too. The log has one line per connection or failed attempt, tab separated; each thread collects lines and appends
 * whole ones. Columns: role call local remote pid tid closer startNs openNs closeNs errno sent received ("-" or 0 when not
 * known).
 */
#include "churngen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct counters *counters;
static int log_fd = -1;
static __thread char lines[1 << 16];
static __thread size_t used;

void record_open(void)
{
	counters = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counters == MAP_FAILED)
		die("mmap");
	if (!opt.log)
		return;
	log_fd = open(opt.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log_fd < 0)
		die(opt.log);
}

void record_flush(void)
{
	if (used && write(log_fd, lines, used) != (ssize_t)used)
		die("write log");
	used = 0;
}

void record_line(const struct record *rec)
{
	char local[64], remote[64];

	if (log_fd < 0)
		return;
	if (sizeof(lines) - used < 512)
		record_flush();
	format_address(&rec->local, local, sizeof(local));
	format_address(&rec->remote, remote, sizeof(remote));
	used += (size_t)snprintf(lines + used, sizeof(lines) - used,
				 "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%llu\t%llu\t%llu\t%s\t%llu\t%llu\n", rec->role,
				 rec->call ? rec->call : "-", local, remote, rec->pid, rec->tid,
				 rec->closer ? rec->closer : rec->pid, (unsigned long long)rec->start_ns,
				 (unsigned long long)rec->open_ns, (unsigned long long)rec->close_ns,
				 rec->err ? strerrorname_np(rec->err) : "-", (unsigned long long)rec->sent,
				 (unsigned long long)rec->received);
}

/* One JSON object: counts of all threads and children, and errors by name. */
void record_summary(void)
{
	const char *comma = "";

	printf("{\"attempts\":%llu,\"opened\":%llu,\"failed\":%llu,\"closed\":%llu,\"sent\":%llu,\"received\":%llu,"
	       "\"errors\":{",
	       (unsigned long long)counters->attempts, (unsigned long long)counters->opened,
	       (unsigned long long)counters->failed, (unsigned long long)counters->closed,
	       (unsigned long long)counters->sent, (unsigned long long)counters->received);
	for (int e = 0; e < 200; e++) {
		if (!counters->errors[e])
			continue;
		printf("%s\"%s\":%llu", comma, strerrorname_np(e), (unsigned long long)counters->errors[e]);
		comma = ",";
	}
	printf("}}\n");
	fflush(stdout);
}
