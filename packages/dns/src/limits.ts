export type Timeouts = {
  /** One exchange with one upstream. */
  readonly attemptMs: number
  /** All of them, until SERVFAIL. */
  readonly totalMs: number
  /** The judge. */
  readonly decisionMs: number
  /** A TCP client that sends no whole query, or does not take its answers. */
  readonly tcpIdleMs: number
}

/** Each has a counter for what it turns away. */
export type Limits = {
  readonly queriesInFlight: number
  readonly queriesPerTcpClient: number
  readonly tcpClients: number
  readonly queryBytes: number
  /** The largest answer over UDP, whatever the client offers: larger ones are fragmented, and fragments are spoofed. */
  readonly udpAnswerBytes: number
  readonly cacheEntries: number
  /** All records of all answers in the cache. */
  readonly cacheRecords: number
  readonly cacheSeconds: number
  readonly negativeCacheSeconds: number
  /** How long an answer is kept past its time, for when nobody can be reached (RFC 8767); 0 for not at all. */
  readonly staleSeconds: number
}

export const DEFAULT_TIMEOUTS: Timeouts = { attemptMs: 1500, totalMs: 5000, decisionMs: 2000, tcpIdleMs: 10_000 }

export const DEFAULT_LIMITS: Limits = {
  queriesInFlight: 1024,
  queriesPerTcpClient: 32,
  tcpClients: 128,
  queryBytes: 16_384,
  udpAnswerBytes: 1232,
  cacheEntries: 10_000,
  cacheRecords: 200_000,
  cacheSeconds: 3600,
  negativeCacheSeconds: 300,
  staleSeconds: 86_400,
}
