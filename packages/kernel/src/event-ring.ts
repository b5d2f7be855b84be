import { readRing, type RingReader } from './read-ring.ts'

export type EventFormat<Event> = { readonly bytes: number; readonly decode: (bytes: Uint8Array) => Event }

/** The kernel's decisions, in their order. `before` reads what was told before them. */
export function readEvents<Event>(
  fd: number,
  { bytes, decode }: EventFormat<Event>,
  onEvent: (event: Event) => void,
  { signal, before }: { readonly signal?: AbortSignal | undefined; readonly before?: () => void } = {},
): RingReader {
  const reader = readRing(fd, bytes, (record) => onEvent(decode(record)), before === undefined ? {} : { before })
  signal?.addEventListener('abort', reader.stop, { once: true })
  return reader
}
