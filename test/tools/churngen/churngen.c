/* SPDX-License-Identifier: MIT */
/* main: options, signals, limits, the gate at the start, the summary at the end. See churngen.h. */
#include "churngen.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define GRACE_SECONDS 5

/* The first signal asks all threads to end. If some still run at the alarm after GRACE_SECONDS, the process exits with 3. */
static void on_signal(int sig)
{
	if (counters->stopping && sig == SIGALRM)
		_exit(3);
	counters->stopping = true;
	alarm(GRACE_SECONDS);
}

static void set_limits(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct rlimit files;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < 1 << 20 ? files.rlim_max : 1 << 20;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void set_deadline(void)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = (time_t)opt.seconds,
			     .tv_usec = (suseconds_t)((opt.seconds - (double)(time_t)opt.seconds) * 1e6)}};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void wait_for_line(void)
{
	char byte;

	printf("ready %d\n", getpid());
	fflush(stdout);
	while (read(0, &byte, 1) == 1 && byte != '\n')
		;
}

static void wait_for_end(void)
{
	char byte;

	while (!counters->stopping && read(0, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	record_open(); /* before the signal handler, which writes to the counters */
	set_limits();
	if (opt.gate)
		wait_for_line();
	set_deadline();
	if (opt.server)
		run_server();
	else
		run_client();
	record_flush();
	record_summary();
	if (opt.stay)
		wait_for_end();
	return 0;
}
