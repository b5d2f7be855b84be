/*
 * Servers of a ClickHouse cluster. No package of npm or Debian 12 has a ClickHouse server of this century, but chdb's library has all of
 * one: what answers HTTP and its own protocol, replicates, works off ON CLUSTER. Only the main program is missing, which sets a few
 * things. This is that program, for the one build whose addresses it knows; its caller holds the library against that build. Without a
 * number it is a server by itself, without a Keeper.
 *
 *   CHDB=libchdb.so [SERVER=n] HTTP_PORT=p clickhouse-server --path DIR --config-file FILE --queries-file FILE
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define QUERY_CMDLINE 0xf211700
#define INTERSERVER_ADDRESS 0x1417c9c0
#define INTERSERVER_SCHEME 0x1417cac0
#define INTERSERVER_CREDENTIALS 0x1417c940
#define IS_DDL_ON_CLUSTER_ALLOWED 0x142891c0
#define DDL_WORKER 0x14243400
#define DDL_WORKER_STARTUP 0x14245300
#define HANDLER_FACTORY 0x18395cc0
#define CALL_OF_HANDLER_FACTORY 0xf117ff6
/* Between two functions, near enough for a call. */
#define UNUSED 0x18395c88
/* What a connection's thread throws ends a program that has one user; a server goes on. */
#define UNCAUGHT 0xf113480
#define SERVER_UUID 0x228a3a48
/* Where the library's HTTP handlers are: they must not ask for the credentials that this server shows to others. */
#define HTTP_BEGIN 0x18300000
#define HTTP_END 0x18500000
#define DDL_WORKER_IN_CONTEXT 0xd80
#define CHILDREN_OF_FACTORY 0x58

/* As that library has them. */
typedef struct { void *object, *count; } shared;
typedef struct { char bytes[24]; } text;

static char *base;
static uint16_t http_port;
static char no_credentials[512];

static text text_of(const char *from) {
  text made = {{0}};
  size_t length = strlen(from);
  if (length <= 22) {
    memcpy(made.bytes, from, length);
    made.bytes[23] = (char)length;
    return made;
  }
  char *copy = strdup(from);
  size_t capacity = (length + 1) | (1UL << 63);
  memcpy(made.bytes, &copy, 8);
  memcpy(made.bytes + 8, &length, 8);
  memcpy(made.bytes + 16, &capacity, 8);
  return made;
}

static void *interserver_address(void *result, void *context) {
  (void)context;
  *(text *)result = text_of("127.0.0.1");
  memcpy((char *)result + sizeof(text), &http_port, sizeof http_port);
  return result;
}

static void *interserver_scheme(void *result, void *context) {
  (void)context;
  *(text *)result = text_of("http");
  return result;
}

static shared interserver_credentials(void *context) {
  (void)context;
  long asks = (char *)__builtin_return_address(0) - base;
  shared none = {asks < HTTP_BEGIN || asks > HTTP_END ? no_credentials : NULL, NULL};
  return none;
}

static void start_ddl_worker(void *server, void *config) {
  typedef shared (*context_of)(void *);
  typedef void (*constructor)(void *, int, text *, text *, shared, void *, text *, text *, text *, void *, void *);
  shared context = ((context_of **)server)[0][2](server);
  text queue = text_of("/clickhouse/task_queue/ddl"), replicas = text_of("/clickhouse/task_queue/replicas");
  text prefix = text_of("distributed_ddl"), keeper = text_of("default"), logger = text_of("DDLWorker");
  void *worker = aligned_alloc(64, 8192);
  memset(worker, 0, 8192);
  ((constructor)(base + DDL_WORKER))(worker, 1, &queue, &replicas, context, config, &prefix, &keeper, &logger, NULL, NULL);
  ((void (*)(void *))(base + DDL_WORKER_STARTUP))(worker);
  *(void **)(*(char **)context.object + DDL_WORKER_IN_CONTEXT) = worker;
}

/* The port that answers questions also hands parts to replicas, and from here on statements for all servers are worked off. */
static shared handler_factory(void *server, void *config, void *metrics, text *name, text *prefix) {
  typedef shared (*factory)(void *, void *, void *, text *, text *);
  factory make = (factory)(base + HANDLER_FACTORY);
  text interserver = text_of("InterserverIOHTTPHandler-factory"), nothing = text_of("");
  shared questions = make(server, config, metrics, name, prefix);
  shared parts = make(server, config, metrics, &interserver, &nothing);
  shared **to = (shared **)((char *)questions.object + CHILDREN_OF_FACTORY);
  shared **from = (shared **)((char *)parts.object + CHILDREN_OF_FACTORY);
  size_t own = to[1] - to[0], more = from[1] - from[0];
  shared *all = calloc(own + more, sizeof *all);
  memcpy(all, to[0], own * sizeof *all);
  memcpy(all + own, from[0], more * sizeof *all);
  to[0] = all;
  to[1] = to[2] = all + own + more;
  if (getenv("SERVER") != NULL) start_ddl_worker(server, config);
  return questions;
}

static void write_code(unsigned long at, const void *bytes, size_t length) {
  char *to = base + at;
  char *page = (char *)((uintptr_t)to & ~4095UL);
  if (mprotect(page, to + length - page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
    perror("mprotect");
    exit(1);
  }
  memcpy(to, bytes, length);
}

static void jump(unsigned long at, void *to) {
  unsigned char code[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
  memcpy(code + 2, &to, 8);
  write_code(at, code, sizeof code);
}

int main(int count, char **arguments) {
  void *library = dlopen(getenv("CHDB"), RTLD_NOW);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  typedef void *(*run)(int, char **);
  typedef const char *(*error_of)(void *);
  run query = (run)dlsym(library, "chdb_query_cmdline");
  base = (char *)query - QUERY_CMDLINE;
  http_port = (uint16_t)atoi(getenv("HTTP_PORT"));
  jump(INTERSERVER_ADDRESS, interserver_address);
  jump(INTERSERVER_SCHEME, interserver_scheme);
  jump(INTERSERVER_CREDENTIALS, interserver_credentials);
  write_code(IS_DDL_ON_CLUSTER_ALLOWED, "\xb8\x01\0\0\0\xc3", 6);
  write_code(UNCAUGHT, "\xc3", 1);
  jump(UNUSED, handler_factory);
  int32_t distance = UNUSED - (CALL_OF_HANDLER_FACTORY + 5);
  write_code(CALL_OF_HANDLER_FACTORY + 1, &distance, sizeof distance);
  const char *number = getenv("SERVER");
  uint64_t uuid[2] = {0x53616c6c79706f72UL, number == NULL ? 0 : 1 + (uint64_t)atoi(number)};
  memcpy(base + SERVER_UUID, uuid, sizeof uuid);
  void *result = query(count, arguments);
  const char *error = ((error_of)dlsym(library, "chdb_result_error"))(result);
  if (error != NULL) fprintf(stderr, "%s\n", error);
  return error != NULL;
}
