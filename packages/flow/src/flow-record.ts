/** What happened to a flow, in the words of a verdict. */
export type RecordedVerdict = {
  readonly verdict: 'allow' | 'deny' | 'undetermined'
  readonly rule: string | null
  readonly layer: string
  readonly mode: 'enforce' | 'monitor'
  readonly stage: string
  readonly reason: string
  readonly explain: string
}

/**
 * A flow as it is written, one JSON object a line: the facts of the policy language, and the verdict it got. A key that is
 * missing was not known; `null` is known to be none.
 */
export type FlowRecord = {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly device?: string | null
  readonly tags?: readonly string[] | null
  readonly user?: string | null
  readonly groups?: readonly string[] | null
  readonly app?: string | null
  readonly unit?: string | null
  readonly container?: string | null
  readonly src?: string | null
  readonly dst?: string | null
  readonly port?: number | null
  readonly transport?: string | null
  readonly domain?: string | null
  readonly boundNames?: readonly string[] | null
  readonly protocol?: string | null
  readonly http?: Readonly<Record<'host' | 'path' | 'method' | 'contentType', string | null>> | null
  /** Detectors of content that fired. */
  readonly content?: readonly string[] | null
  readonly country?: string | null
  readonly asn?: number | null
  readonly bytesOut?: number | null
  readonly bytesIn?: number | null
  readonly packetsOut?: number | null
  readonly packetsIn?: number | null
  readonly durationMs?: number | null
  /** Of the connection: 64 bits, hexadecimal. A record with an end has the same as the one of its beginning. */
  readonly id?: string
  /** The second record of a connection, written at its end, with the counters. */
  readonly ended?: true
  /** Executables of the processes above, the nearest first. */
  readonly parents?: readonly string[]
  readonly verdict: RecordedVerdict
}

/** One line of a flow log, with its newline. */
export function encodeFlowRecord(record: FlowRecord): string {
  return `${JSON.stringify(record)}\n`
}

/** Whether the flow went out: allowed, or only watched. */
export function hasLeft({ verdict }: FlowRecord): boolean {
  return verdict.verdict === 'allow' || verdict.mode === 'monitor'
}
