import koffi from 'koffi'
import { libbpf, pointer } from './libbpf.ts'

const LOOK_MS = 10
/** Ends a look, as a callback of libbpf says it. */
const ENOUGH = -1

export type RingReader = {
  /** Reads at once what is there. */
  readonly consume: () => void
  readonly stop: () => void
}

type RingOptions = {
  /** Called between the reading of records and their delivery: reads what other rings were told earlier. */
  readonly before?: () => void
  /** Records that are read at once; the others wait for the next look. */
  readonly most?: number
}

/**
 * Reads a ring buffer from the event loop. The kernel does not wake its reader for every record, which would cost the
 * application more than the decision: the ring is looked at a hundred times a second, and at once when it fills.
 */
export function readRing(
  fd: number,
  recordBytes: number,
  onRecord: (bytes: Uint8Array) => void,
  { before, most = Infinity }: RingOptions = {},
): RingReader {
  const bpf = libbpf()
  const sample = koffi.proto('int (void *context, void *data, size_t size)')
  // A copy costs half of what a view of the kernel's memory does, which the garbage collector has to let go of.
  const record = koffi.array('uint8_t', recordBytes, 'Typed')
  let read: Uint8Array[] = []
  const take = before === undefined ? onRecord : (bytes: Uint8Array): void => void read.push(bytes)
  let room = most
  const callback = koffi.register((_context: unknown, data: unknown, size: number) => {
    if (Number(size) >= recordBytes) take(koffi.decode(data, record) as Uint8Array)
    return --room > 0 ? 0 : ENOUGH
  }, koffi.pointer(sample))
  const ring = pointer('open a ring', bpf.ringNew(fd, callback, null, null))
  const consume = (): void => {
    room = most
    bpf.ringConsume(ring)
    if (read.length === 0) return
    const taken = read
    read = []
    before?.()
    for (const bytes of taken) onRecord(bytes)
  }
  const handle = koffi.node.poll(Number(bpf.ringEpoll(ring)), { readable: true }, consume)
  handle.unref()
  const looking = setInterval(consume, LOOK_MS).unref()
  let open = true
  const stop = (): void => {
    if (!open) return
    open = false
    clearInterval(looking)
    handle.stop()
    handle.close()
    consume()
    bpf.ringFree(ring)
    koffi.unregister(callback)
  }
  consume()
  return { consume: () => void (open && consume()), stop }
}
