import koffi from 'koffi'
import { libbpf, pointer } from './libbpf.ts'

const LOOK_MS = 10

export type RingReader = {
  /** Reads at once what is there. */
  readonly consume: () => void
  readonly stop: () => void
}

/**
 * Reads a ring buffer from the event loop. The kernel does not wake its reader for every record, which would cost the
 * application more than the decision: the ring is looked at a hundred times a second, and at once when it fills.
 */
export function readRing(fd: number, recordBytes: number, onRecord: (bytes: Uint8Array) => void): RingReader {
  const bpf = libbpf()
  const sample = koffi.proto('int (void *context, void *data, size_t size)')
  // A copy costs half of what a view of the kernel's memory does, which the garbage collector has to let go of.
  const record = koffi.array('uint8_t', recordBytes, 'Typed')
  const callback = koffi.register((_context: unknown, data: unknown, size: number) => {
    if (Number(size) >= recordBytes) onRecord(koffi.decode(data, record) as Uint8Array)
    return 0
  }, koffi.pointer(sample))
  const ring = pointer('open a ring', bpf.ringNew(fd, callback, null, null))
  const consume = (): void => void bpf.ringConsume(ring)
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
