/* Sends datagrams to one place after the other, so many a second, until a file is there: half to an address that the policy allows,
   half to addresses that it denies. Says how many flows that were, how many denied ones passed and how many allowed ones were refused.
   usage: rush PER_SECOND STOP_FILE */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 50
#define LONGEST_SECONDS 300
#define FIRST_PORT 1024
#define PORTS 60000
/* 198.51.100.10, and from 198.51.100.60 on. */
#define ALLOWED 0xc633640a
#define DENIED 0xc633643c
#define DENIED_HOSTS 90

struct met {
	long tried;
	long passed;
	long refused;
	/* By something else than the policy. */
	long failed;
	double seconds;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void send_one(int sock, long number, int denied, struct met *met)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(FIRST_PORT + number % PORTS) };
	to.sin_addr.s_addr = htonl(denied ? DENIED + number / PORTS % DENIED_HOSTS : ALLOWED);
	if (sendto(sock, "rush", 4, 0, (struct sockaddr *)&to, sizeof(to)) == 4)
		met->passed++;
	else if (errno == EPERM)
		met->refused++;
	else
		met->failed++;
	met->tried++;
}

static void rush(double per_second, const char *stop, int denied, struct met *met)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	double began = now();
	while (access(stop, F_OK) != 0 && now() < began + LONGEST_SECONDS) {
		for (int i = 0; i < BATCH; i++)
			send_one(sock, met->tried, denied, met);
		double early = began + met->tried / per_second - now();
		if (early > 0)
			usleep(early * 1e6);
	}
	met->seconds = now() - began;
	close(sock);
}

int main(int count, char **args)
{
	struct met *met = mmap(0, 2 * sizeof(*met), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count != 3 || met == MAP_FAILED)
		return 2;
	for (int denied = 0; denied < 2; denied++) {
		if (fork() != 0)
			continue;
		rush(atof(args[1]) / 2, args[2], denied, &met[denied]);
		return 0;
	}
	while (wait(0) > 0)
		;
	printf("{\"tried\":%ld,\"passed\":%ld,\"refused\":%ld,\"failed\":%ld,\"perSecond\":%.0f}\n", met[0].tried + met[1].tried, met[1].passed,
	       met[0].refused, met[0].failed + met[1].failed, met[0].tried / met[0].seconds + met[1].tried / met[1].seconds);
	return 0;
}
