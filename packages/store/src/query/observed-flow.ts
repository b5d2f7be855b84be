import type { ObservedFlow } from '@sallyport/detect'
import { parseStoredFlow } from '../ingest/stored-flow.ts'
import type { ListedFlow } from './list-flows.ts'

/** A flow as detectors see it; null when this version does not understand its facts. */
export function observedFlow(record: ListedFlow): ObservedFlow | null {
  const stored = parseStoredFlow(JSON.stringify(record))
  if ('problem' in stored) return null
  const { flow, verdict } = stored
  return { flow, timeMs: flow.time ?? 0, denied: verdict?.verdict === 'deny', rule: verdict?.rule ?? null }
}
