export type ProxyTimeouts = {
  /** From the first octet of a request to the end of its head; also SOCKS and PROXY headers. */
  readonly headMs: number
  /** A client between two requests, or before its first. */
  readonly keepAliveMs: number
  /** A body of which nothing comes or is taken. */
  readonly bodyIdleMs: number
  readonly resolveMs: number
  readonly connectMs: number
  /** From the end of a request to the head of its answer; long polling needs it long. */
  readonly responseMs: number
  /** An answer of a content service. */
  readonly icapMs: number
  /** From the first octet in a tunnel until its protocol must be known. */
  readonly handshakeMs: number
  /** A tunnel in which nothing moves. */
  readonly tunnelIdleMs: number
  /** The same after one side has ended. */
  readonly halfOpenMs: number
  /** How long the running requests and tunnels may go on after the signal to stop. */
  readonly drainMs: number
}

/** Each has a counter for what it turns away. */
export type ProxyLimits = {
  readonly connections: number
  readonly connectionsPerClient: number
  /** Of one client address; as many again may come at once after a silence. */
  readonly requestsPerSecond: number
  readonly headBytes: number
  /** Requests at the same time on one connection of HTTP/2. */
  readonly streamsPerConnection: number
  /** Requests of HTTP/2 that a client may open and give up at once; a quarter as many a second beyond that. */
  readonly streamResets: number
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  /** The longest body that is looked into; a longer one is denied where its content matters. */
  readonly scanBytes: number
  /** The longest body that is kept for a content service, and connections to each service. */
  readonly icapBytes: number
  readonly icapConnections: number
  /** Addresses of one name that are tried. */
  readonly addressesPerName: number
  readonly namesKept: number
  /** Connections to servers kept for the next request. */
  readonly idleUpstreams: number
}

export const DEFAULT_PROXY_TIMEOUTS: ProxyTimeouts = {
  headMs: 15_000,
  keepAliveMs: 60_000,
  bodyIdleMs: 120_000,
  resolveMs: 6000,
  connectMs: 10_000,
  responseMs: 300_000,
  icapMs: 60_000,
  handshakeMs: 10_000,
  tunnelIdleMs: 3_600_000,
  halfOpenMs: 60_000,
  drainMs: 30_000,
}

export const DEFAULT_PROXY_LIMITS: ProxyLimits = {
  connections: 50_000,
  connectionsPerClient: 10_000,
  requestsPerSecond: 10_000,
  headBytes: 65_536,
  streamsPerConnection: 128,
  streamResets: 200,
  requestBodyBytes: 2 ** 40,
  responseBodyBytes: 2 ** 40,
  scanBytes: 16 * 2 ** 20,
  icapBytes: 16 * 2 ** 20,
  icapConnections: 64,
  addressesPerName: 16,
  namesKept: 10_000,
  idleUpstreams: 1024,
}
