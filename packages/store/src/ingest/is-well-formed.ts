import type { RecordedFacts } from './flow-rows.ts'

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number'
const areTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isObject: Check = (value) => typeof value === 'object' && !Array.isArray(value)

const CHECKS: Readonly<Record<string, Check>> = {
  device: isText,
  tags: areTexts,
  user: isText,
  groups: areTexts,
  app: isText,
  appSha256: isText,
  unit: isText,
  container: isText,
  posture: isObject,
  src: isText,
  dst: isText,
  port: isNumber,
  transport: isText,
  domain: isText,
  boundNames: areTexts,
  protocol: isText,
  http: isObject,
  content: areTexts,
  country: isText,
  asn: isNumber,
  bytesOut: isNumber,
  bytesIn: isNumber,
  packetsOut: isNumber,
  packetsIn: isNumber,
  durationMs: isNumber,
  parents: areTexts,
  verdict: isObject,
}
const ENTRIES = Object.entries(CHECKS)

/**
 * Whether the facts have the types that rows are written from: one record that has not must not take the others of its batch
 * along. Values are not looked into, which parsing each record as a flow would cost ten times as much for.
 */
export function isWellFormed(record: RecordedFacts): boolean {
  for (const [key, check] of ENTRIES) {
    const value = record[key]
    if (value !== undefined && value !== null && !check(value)) return false
  }
  return true
}
