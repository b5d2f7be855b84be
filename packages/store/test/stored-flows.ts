import assert from 'node:assert/strict'
import { matchDomain, matchPort, prefixContains } from '@sallyport/net'
import { matchGlob } from '@sallyport/policy'
import {
  parseStoredFlow,
  type FactGroup,
  type FactQuestion,
  type FlowFilter,
  type ReadableGroups,
  type StoredFlow,
} from '../src/index.ts'
import { COLUMN_FACTS, OTHER_FACTS } from '../src/ingest/known-facts.ts'

export function stored(facts: object): StoredFlow {
  const flow = parseStoredFlow(JSON.stringify(facts))
  assert.ok(!('problem' in flow), JSON.stringify(flow))
  return flow
}

export const ALLOWED = {
  verdict: 'allow',
  rule: 'r',
  layer: 'x',
  mode: 'enforce',
  stage: 'connect',
  reason: 'rule',
  explain: '',
} as const

export const DENIED = {
  verdict: 'deny',
  rule: 'no-c2',
  layer: 'org',
  mode: 'enforce',
  stage: 'dns',
  reason: 'rule',
  explain: 'x',
}

/** The filter in plain code. */
export function holds(filter: FlowFilter, { flow, verdict }: StoredFlow): boolean {
  return filter.every(({ negated, anyOf }) => {
    const some = anyOf.some((condition) => {
      switch (condition.kind) {
        case 'glob': {
          const facts = { ...flow, verdict: verdict?.verdict } as Record<string, unknown>
          return matchGlob(condition.glob, String(facts[condition.column] ?? ''))
        }
        case 'domain':
          return [flow.domain, ...(flow.boundNames ?? [])].some((name) => name && matchDomain(condition.pattern, name))
        case 'address':
          return flow[condition.column] ? prefixContains(condition.prefix, flow[condition.column]!) : false
        case 'port':
          return flow.transport === 'icmp'
            ? condition.range.transports.includes('icmp')
            : flow.transport && typeof flow.port === 'number'
              ? matchPort(condition.range, flow.transport, flow.port)
              : false
        case 'count':
          return flow[condition.column] === condition.value
        case 'since':
          return flow.time! >= condition.timeMs
        case 'until':
          return flow.time! < condition.timeMs
      }
    })
    return some !== negated
  })
}

export const EVERY_FACT: FactQuestion = {
  facts: [...COLUMN_FACTS, ...OTHER_FACTS],
  byReason: true,
  byMinute: false,
  listed: 0,
}

export async function allGroups(recorded: ReadableGroups): Promise<readonly FactGroup[]> {
  const all: FactGroup[] = []
  for await (const groups of recorded) all.push(...groups)
  return all
}
