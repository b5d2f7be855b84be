import type { Alert, OfferedRule } from '@sallyport/detect'
import { printable, styled } from './style.ts'

/** Rules that would end it, or let it be. */
export type Offers = { readonly block: OfferedRule; readonly allow: OfferedRule }
export type OfferingAlert = Alert & { readonly offers: Offers | null }

export function alertFacts({ firstMs, lastMs, ...alert }: OfferingAlert): object {
  return { ...alert, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() }
}

const BARS = '▁▂▃▄▅▆▇█'

/** An alert as lines for people. */
export function describeAlert({
  detector,
  severity,
  technique,
  sentence,
  numbers,
  offers,
  series,
}: OfferingAlert): string {
  const colour = severity === 'high' || severity === 'critical' ? 'red' : 'yellow'
  const said = Object.entries(numbers).map(([name, value]) => `${name} ${Math.round(value * 1000) / 1000}`)
  const more = [
    `${technique.id} ${technique.name}; ${said.join(', ')}`,
    ...(offers === null ? [] : [`block: ${flowText(offers.block)}  allow: ${flowText(offers.allow)}`]),
    ...(series.length > 2 ? [chart(series)] : []),
  ]
  const first = `${styled(colour, severity.padEnd(8))} ${styled('bold', detector)}  ${printable(sentence)}`
  return [first, ...more.map((text) => styled('dim', `         ${text}`))].join('\n')
}

function chart(series: Alert['series']): string {
  const step = Math.max(1, series.length / 60)
  const shown = Array.from({ length: Math.min(60, series.length) }, (_, index) => series[Math.floor(index * step)]![1])
  const most = Math.max(...shown, 1e-9)
  return shown.map((value) => BARS[Math.min(7, Math.floor((value / most) * 7.999))]).join('')
}

/** As it may be written among the rules of a policy: JSON is YAML. */
function flowText(rule: OfferedRule): string {
  return printable(JSON.stringify(rule))
}
