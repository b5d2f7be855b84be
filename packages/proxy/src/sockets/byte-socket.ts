/**
 * What is needed of a connection, whoever reads and writes it: a socket of Node or of the proxy's own loop, TLS, or a stream of HTTP/2
 * that is a connection to whoever asked for a tunnel. Events are `data`, `end`, `drain`, `timeout`, `close`.
 */
export type ByteSocket = {
  readonly destroyed: boolean
  readonly writable: boolean
  readonly writableEnded: boolean
  readonly readableEnded: boolean
  readonly readableLength: number
  readonly writableLength: number
  // oxlint-disable-next-line typescript/no-explicit-any -- as Node types events
  on(event: string, listener: (...args: any[]) => void): ByteSocket
  // oxlint-disable-next-line typescript/no-explicit-any -- as Node types events
  once(event: string, listener: (...args: any[]) => void): ByteSocket
  // oxlint-disable-next-line typescript/no-explicit-any -- as Node types events
  off(event: string, listener: (...args: any[]) => void): ByteSocket
  emit(event: string): boolean
  isPaused(): boolean
  pause(): unknown
  resume(): unknown
  write(octets: Uint8Array | string): boolean
  write(text: Uint8Array | string, encoding: 'latin1'): boolean
  end(octets?: Uint8Array | string): unknown
  end(text: Uint8Array | string, encoding: 'latin1'): unknown
  cork(): void
  uncork(): void
  destroy(error?: Error): unknown
  setTimeout(ms: number, then?: () => void): unknown
}
