import koffi from 'koffi'
import { libbpf, pointer } from './libbpf.ts'

const LOOK_MS = 10
/** Whoever has much decided must not keep this process from answering others: look-ups of the host, for example. */
const SLICE_MS = 5
/** For who has to have read what is there before going on; at the end, for a full ring. */
const [MOST_AT_ONCE_MS, MOST_AT_END_MS] = [250, 3000]
/** A look at the clock costs as much as a record. */
const RECORDS_FOR_A_LOOK = 64
/** Ends a look, as a callback of libbpf says it. */
const ENOUGH = -1

export type RingReader = {
  /** Reads at once what is there, as far as that has an end. */
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
 * application more than the decision: the ring is looked at a hundred times a second, and at once when it fills. One that is
 * written faster than it is read has no end: other events of the loop have their turn in between.
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
  let [room, records, untilMs] = [most, 0, 0]
  const isEnough = (): boolean => --room <= 0 || (++records % RECORDS_FOR_A_LOOK === 0 && performance.now() > untilMs)
  const callback = koffi.register((_context: unknown, data: unknown, size: number) => {
    if (Number(size) >= recordBytes) take(koffi.decode(data, record) as Uint8Array)
    return isEnough() ? ENOUGH : 0
  }, koffi.pointer(sample))
  const ring = pointer('open a ring', bpf.ringNew(fd, callback, null, null))
  const readFor = (ms: number): { readonly isLate: boolean } => {
    room = most
    untilMs = performance.now() + ms
    const isLate = Number(bpf.ringConsume(ring)) === ENOUGH && room > 0
    const taken = read
    read = []
    if (taken.length > 0) before?.()
    for (const bytes of taken) onRecord(bytes)
    return { isLate }
  }
  let next: NodeJS.Immediate | null = null
  const look = (): void => {
    if (next !== null || !readFor(SLICE_MS).isLate) return
    next = setImmediate(() => {
      next = null
      look()
    })
  }
  const handle = koffi.node.poll(Number(bpf.ringEpoll(ring)), { readable: true }, look)
  handle.unref()
  const looking = setInterval(look, LOOK_MS).unref()
  let open = true
  const stop = (): void => {
    if (!open) return
    open = false
    clearInterval(looking)
    if (next !== null) clearImmediate(next)
    handle.stop()
    handle.close()
    readFor(MOST_AT_END_MS)
    bpf.ringFree(ring)
    koffi.unregister(callback)
  }
  look()
  return { consume: () => void (open && readFor(MOST_AT_ONCE_MS)), stop }
}
