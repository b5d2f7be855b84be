import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { KernelError } from './kernel-error.ts'
import { checked, libbpf, pointer, type Pointer } from './libbpf.ts'

/** Attached to the guarded cgroup, all of them or none. */
export const PROGRAMS = [
  'connect4',
  'connect6',
  'sendmsg4',
  'sendmsg6',
  'recvmsg4',
  'recvmsg6',
  'getpeername4',
  'getpeername6',
  'sock_create',
  'setsockopt',
  'egress',
  'ingress',
  'sock_release',
] as const

/** See every TCP socket of the machine end, and look at those that have a record. */
const TCP_ENDS: readonly string[] = ['tcp_end', 'tcp_gone']

/** Asked by netfilter: which packets wait for the inspector. */
const HELD = 'held'

/** Needs BPF among the kernel's active security modules; without it the command loses CAP_NET_RAW instead. */
export const FAMILY_GUARD = 'family_guard'

export const OBJECT_PATH: string = fileURLToPath(new URL('../build/sallyport.bpf.o', import.meta.url))

export interface LoadedObject {
  readonly object: Pointer
  readonly programs: readonly string[]
  map(name: string): number
  attach(program: string, cgroupFd: number): Pointer
  /** Pins the program that netfilter asks. */
  pinHeld(path: string): void
  close(): void
}

/** `eventBytes` is the room for events that are not read yet: a power of two, of pages. */
export function loadObject(eventBytes?: number): LoadedObject {
  return tryLoad(true, eventBytes) ?? tryLoad(false, eventBytes)!
}

/** Tells one build of the programs from another. */
export function objectHash(): string {
  return hashOf(OBJECT_PATH)
}

export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)
}

export function openObject(path: string): Pointer {
  if (!existsSync(path)) throw new KernelError('object-missing', `${path} is not built`, 'run scripts/build-bpf.sh')
  return pointer('open the eBPF object', libbpf().openFile(path, null))
}

function tryLoad(withGuard: boolean, eventBytes: number | undefined): LoadedObject | undefined {
  const bpf = libbpf()
  const object = openObject(OBJECT_PATH)
  const program = (name: string): Pointer => pointer(`find program ${name}`, bpf.findProgram(object, name))
  bpf.setAutoload(program(FAMILY_GUARD), withGuard)
  if (eventBytes !== undefined)
    for (const ring of ['events', 'ends'])
      checked(
        `size the ring ${ring}`,
        bpf.setMaxEntries(pointer(`find the ring ${ring}`, bpf.mapByName(object, ring)), eventBytes),
      )
  const result = Number(bpf.load(object))
  if (result < 0) {
    bpf.close(object)
    if (withGuard) return undefined
    checked('load the eBPF programs', result)
  }
  return {
    object,
    programs: [...TCP_ENDS, ...PROGRAMS, ...(withGuard ? [FAMILY_GUARD] : [])],
    map: (name) => checked(`find map ${name}`, bpf.findMap(object, name)),
    attach: (name, cgroupFd) =>
      pointer(
        `attach ${name}`,
        TCP_ENDS.includes(name) ? bpf.attach(program(name)) : bpf.attachCgroup(program(name), cgroupFd),
      ),
    pinHeld: (path) => void checked(`pin ${HELD}`, bpf.programPin(program(HELD), path)),
    close: () => bpf.close(object),
  }
}
