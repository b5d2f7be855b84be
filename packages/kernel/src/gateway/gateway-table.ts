import { MARK, MARK_MASK } from './gateway-marks.ts'

/** What netfilter does for a gateway. It depends on no policy: the program's marks carry the verdicts. */
export type GatewayTable = {
  readonly lan: string
  readonly wan: string
  /** Nothing leaves that bears no mark, and nothing comes in that was not asked for. */
  readonly enforce: boolean
  /** Leaves with the address of the other interface. */
  readonly masquerade: { readonly ipv4: boolean; readonly ipv6: boolean }
  /** Where questions of clients go; null for a family that has no resolver. */
  readonly resolver: { readonly v4: string | null; readonly v6: string | null; readonly port: number }
  /** Follow FTP's control connection, so that its servers may open the connections that it names. */
  readonly ftp: boolean
}

type Expression = Readonly<Record<string, unknown>>

export const FAMILY = 'inet'

export const TABLE_PREFIX = 'sallyport-'

export function tableName(lan: string): string {
  return `${TABLE_PREFIX}${lan}`
}

/** Commands of libnftables-json(5) that put the whole table in the place of the one before, in one transaction. */
export function replaceTable(table: GatewayTable): object {
  const name = tableName(table.lan)
  const own = { family: FAMILY, table: name }
  const chain = (chainName: string, hook: object = {}): object => ({
    add: { chain: { ...own, name: chainName, ...hook } },
  })
  const rules = (chainName: string, list: readonly (readonly Expression[])[]): object[] =>
    list.map((expr) => ({ add: { rule: { ...own, chain: chainName, expr } } }))
  return {
    nftables: [
      ...deletions(name),
      { add: { table: { family: FAMILY, name } } },
      ...['refused', 'unmarked', 'unasked'].map((counter) => ({ add: { counter: { ...own, name: counter } } })),
      chain('names', { type: 'nat', hook: 'prerouting', prio: -100, policy: 'accept' }),
      ...rules('names', nameRules(table)),
      ...(table.enforce ? forwardChains(table, chain, rules) : []),
      ...(table.masquerade.ipv4 || table.masquerade.ipv6
        ? [
            chain('masquerade', { type: 'nat', hook: 'postrouting', prio: 100, policy: 'accept' }),
            ...rules('masquerade', masqueradeRules(table)),
          ]
        : []),
      ...(table.ftp
        ? [
            { add: { 'ct helper': { ...own, name: 'ftp', type: 'ftp', protocol: 'tcp' } } },
            // Behind the look-up of the connection, which is at -200.
            chain('helpers', { type: 'filter', hook: 'prerouting', prio: -150, policy: 'accept' }),
            ...rules('helpers', [[from(table.lan), marked('pass'), port('tcp', 21), { 'ct helper': 'ftp' }]]),
          ]
        : []),
    ],
  }
}

/** A table that is not there is no error. */
export function removeTable(lan: string): object {
  return { nftables: deletions(tableName(lan)) }
}

function deletions(name: string): readonly object[] {
  return [{ add: { table: { family: FAMILY, name } } }, { delete: { table: { family: FAMILY, name } } }]
}

function forwardChains(
  { lan }: GatewayTable,
  chain: (name: string, hook?: object) => object,
  rules: (chain: string, list: readonly (readonly Expression[])[]) => object[],
): readonly object[] {
  return [
    chain('leaving'),
    chain('coming'),
    chain('forward', { type: 'filter', hook: 'forward', prio: 0, policy: 'accept' }),
    ...rules('forward', [
      [from(lan), { jump: { target: 'leaving' } }],
      [to(lan), { jump: { target: 'coming' } }],
    ]),
    ...rules('leaving', [
      [marked('pass'), { accept: null }],
      [marked('related'), known('established', 'related'), { accept: null }],
      [marked('refuse'), { counter: 'refused' }, protocol('tcp'), { reject: { type: 'tcp reset' } }],
      [marked('refuse'), { reject: { type: 'icmpx', expr: 'admin-prohibited' } }],
      [{ counter: 'unmarked' }, { drop: null }],
    ]),
    ...rules('coming', [
      [known('established', 'related'), { accept: null }],
      [{ counter: 'unasked' }, { drop: null }],
    ]),
  ]
}

/** Whatever server was asked: its questions and answers go by the resolver. */
function nameRules({ lan, resolver }: GatewayTable): readonly (readonly Expression[])[] {
  const turned = (family: 'ip' | 'ip6', addr: string): readonly Expression[] => [
    from(lan),
    marked('names'),
    matches({ meta: { key: 'nfproto' } }, family === 'ip' ? 'ipv4' : 'ipv6'),
    matches({ meta: { key: 'l4proto' } }, { set: ['tcp', 'udp'] }),
    { dnat: { family, addr, port: resolver.port } },
  ]
  return [
    ...(resolver.v4 === null ? [] : [turned('ip', resolver.v4)]),
    ...(resolver.v6 === null ? [] : [turned('ip6', resolver.v6)]),
  ]
}

function masqueradeRules({ wan, masquerade }: GatewayTable): readonly (readonly Expression[])[] {
  const of = (nfproto: string): readonly Expression[] => [
    to(wan),
    marked('pass'),
    matches({ meta: { key: 'nfproto' } }, nfproto),
    { masquerade: null },
  ]
  return [...(masquerade.ipv4 ? [of('ipv4')] : []), ...(masquerade.ipv6 ? [of('ipv6')] : [])]
}

function matches(left: unknown, right: unknown, op = '=='): Expression {
  return { match: { op, left, right } }
}

function from(name: string): Expression {
  return matches({ meta: { key: 'iifname' } }, name)
}

function to(name: string): Expression {
  return matches({ meta: { key: 'oifname' } }, name)
}

function marked(as: keyof typeof MARK): Expression {
  return matches({ '&': [{ meta: { key: 'mark' } }, MARK_MASK] }, MARK[as])
}

function protocol(name: string): Expression {
  return matches({ meta: { key: 'l4proto' } }, name)
}

function port(protocolName: string, number: number): Expression {
  return matches({ payload: { protocol: protocolName, field: 'dport' } }, number)
}

function known(...states: readonly string[]): Expression {
  return matches({ ct: { key: 'state' } }, states, 'in')
}
