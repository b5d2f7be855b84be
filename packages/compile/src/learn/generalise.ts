import {
  formatPrefix,
  isIpv4,
  maskAddress,
  matchPort,
  parseAddress,
  parseDomainName,
  parsePortRange,
  type DomainName,
} from '@sallyport/net'
import { setHoldsName, type NamedSet, type PortedSet } from '@sallyport/policy'
import { getDomain } from 'tldts'
import type { SeenDestination } from './seen-destination.ts'

export type Generalisation = {
  /** Distinct names below one registrable name from which `.name` takes their place. */
  readonly hostsForDomain: number
  /** Distinct names of one service from which `service: …` takes their place. */
  readonly hostsForService: number
  /** Distinct addresses of one /24 or /64 from which the prefix takes their place. */
  readonly addressesForPrefix: number
  /** The catalogue. */
  readonly services: ReadonlyMap<string, NamedSet>
}

/** A destination as a rule writes it. */
export type LearnedDestination = string | { readonly service: string }

/** What takes the place of each destination: itself, or something wider that enough of them fall into. */
export function generalise(
  seen: readonly SeenDestination[],
  port: string,
  limits: Generalisation,
): ReadonlyMap<string, LearnedDestination> {
  const wider = new Map<
    string,
    { readonly as: LearnedDestination; readonly least: number; readonly members: Set<string> }
  >()
  const choices = new Map<string, readonly string[]>()
  for (const destination of seen) {
    const keys = widerForms(destination, port, limits).map(({ key, as, least }) => {
      const form = wider.get(key) ?? { as, least, members: new Set() }
      form.members.add(destination.text)
      wider.set(key, form)
      return key
    })
    choices.set(destination.text, keys)
  }
  return new Map(
    [...choices].map(([text, keys]) => {
      const key = keys.find((each) => wider.get(each)!.members.size >= wider.get(each)!.least)
      return [text, key === undefined ? text : wider.get(key)!.as]
    }),
  )
}

type WiderForm = { readonly key: string; readonly as: LearnedDestination; readonly least: number }

function widerForms({ kind, text }: SeenDestination, port: string, limits: Generalisation): readonly WiderForm[] {
  if (kind === 'address') {
    const prefix = prefixAround(text)
    return prefix === null ? [] : [{ key: prefix, as: prefix, least: limits.addressesForPrefix }]
  }
  const name = parseDomainName(text)
  if (name === null) return []
  const service = [...limits.services].find(([, set]) => allows(set, name, port))
  // Below a private suffix (github.io, cloudfront.net) neighbours are strangers: each name there is registrable itself.
  const registrable = getDomain(text, { allowPrivateDomains: true })
  return [
    ...(service === undefined
      ? []
      : [{ key: `service ${service[0]}`, as: { service: service[0] }, least: limits.hostsForService }]),
    ...(registrable === null ? [] : [{ key: registrable, as: `.${registrable}`, least: limits.hostsForDomain }]),
  ]
}

/** A service is allowed on its own ports: on another, its name would not allow what was seen. */
function allows(set: NamedSet, name: DomainName, port: string): boolean {
  const seen = parsePortRange(port)
  const onPort = ({ ports }: PortedSet): boolean =>
    ports === null || (seen !== null && ports.some((range) => matchPort(range, seen.transports[0]!, seen.first)))
  return (set.byPorts ?? [{ ...set, ports: null }]).some((part) => onPort(part) && setHoldsName(part, name))
}

function prefixAround(text: string): string | null {
  const address = parseAddress(text)
  if (address === null) return null
  const length = isIpv4(address) ? 120 : 64
  return formatPrefix({ address: maskAddress(address, length), length })
}
