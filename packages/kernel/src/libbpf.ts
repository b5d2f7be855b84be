import koffi from 'koffi'
import { KernelError } from './kernel-error.ts'

type Call = (...args: unknown[]) => unknown

/** The calls of libbpf.so.1 that Sallyport needs, loaded on first use so that importing costs nothing elsewhere. */
export type Libbpf = Readonly<Record<keyof typeof SIGNATURES, Call>>

export type Pointer = bigint | object | null

function bind(): Libbpf {
  koffi.struct('bpf_test_run_opts', TEST_RUN_OPTIONS)
  const library = koffi.load('libbpf.so.1')
  const declared = Object.entries(SIGNATURES).map(([name, signature]) => [name, library.func(signature)])
  return Object.fromEntries(declared) as Libbpf
}

/** `struct bpf_test_run_opts` */
const TEST_RUN_OPTIONS = {
  sz: 'size_t',
  data_in: 'void *',
  data_out: 'void *',
  data_size_in: 'uint32_t',
  data_size_out: 'uint32_t',
  ctx_in: 'void *',
  ctx_out: 'void *',
  ctx_size_in: 'uint32_t',
  ctx_size_out: 'uint32_t',
  retval: 'uint32_t',
  repeat: 'int',
  duration: 'uint32_t',
  flags: 'uint32_t',
  cpu: 'uint32_t',
  batch_size: 'uint32_t',
} as const

const SIGNATURES = {
  testRun: 'int bpf_prog_test_run_opts(int program, _Inout_ bpf_test_run_opts *options)',
  setPrint: 'void *libbpf_set_print(void *fn)',
  openFile: 'void *bpf_object__open_file(const char *path, void *opts)',
  load: 'int bpf_object__load(void *object)',
  close: 'void bpf_object__close(void *object)',
  findProgram: 'void *bpf_object__find_program_by_name(void *object, const char *name)',
  setAutoload: 'int bpf_program__set_autoload(void *program, bool on)',
  attach: 'void *bpf_program__attach(void *program)',
  attachCgroup: 'void *bpf_program__attach_cgroup(void *program, int cgroup)',
  programFd: 'int bpf_program__fd(void *program)',
  tcHookCreate: 'int bpf_tc_hook_create(void *hook)',
  tcHookDestroy: 'int bpf_tc_hook_destroy(void *hook)',
  tcAttach: 'int bpf_tc_attach(void *hook, void *opts)',
  tcDetach: 'int bpf_tc_detach(void *hook, void *opts)',
  programPin: 'int bpf_program__pin(void *program, const char *path)',
  linkPin: 'int bpf_link__pin(void *link, const char *path)',
  linkDestroy: 'int bpf_link__destroy(void *link)',
  findMap: 'int bpf_object__find_map_fd_by_name(void *object, const char *name)',
  mapByName: 'void *bpf_object__find_map_by_name(void *object, const char *name)',
  setMaxEntries: 'int bpf_map__set_max_entries(void *map, uint32_t entries)',
  pin: 'int bpf_obj_pin(int fd, const char *path)',
  get: 'int bpf_obj_get(const char *path)',
  mapCreate:
    'int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t entries, void *opts)',
  update: 'int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)',
  lookup: 'int bpf_map_lookup_elem(int fd, void *key, void *value)',
  delete: 'int bpf_map_delete_elem(int fd, void *key)',
  nextKey: 'int bpf_map_get_next_key(int fd, void *key, void *next)',
  updateBatch: 'int bpf_map_update_batch(int fd, void *keys, void *values, void *count, void *opts)',
  mapById: 'int bpf_map_get_fd_by_id(uint32_t id)',
  cpus: 'int libbpf_num_possible_cpus()',
  probeProgram: 'int libbpf_probe_bpf_prog_type(int type, void *opts)',
  ringNew: 'void *ring_buffer__new(int fd, void *callback, void *ctx, void *opts)',
  ringConsume: 'int ring_buffer__consume(void *ring)',
  ringEpoll: 'int ring_buffer__epoll_fd(void *ring)',
  ringFree: 'void ring_buffer__free(void *ring)',
} as const

let loaded: Libbpf | undefined

export function libbpf(): Libbpf {
  if (loaded) return loaded
  try {
    loaded = bind()
  } catch (cause) {
    throw new KernelError('libbpf-missing', 'libbpf.so.1 could not be loaded', 'apt-get install libbpf1', { cause })
  }
  // What libbpf prints would mix with the command's own output; errors come back as codes.
  loaded.setPrint(null)
  return loaded
}

/** Returns the result of a call that answers a negative number on failure. */
export function checked(what: string, result: unknown): number {
  const code = Number(result)
  if (code >= 0) return code
  throw new KernelError('bpf-failed', `${what}: ${errnoName(-code)}`, REMEDY)
}

/** Returns the pointer of a call that answers null on failure. */
export function pointer(what: string, result: unknown): Pointer {
  if (result !== null && result !== 0n && result !== undefined) return result as Pointer
  throw new KernelError('bpf-failed', `${what}: ${errnoName(koffi.errno())}`, REMEDY)
}

const REMEDY = 'run as root on a kernel with BTF; `sallyport doctor` shows what is missing'

function errnoName(number: number): string {
  const found = Object.entries(koffi.os.errno).find(([, value]) => value === number)
  return found ? found[0] : `errno ${number}`
}
