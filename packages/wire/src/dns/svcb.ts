import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** Parameters of SVCB and HTTPS records (RFC 9460 §14.3.2). Addresses stay octets, so that a message survives unchanged. */
export type SvcParam =
  | { readonly kind: 'mandatory'; readonly keys: readonly number[] }
  | { readonly kind: 'alpn'; readonly protocols: readonly string[] }
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'ipv4hint'; readonly addresses: readonly Uint8Array[] }
  | { readonly kind: 'ech'; readonly config: Uint8Array }
  | { readonly kind: 'ipv6hint'; readonly addresses: readonly Uint8Array[] }
  | { readonly kind: 'raw'; readonly key: number; readonly value: Uint8Array }

const KEY = { mandatory: 0, alpn: 1, port: 3, ipv4hint: 4, ech: 5, ipv6hint: 6 } as const

export function svcParamKey(param: SvcParam): number {
  return param.kind === 'raw' ? param.key : KEY[param.kind]
}

export function readSvcParams(reader: Reader): SvcParam[] {
  const params: SvcParam[] = []
  let previous = -1
  while (reader.more()) {
    const key = reader.u16()
    // RFC 9460 §2.2: keys ascend strictly; a repeated one would let two readers see two different hints.
    if (key <= previous) reader.fail('bad-rdata')
    previous = key
    reader.within(reader.u16(), () => params.push(readSvcParam(reader, key)))
  }
  return params
}

function readSvcParam(reader: Reader, key: number): SvcParam {
  const all = <Item>(read: () => Item): Item[] => {
    const items: Item[] = []
    // RFC 9460 §7: each of these lists has at least one entry.
    do items.push(read())
    while (reader.more())
    return items
  }
  switch (key) {
    case KEY.mandatory:
      return { kind: 'mandatory', keys: all(() => reader.u16()) }
    case KEY.alpn:
      return { kind: 'alpn', protocols: all(() => reader.text(reader.u8())) }
    case KEY.port:
      return { kind: 'port', port: reader.u16() }
    case KEY.ipv4hint:
      return { kind: 'ipv4hint', addresses: all(() => reader.take(4)) }
    case KEY.ech:
      return { kind: 'ech', config: reader.rest() }
    case KEY.ipv6hint:
      return { kind: 'ipv6hint', addresses: all(() => reader.take(16)) }
    default:
      return { kind: 'raw', key, value: reader.rest() }
  }
}

export function writeSvcParams(writer: Writer, params: readonly SvcParam[]): void {
  for (const param of params) {
    writer.u16(svcParamKey(param))
    writer.sized(() => writeSvcParam(writer, param))
  }
}

function writeSvcParam(writer: Writer, param: SvcParam): void {
  switch (param.kind) {
    case 'mandatory':
      return param.keys.forEach((key) => writer.u16(key))
    case 'alpn':
      return param.protocols.forEach((protocol) => writer.characterString(protocol))
    case 'port':
      return writer.u16(param.port)
    case 'ipv4hint':
    case 'ipv6hint':
      return param.addresses.forEach((address) => writer.octets(address))
    case 'ech':
      return writer.octets(param.config)
    case 'raw':
      return writer.octets(param.value)
  }
}
