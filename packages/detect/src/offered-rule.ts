import { parseAddress } from '@sallyport/net'

export type OfferedRule = {
  readonly id: string
  readonly action: 'allow' | 'deny'
  readonly to: readonly ({ readonly domain: string } | { readonly ip: string })[]
  readonly reason?: string
}

type Wanted = { readonly action: OfferedRule['action']; readonly destination: string; readonly reason?: string }

/** A rule about one destination, to stand before all others, under an id that none of them has. */
export function offeredRule({ action, destination, reason = '' }: Wanted, taken: ReadonlySet<string>): OfferedRule {
  const slug = destination
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  const name = `${action === 'deny' ? 'block' : 'allow'}-${slug === '' ? 'destination' : slug}`.slice(0, 50)
  const numbered = Array.from({ length: taken.size + 1 }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`))
  const to = parseAddress(destination) === null ? { domain: destination } : { ip: destination }
  return { id: numbered.find((id) => !taken.has(id))!, action, to: [to], ...(reason === '' ? {} : { reason }) }
}

/** Some alerts are about many destinations, in words: no rule is offered for those. */
export function isOfOneDestination(destination: string): boolean {
  return !destination.includes(' ')
}
