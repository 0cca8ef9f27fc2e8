/*
 * Runs COUNT processes, each a file of its own: hard links to this program, which whoever owns it may make. Each calls
 * connect() once, toward PORT of 127.0.0.1, and exits. WORKERS of them run at a time. Prints how many ran.
 *
 *   linkstorm DIRECTORY PORT WORKERS COUNT SECONDS
 */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *const CHILD = "-";

/* Shared by all workers. */
struct progress {
	atomic_int begun;
	atomic_int ran;
};

static int connect_once(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	return 0;
}

static int run(const char *path, char *port)
{
	char *argv[] = {(char *)path, CHILD, port, NULL};
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		execv(path, argv);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static int run_as_its_own_file(const char *self, const char *directory, char *port, int number)
{
	char path[4096];
	int failed;

	snprintf(path, sizeof(path), "%s/l%d", directory, number);
	if (link(self, path) != 0)
		return 1;
	failed = run(path, port);
	unlink(path);
	return failed;
}

static int work(struct progress *progress, char **argv)
{
	int count = atoi(argv[4]);
	time_t end = time(NULL) + atoi(argv[5]);
	int number;

	while (time(NULL) < end && (number = atomic_fetch_add(&progress->begun, 1)) < count) {
		if (run_as_its_own_file(argv[0], argv[1], argv[2], number) != 0) {
			perror("linkstorm");
			return 1;
		}
		atomic_fetch_add(&progress->ran, 1);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct progress *progress;
	int workers, status, failed = 0;

	if (argc == 3 && strcmp(argv[1], CHILD) == 0)
		return connect_once(argv[2]);
	if (argc != 6) {
		fprintf(stderr, "usage: linkstorm DIRECTORY PORT WORKERS COUNT SECONDS\n");
		return 2;
	}
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 1;
	for (workers = atoi(argv[3]); workers > 0; workers--)
		if (fork() == 0)
			_exit(work(progress, argv));
	while (wait(&status) > 0)
		failed |= status;
	printf("ran %d\n", progress->ran);
	return failed != 0;
}
