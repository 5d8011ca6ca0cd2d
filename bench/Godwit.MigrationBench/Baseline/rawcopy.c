/* The yardstick of a migration: the bytes of a file, mapped as guest memory is, written to a TCP socket in pieces of 1 MiB
   and read into memory of the size and kind that the receiving machine has. One process at either end.

   rawcopy receive SIZE PRETOUCH     prints its port, then "read SECONDS CPU"
   rawcopy send FILE SIZE HOST PORT  prints "sent SECONDS CPU": until the receiver has confirmed the last byte */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void receive(size_t size, int pretouch)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(memory != MAP_FAILED, "mmap");
    madvise(memory, size, MADV_HUGEPAGE);
    if (pretouch)
        for (size_t at = 0; at < size; at += 4096)
            ((volatile char *)memory)[at] = 0;

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;
    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0, "listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int s = accept(listener, NULL, NULL);
    check(s >= 0, "accept");
    double start = now(), startCpu = cpu();
    for (size_t done = 0; done < size;) {
        ssize_t n = read(s, memory + done, size - done < PIECE ? size - done : PIECE);
        check(n > 0, "read");
        done += (size_t)n;
    }

    check(write(s, "k", 1) == 1, "write");
    printf("read %.6f %.6f\n", now() - start, cpu() - startCpu);
}

static void transmit(const char *path, size_t size, const char *host, int port)
{
    int file = open(path, O_RDWR);
    check(file >= 0, path);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    check(memory != MAP_FAILED, "mmap");
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    inet_pton(AF_INET, host, &address.sin_addr);
    check(connect(s, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    int on = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    double start = now(), startCpu = cpu();
    for (size_t done = 0; done < size;) {
        ssize_t n = write(s, memory + done, size - done < PIECE ? size - done : PIECE);
        check(n > 0, "write");
        done += (size_t)n;
    }

    char answer;
    check(read(s, &answer, 1) == 1, "read");
    printf("sent %.6f %.6f\n", now() - start, cpu() - startCpu);
}

int main(int count, char **words)
{
    if (count == 4 && strcmp(words[1], "receive") == 0)
        receive(strtoull(words[2], NULL, 10), atoi(words[3]));
    else if (count == 6 && strcmp(words[1], "send") == 0)
        transmit(words[2], strtoull(words[3], NULL, 10), words[4], atoi(words[5]));
    else
        return 2;
    return 0;
}
