import {
  formatPrefix,
  matchDomain,
  parseAddress,
  parseDomainName,
  maskAddress,
  isIpv4,
  type DomainPattern,
} from '@sallyport/net'
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
  readonly services: ReadonlyMap<string, readonly DomainPattern[]>
}

/** A destination as a rule writes it. */
export type LearnedDestination = string | { readonly service: string }

/** What takes the place of each destination: itself, or something wider that enough of them fall into. */
export function generalise(
  seen: readonly SeenDestination[],
  limits: Generalisation,
): ReadonlyMap<string, LearnedDestination> {
  const wider = new Map<
    string,
    { readonly as: LearnedDestination; readonly least: number; readonly members: Set<string> }
  >()
  const choices = new Map<string, readonly string[]>()
  for (const destination of seen) {
    const keys = widerForms(destination, limits).map(({ key, as, least }) => {
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

function widerForms({ kind, text }: SeenDestination, limits: Generalisation): readonly WiderForm[] {
  if (kind === 'address') {
    const prefix = prefixAround(text)
    return prefix === null ? [] : [{ key: prefix, as: prefix, least: limits.addressesForPrefix }]
  }
  const name = parseDomainName(text)
  if (name === null) return []
  const service = [...limits.services].find(([, patterns]) => patterns.some((pattern) => matchDomain(pattern, name)))
  // Below a private suffix (github.io, cloudfront.net) neighbours are strangers: each name there is registrable itself.
  const registrable = getDomain(text, { allowPrivateDomains: true })
  return [
    ...(service === undefined
      ? []
      : [{ key: `service ${service[0]}`, as: { service: service[0] }, least: limits.hostsForService }]),
    ...(registrable === null ? [] : [{ key: registrable, as: `.${registrable}`, least: limits.hostsForDomain }]),
  ]
}

function prefixAround(text: string): string | null {
  const address = parseAddress(text)
  if (address === null) return null
  const length = isIpv4(address) ? 120 : 64
  return formatPrefix({ address: maskAddress(address, length), length })
}
