import koffi from 'koffi'
import { libbpf, pointer } from './libbpf.ts'

const LOOK_MS = 10

export type EventFormat<Event> = { readonly bytes: number; readonly decode: (bytes: Uint8Array) => Event }

/**
 * Reads the ring buffer from the event loop. The kernel does not wake its reader for every event, which would cost the
 * application more than the decision: the ring is looked at a hundred times a second, and at once when it fills.
 */
export function readEvents<Event>(
  fd: number,
  { bytes, decode }: EventFormat<Event>,
  onEvent: (event: Event) => void,
  signal?: AbortSignal,
): () => void {
  const bpf = libbpf()
  const sample = koffi.proto('int (void *context, void *data, size_t size)')
  const callback = koffi.register((_context: unknown, data: unknown, size: number) => {
    if (Number(size) >= bytes) onEvent(decode(new Uint8Array(koffi.view(data, bytes)).slice()))
    return 0
  }, koffi.pointer(sample))
  const ring = pointer('open the event ring', bpf.ringNew(fd, callback, null, null))
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
  signal?.addEventListener('abort', stop, { once: true })
  consume()
  return stop
}
