import { ANSWERS, type AnswerReason } from './answers.ts'

const NAMES = [
  'connectionsHttp',
  'connectionsHttp2',
  'connectionsSocks',
  'tlsFailures',
  'processesKnown',
  'processesUnknown',
  'http2StreamsReset',
  'http2Violations',
  'requestsHttp',
  'requestsConnect',
  'requestsSocks',
  'requestsTunnelled',
  'allowed',
  'monitored',
  'bodiesScanned',
  'messagesScanned',
  'icapAsked',
  'icapChanged',
  'icapFailed',
  'tunnelsInspected',
  'tunnelsSpared',
  'tunnelsPinned',
  'pinsLearned',
  'tunnelsCutByPolicy',
  'tunnelsIdle',
  'tunnelsBulk',
  'upstreamOpened',
  'upstreamReused',
  'upstreamHttp2',
  'resolved',
  'resolvedFromCache',
  'octetsOut',
  'octetsIn',
  'defects',
] as const

export type CounterName = (typeof NAMES)[number]
export type ProxyCounts = {
  readonly totals: { readonly [Name in CounterName]: number }
  readonly refusals: { readonly [Reason in AnswerReason]: number }
  readonly openConnections: number
  readonly openTunnels: number
}

export class Counters {
  readonly #totals = Object.fromEntries(NAMES.map((name) => [name, 0])) as { [Name in CounterName]: number }
  readonly #refusals = Object.fromEntries(Object.keys(ANSWERS).map((name) => [name, 0])) as {
    [Reason in AnswerReason]: number
  }
  openConnections = 0
  openTunnels = 0

  add(name: CounterName, amount = 1): void {
    this.#totals[name] += amount
  }

  refuse(reason: AnswerReason): void {
    this.#refusals[reason]++
  }

  counts(): ProxyCounts {
    const { openConnections, openTunnels } = this
    return { totals: { ...this.#totals }, refusals: { ...this.#refusals }, openConnections, openTunnels }
  }
}
