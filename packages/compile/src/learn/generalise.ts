import {
  formatPrefix,
  isIpv4,
  maskAddress,
  matchPort,
  parseAddress,
  parseDomainName,
  parsePortRange,
  type DomainName,
  type PortRange,
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

type WiderForm = { readonly key: string; readonly as: LearnedDestination; readonly least: number }

export class Generaliser {
  readonly #limits: Generalisation
  /** By port and name: the same sites are seen by one application after the other. */
  readonly #forms = new Map<string, readonly WiderForm[]>()

  constructor(limits: Generalisation) {
    this.#limits = limits
  }

  /** What takes the place of each destination: itself, or something wider that enough of them fall into. */
  generalise(seen: readonly SeenDestination[], port: string): ReadonlyMap<string, LearnedDestination> {
    const members = new Map<string, Set<string>>()
    const choices = new Map<string, readonly WiderForm[]>()
    for (const destination of seen) {
      const forms = this.#widerForms(destination, port)
      choices.set(destination.text, forms)
      for (const { key } of forms) members.set(key, (members.get(key) ?? new Set()).add(destination.text))
    }
    return new Map(
      [...choices].map(([text, forms]) => [
        text,
        forms.find(({ key, least }) => members.get(key)!.size >= least)?.as ?? text,
      ]),
    )
  }

  #widerForms(destination: SeenDestination, port: string): readonly WiderForm[] {
    const key = `${port} ${destination.text}`
    const known = this.#forms.get(key)
    if (known !== undefined) return known
    const forms = widerForms(destination, parsePortRange(port), this.#limits)
    this.#forms.set(key, forms)
    return forms
  }
}

function widerForms(
  { kind, text }: SeenDestination,
  port: PortRange | null,
  limits: Generalisation,
): readonly WiderForm[] {
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
function allows(set: NamedSet, name: DomainName, seen: PortRange | null): boolean {
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
