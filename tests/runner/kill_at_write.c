/* Preloaded into a process, kills it at a given write to a file below a folder, after half of the bytes.

   kill_at(n) starts counting and kills at the n-th call; writes() is how many there were. Counted are write, pwrite,
   writev, ftruncate, rename, unlink and mkdir. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static long limit, count;
static char folder[PATH_MAX];

void kill_at(long n, const char *below) {
  snprintf(folder, sizeof folder, "%s", below);
  count = 0;
  limit = n;
}

long writes(void) { return count; }

static int below(const char *path) { return folder[0] && !strncmp(path, folder, strlen(folder)); }

static int fd_below(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

/* Whether this call is the one to die in. */
static int due(int counted) { return counted && __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST) == limit; }

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
  if (folder[0] && due(fd_below(fd))) { REAL(write)(fd, data, size / 2); die(); }
  return REAL(write)(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
  if (folder[0] && due(fd_below(fd))) { REAL(writev)(fd, parts, n / 2); die(); }
  return REAL(writev)(fd, parts, n);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  if (folder[0] && due(fd_below(fd))) { REAL(pwrite)(fd, data, size / 2, at); die(); }
  return REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  if (folder[0] && due(fd_below(fd))) { REAL(pwrite64)(fd, data, size / 2, at); die(); }
  return REAL(pwrite64)(fd, data, size, at);
}

int ftruncate(int fd, off_t size) {
  if (folder[0] && due(fd_below(fd))) die();
  return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  if (folder[0] && due(fd_below(fd))) die();
  return REAL(ftruncate64)(fd, size);
}

int rename(const char *from, const char *to) {
  if (due(below(to))) die();
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  if (due(below(path))) die();
  return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
  if (due(below(path))) die();
  return REAL(mkdir)(path, mode);
}
