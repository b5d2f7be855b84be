import { SallyportError } from '@sallyport/policy'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** `60s`, `5m`, `1h`, or seconds; at most a day. */
export function parseSeconds(text: string): number {
  const [, number, unit] = /^(\d{1,5})([smh]?)$/.exec(text) ?? []
  const seconds = Number(number) * (SECONDS[unit || 's'] ?? Number.NaN)
  if (seconds >= 1 && seconds <= 86_400) return seconds
  throw new SallyportError('usage', `"${text}" is not a time between 1s and 24h`, { remedy: 'Write 60s, 5m or 1h.' })
}
