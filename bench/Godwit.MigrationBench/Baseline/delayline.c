/* A link between two network namespaces with a rate and a delay, for kernels without netem: one TUN device in each, and what comes out of
   one goes into the other when its time has come. What does not fit into the queue here waits in the device, which drops what it cannot hold.

   delayline NAMESPACE1 NAMESPACE2 DEVICE BITS_PER_SECOND DELAY_MICROSECONDS    prints "ready"; ends with its standard input */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 65536, QUEUE = 4096 };

struct packet {
    uint64_t due;
    ssize_t length;
    char bytes[];
};

struct line {
    int from, to;
    double nanosecondsPerByte;
    uint64_t delay;
    struct packet *queue[QUEUE];
    unsigned first, count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static void check(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int openDevice(const char *place, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/run/netns/%s", place);
    int space = open(path, O_RDONLY);
    check(space >= 0 && setns(space, CLONE_NEWNET) == 0, path);
    close(space);
    int device = open("/dev/net/tun", O_RDWR);
    check(device >= 0, "/dev/net/tun");
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    check(ioctl(device, TUNSETIFF, &request) == 0, "TUNSETIFF");
    return device;
}

static void *takeIn(void *argument)
{
    struct line *line = argument;
    uint64_t sent = 0;
    for (;;) {
        struct packet *packet = malloc(sizeof *packet + PACKET);
        packet->length = read(line->from, packet->bytes, PACKET);
        if (packet->length <= 0) {
            free(packet);
            usleep(1000); /* the device is not up yet */
            continue;
        }
        uint64_t present = now();
        sent = (sent > present ? sent : present) + (uint64_t)(line->nanosecondsPerByte * (double)packet->length);
        packet->due = sent + line->delay;
        pthread_mutex_lock(&line->lock);
        while (line->count == QUEUE)
            pthread_cond_wait(&line->changed, &line->lock);
        line->queue[(line->first + line->count++) % QUEUE] = packet;
        pthread_cond_broadcast(&line->changed);
        pthread_mutex_unlock(&line->lock);
    }
    return NULL;
}

static void *giveOut(void *argument)
{
    struct line *line = argument;
    for (;;) {
        pthread_mutex_lock(&line->lock);
        while (line->count == 0)
            pthread_cond_wait(&line->changed, &line->lock);
        struct packet *packet = line->queue[line->first];
        line->first = (line->first + 1) % QUEUE;
        line->count--;
        pthread_cond_broadcast(&line->changed);
        pthread_mutex_unlock(&line->lock);
        struct timespec due = { .tv_sec = (time_t)(packet->due / 1000000000u), .tv_nsec = (long)(packet->due % 1000000000u) };
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
            ;
        if (write(line->to, packet->bytes, (size_t)packet->length) < 0 && errno != EIO)
            perror("write");
        free(packet);
    }
    return NULL;
}

int main(int count, char **words)
{
    if (count != 6)
        return 2;
    int ends[2] = { openDevice(words[1], words[3]), openDevice(words[2], words[3]) };
    for (int i = 0; i < 2; i++) {
        struct line *line = calloc(1, sizeof *line);
        line->from = ends[i];
        line->to = ends[1 - i];
        line->nanosecondsPerByte = 8e9 / strtod(words[4], NULL);
        line->delay = strtoull(words[5], NULL, 10) * 1000;
        pthread_mutex_init(&line->lock, NULL);
        pthread_cond_init(&line->changed, NULL);
        pthread_t thread;
        check(pthread_create(&thread, NULL, takeIn, line) == 0 && pthread_create(&thread, NULL, giveOut, line) == 0, "pthread_create");
    }
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}
