import { addressKeys, buildAddressTable, UNKNOWN_CLIENT, type ClientFacts } from '@sallyport/compile'
import type { GatewayGeneration, Source } from '@sallyport/kernel'
import { prefixContains, type Address, type Prefix } from '@sallyport/net'
import type { ClientEntry } from './clients-file.ts'
import type { Lease } from './lease-file.ts'

/** The guarded network: what may be a source in it, and what is on its own link. */
export type GuardedNetworks = { readonly all: readonly Prefix[]; readonly onLink: readonly Prefix[] }

/** Who is where, as the kernel takes it. */
export type ClientTable = Pick<GatewayGeneration, 'sources' | 'stations'> & {
  /** Client n of a generation is at n − 1. */
  readonly clients: readonly ClientFacts[]
  /** An address of each network that the policy tells apart; network n is at n − 1. */
  readonly networks: readonly Address[]
}

type Owner = { readonly prefix: Prefix; readonly client: number; readonly mac: Uint8Array | null }

export function clientOf(table: ClientTable, number: number): ClientFacts {
  return table.clients[number - 1] ?? UNKNOWN_CLIENT
}

/** `told` are the prefixes by which the policy tells sources apart. */
export function buildClientTable(
  networks: GuardedNetworks,
  entries: readonly ClientEntry[],
  leases: readonly Lease[],
  told: readonly Prefix[],
): ClientTable {
  const owners = [...ownersOfAddresses(entries), ...ownersOfLeases(networks, entries, leases)]
  const toldFrom = networks.all.length
  const ownersFrom = toldFrom + told.length
  const prefixes = [...networks.all, ...told, ...owners.map(({ prefix }) => prefix)]
  /** By prefix of the table: which of the above hold there. */
  const held: (readonly number[])[] = []
  const table = buildAddressTable(
    prefixes.map((prefix, atom) => ({ prefix, atom })),
    (atoms) => held.push(atoms) - 1,
  )
  const anAddress = new Map(table.ranges().map(({ start, class: at }) => [at, start]))
  const networkOf = new Map<string, number>([['', 0]])
  const representatives: Address[] = []
  const values = table.prefixes.map(({ address }, at): Source | null => {
    const atoms = held[at]!
    if (!atoms.some((atom) => atom < toldFrom)) return null
    const key = atoms.filter((atom) => atom >= toldFrom && atom < ownersFrom).join()
    if (!networkOf.has(key)) networkOf.set(key, representatives.push(anAddress.get(at) ?? address))
    const owner = atoms
      .flatMap((atom) => owners[atom - ownersFrom] ?? [])
      .reduce<Owner | null>(
        (best, each) => (best === null || each.prefix.length >= best.prefix.length ? each : best),
        null,
      )
    return { network: networkOf.get(key)!, client: owner?.client ?? 0, mac: owner?.mac ?? null }
  })
  return {
    clients: entries.map(({ facts }) => facts),
    networks: representatives,
    sources: { keys: addressKeys({ prefixes: table.prefixes, classes: table.classes }).keys, values },
    stations: entries.flatMap(({ address, mac }, at) =>
      address === null && mac !== null ? [{ mac, client: at + 1 }] : [],
    ),
  }
}

function ownersOfAddresses(entries: readonly ClientEntry[]): readonly Owner[] {
  return entries.flatMap(({ address, mac }, at) => (address === null ? [] : [{ prefix: address, client: at + 1, mac }]))
}

/** Behind a relay or a router, frames bear the router's hardware address, so only the link itself can be held to it. */
function ownersOfLeases(
  { onLink }: GuardedNetworks,
  entries: readonly ClientEntry[],
  leases: readonly Lease[],
): readonly Owner[] {
  const byMac = new Map(
    entries.flatMap(({ mac, address }, at) => (mac && !address ? [[mac.join(), at + 1] as const] : [])),
  )
  const byName = new Map(entries.flatMap(({ hostname }, at) => (hostname ? [[hostname, at + 1] as const] : [])))
  return leases.flatMap(({ address, mac, hostname }) => {
    const client = (mac && byMac.get(mac.join())) ?? (hostname && byName.get(hostname)) ?? null
    if (client === null || client === '') return []
    const prefix = { address, length: 128 }
    return [{ prefix, client, mac: onLink.some((each) => prefixContains(each, address)) ? mac : null }]
  })
}
