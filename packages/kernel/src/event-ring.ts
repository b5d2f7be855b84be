import { readRing } from './read-ring.ts'

export type EventFormat<Event> = { readonly bytes: number; readonly decode: (bytes: Uint8Array) => Event }

/** The kernel's decisions, in their order. */
export function readEvents<Event>(
  fd: number,
  { bytes, decode }: EventFormat<Event>,
  onEvent: (event: Event) => void,
  signal?: AbortSignal,
): () => void {
  const { stop } = readRing(fd, bytes, (record) => onEvent(decode(record)))
  signal?.addEventListener('abort', stop, { once: true })
  return stop
}
