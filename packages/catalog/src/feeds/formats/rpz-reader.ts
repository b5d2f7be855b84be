import type { FeedBuilder } from '../feed-builder.ts'
import { nameOfText } from '../domain-list.ts'
import type { LineReader } from './line-reader.ts'
import { isNullAddress } from './null-address.ts'
import { rpzPrefix } from './rpz-prefix.ts'
import { zoneFields } from './zone-fields.ts'

type Record = { readonly owner: string; readonly type: string; readonly data: readonly string[] }

const CLASS_OR_TTL = /^(?:IN|CH|HS|\d+[smhdw\d]*)$/i
/** Records of the zone itself, and of its signatures: they trigger nothing. */
const NO_TRIGGER = /^(?:SOA|NS|RRSIG|NSEC|NSEC3|NSEC3PARAM|DNSKEY|ZONEMD)$/i
const MOST_FIELDS = 4096

/** A response policy zone (draft-vixie-dnsop-dns-rpz) as a zone file (RFC 1035 §5). The nearest trigger decides. */
export function rpzReader(builder: FeedBuilder): LineReader {
  let origin = ''
  let apex: string | null = null
  let owner = ''
  let pending: string[] = []
  let depth = 0
  let first = 0
  const record = (fields: readonly string[], hasOwner: boolean, number: number, text: string): void => {
    if (fields[0] === '$ORIGIN' && fields[1] !== undefined) {
      origin = absolute(fields[1], origin)
      apex ??= origin
    } else if (fields[0]!.startsWith('$')) {
      if (fields[0] !== '$TTL') builder.unusable(number, 'a directive that is not read', text)
    } else {
      if (hasOwner) owner = absolute(fields[0]!, origin)
      const rest = fields.slice(hasOwner ? 1 : 0)
      const at = rest.findIndex((each) => !CLASS_OR_TTL.test(each))
      const type = rest[at]?.toUpperCase()
      if (type === undefined) return builder.unusable(number, 'not a record', text)
      if (type === 'SOA') apex = owner
      if (NO_TRIGGER.test(type)) return
      take(builder, { owner: withoutApex(owner, apex), type, data: rest.slice(at + 1) }, number, text)
    }
  }
  return {
    line: (text, number) => {
      const { fields, depth: after } = zoneFields(text, depth)
      if (depth === 0) first = number
      if (pending.length + fields.length > MOST_FIELDS) {
        builder.unusable(first, 'a record that does not end', text)
        pending = []
        depth = 0
        return
      }
      const hasOwner = depth === 0 ? !/^\s/.test(text) : pending[0] !== ''
      if (depth === 0) pending = hasOwner ? [] : ['']
      pending.push(...fields)
      depth = after
      if (depth > 0) return
      const all = hasOwner ? pending : pending.slice(1)
      pending = []
      if (all.length > 0) record(all, hasOwner, first, text)
    },
  }
}

function absolute(name: string, origin: string): string {
  if (name === '@') return origin
  if (name.endsWith('.')) return name.slice(0, -1).toLowerCase()
  return origin === '' ? name.toLowerCase() : `${name.toLowerCase()}.${origin}`
}

function withoutApex(owner: string, apex: string | null): string {
  if (apex === null || apex === '') return owner
  return owner === apex ? '' : owner.endsWith(`.${apex}`) ? owner.slice(0, -apex.length - 1) : owner
}

function take(builder: FeedBuilder, { owner, type, data }: Record, number: number, text: string): void {
  const action = actionOf(type, data, owner)
  if (action === null) return builder.unusable(number, 'answers the name instead of refusing it', text)
  if (owner === '') return builder.unusable(number, 'a record of the zone itself', text)
  if (/\.rpz-(?:nsdname|nsip|client-ip)$/.test(owner)) {
    return builder.unusable(number, 'a trigger that is neither name nor address of an answer', text)
  }
  if (owner.endsWith('.rpz-ip')) {
    const prefix = rpzPrefix(owner.slice(0, -'.rpz-ip'.length))
    if (prefix === null) builder.unusable(number, 'not an address or prefix', text)
    else if (action === 'block') builder.blockPrefix(prefix, number, text)
    else builder.exceptPrefix(prefix, number, text)
    return
  }
  const isBelow = owner.startsWith('*.')
  const name = nameOfText(isBelow ? owner.slice(2) : owner)
  const kind = isBelow ? 'below' : 'name'
  if (name === null) builder.unusable(number, 'not a domain name', text)
  else if (action === 'block') builder.block(kind, name, number, text)
  else builder.except(kind, name)
}

/** `null`: data of its own, or another action. */
function actionOf(type: string, data: readonly string[], owner: string): 'block' | 'pass' | null {
  const target = data[0]?.toLowerCase() ?? ''
  if (type === 'A' || type === 'AAAA') return isNullAddress(target) ? 'block' : null
  if (type !== 'CNAME') return null
  if (['.', '*.', 'rpz-drop.'].includes(target)) return 'block'
  return target === 'rpz-passthru.' || target === `${owner}.` ? 'pass' : null
}
