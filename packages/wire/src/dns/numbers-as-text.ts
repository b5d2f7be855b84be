import { RCODE, TYPE } from './numbers.ts'

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, number]) => [number, name]))
const RCODE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RCODE).map(([name, number]) => [number, name]))

/** `AAAA`, or `TYPE65534` for a type without a name here (RFC 3597 §5). */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`
}

/** From `AAAA`, `aaaa` or `TYPE28`; `null` for anything else. */
export function typeNumber(text: string): number | null {
  const upper = text.toUpperCase()
  if (Object.hasOwn(TYPE, upper)) return TYPE[upper as keyof typeof TYPE]
  const number = /^TYPE(\d{1,5})$/.exec(upper)?.[1]
  return number === undefined || Number(number) > 65535 ? null : Number(number)
}

export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`
}
