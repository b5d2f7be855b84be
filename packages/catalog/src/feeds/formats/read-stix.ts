import type { FeedBuilder } from '../feed-builder.ts'
import { isObject, objectsOf, type JsonDocument, type JsonObject } from './json-document.ts'
import { take } from './plain-reader.ts'
import { stixDestinations } from './stix-pattern.ts'

const OBSERVABLES = new Set(['domain-name', 'ipv4-addr', 'ipv6-addr', 'url'])

/** STIX 2.1: a bundle, an envelope of TAXII 2.1, or an array of objects. Observables count where there is no indicator. */
export function readStix({ value, lineOf }: JsonDocument, nowMs: number, builder: FeedBuilder): void {
  const objects = objectsOf(isObject(value) ? value['objects'] : value)
  const indicators = objects.filter(({ type }) => type === 'indicator')
  for (const indicator of indicators) readIndicator(indicator, lineOf(textOf(indicator['id'])), nowMs, builder)
  if (indicators.length > 0) return
  for (const { type, id, value: observed } of objects) {
    if (typeof type !== 'string' || !OBSERVABLES.has(type)) continue
    take(builder, textOf(observed), lineOf(textOf(id)), textOf(observed))
  }
}

function readIndicator(indicator: JsonObject, line: number, nowMs: number, builder: FeedBuilder): void {
  const pattern = textOf(indicator['pattern'])
  const until = indicator['valid_until']
  if (indicator['revoked'] === true) return builder.unusable(line, 'an indicator that is revoked', pattern)
  if (typeof until === 'string' && Date.parse(until) <= nowMs) {
    return builder.unusable(line, 'an indicator that is no longer valid', pattern)
  }
  if ((indicator['pattern_type'] ?? 'stix') !== 'stix')
    return builder.unusable(line, 'a pattern that is not of STIX', pattern)
  const { texts, reasons } = stixDestinations(pattern)
  for (const reason of reasons) builder.unusable(line, reason, pattern)
  for (const text of texts) take(builder, text, line, pattern)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
