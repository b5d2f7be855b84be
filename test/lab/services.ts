/** What a host of the lab answers; every arrival is reported. */
export type Services = {
  /** Names and their addresses; a server for them answers on port 53 of the address, over UDP and TCP. */
  readonly dns?: { readonly at: string; readonly zone: Readonly<Record<string, readonly string[]>> }
  /** `ADDRESS PORT` */
  readonly http?: readonly string[]
  /** HTTP/1.1, HTTP/2 and WebSocket over TLS. */
  readonly https?: { readonly at: readonly string[]; readonly cert: string; readonly key: string }
  /** What comes goes back. */
  readonly tcp?: readonly string[]
  readonly udp?: readonly string[]
}

export type Arrival = {
  readonly kind: 'http' | 'https' | 'tcp' | 'udp' | 'dns'
  readonly to: string
  readonly from: string
  /** The name of a question, the server name of a handshake. */
  readonly name?: string
}
