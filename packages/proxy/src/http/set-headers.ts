import type { Field, RequestHead } from '@sallyport/wire'
import type { JudgedAddress } from '../connect/judge-addresses.ts'
import type { ProxyJudge } from '../decide/proxy-judge.ts'

/** Addresses that one rule allows: which of them answers first must not decide what is set. */
export function underOneRule(addresses: readonly JudgedAddress[], judge: ProxyJudge): readonly JudgedAddress[] {
  if (addresses.every(({ judged }) => judge.headersOf(judged) === null)) return addresses
  const rule = addresses[0]!.judged.verdict?.rule
  return addresses.filter(({ judged }) => judged.verdict?.rule === rule)
}

/** The head with these headers and no others under their names. */
export function withHeaders(head: RequestHead, headers: Readonly<Record<string, string>> | null): RequestHead {
  if (headers === null) return head
  const set = Object.entries(headers).map(([spelled, value]) => ({ name: spelled.toLowerCase(), spelled, value }))
  const names = new Set(set.map(({ name }) => name))
  const kept = head.fields.filter(({ name }) => !names.has(name))
  return { ...head, fields: [...kept.map((field) => withoutMembers(field, names)), ...set] }
}

/** Whoever names a header in Connection takes it away at the next hop, and that is this one. */
function withoutMembers(field: Field, names: ReadonlySet<string>): Field {
  if (field.name !== 'connection') return field
  const members = field.value.split(',').filter((member) => !names.has(member.trim().toLowerCase()))
  return { ...field, value: members.join(',') }
}
