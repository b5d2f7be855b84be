import type { ListedFlow } from '@sallyport/store'
import { printable, styled } from './style.ts'

/** A flow as a line for people. */
export function describeFlow(flow: ListedFlow): string {
  const verdict = flow.verdict?.verdict ?? 'seen'
  const colour = verdict === 'deny' ? 'red' : verdict === 'allow' ? 'green' : 'yellow'
  const destination = flow.domain ?? flow.boundNames?.[0] ?? flow.dst ?? '-'
  const port =
    flow.port === undefined || flow.port === null ? (flow.transport ?? '') : `${flow.transport ?? '?'}/${flow.port}`
  const rule = flow.verdict === null ? '' : (flow.verdict.rule ?? flow.verdict.reason)
  const subject = [flow.user, flow.app].filter(Boolean).join(' ')
  const rest = [destination, port, flow.country ?? '', subject, rule].filter((text) => text !== '')
  return `${flow.time} ${styled(colour, verdict.padEnd(12))} ${printable(rest.join('  '))}`
}
