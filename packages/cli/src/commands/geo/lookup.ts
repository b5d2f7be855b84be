import { Command } from 'commander'
import { continentOf, embeddedAddress, networkNames, openGeography, type Geography } from '@sallyport/catalog'
import { formatAddress, parseAddress, type Address } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { readableStates } from '../../input/state-directory.ts'
import { note, printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import type { Answer } from '../answer.ts'
import { sourceFacts, sourceLine } from './sources.ts'

export function geoLookupCommand(answer: Answer): Command {
  return new Command('lookup')
    .description('country, continent and autonomous system of addresses')
    .argument('<address...>', 'addresses, in any spelling')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport geo lookup 8.8.8.8 2001:4860:4860::8888', 'sallyport geo lookup 2002:808:808::1 --json'),
    )
    .action((texts: readonly string[], options: { readonly json?: boolean }) => {
      const addresses = texts.map((text) => {
        const address = parseAddress(text)
        if (address === null) throw new SallyportError('usage', `${text} is not an address`)
        return { text, address }
      })
      const geography = openGeography(readableStates('geo'), note)
      const found = addresses.map(({ text, address }) => ({ text, ...placeOf(address, geography) }))
      const names = networkNames(geography.sources()[1].files, new Set(found.flatMap(({ asn }) => asn ?? [])))
      const places = found.map((place) => ({
        ...place,
        network: place.asn === null ? null : (names.get(place.asn) ?? null),
      }))
      if (options.json === true) printJson({ places, sources: geography.sources().map(sourceFacts) })
      else {
        for (const place of places) printLine(placeLine(place))
        for (const source of geography.sources()) note(sourceLine(source))
      }
      answer(0)
    })
}

type Place = {
  /** As policies know it: a mapped or NAT64 form is the IPv4 address. */
  readonly address: string
  /** The IPv4 address inside a 6to4 or Teredo address. */
  readonly embedded: { readonly kind: string; readonly address: string; readonly country: string | null } | null
  readonly country: string | null
  readonly continent: string | null
  readonly asn: number | null
}

/** Where an address is for policies: that inside a 6to4 or Teredo address says it. */
function placeOf(address: Address, { countries, networks }: Geography): Place {
  const embedded = embeddedAddress(address)
  const country = countries.find(address)
  const asn = networks.find(address)
  return {
    address: formatAddress(address),
    embedded:
      embedded === null
        ? null
        : { kind: embedded.kind, address: formatAddress(embedded.address), country: countries.find(embedded.address) },
    country,
    continent: country === null ? null : continentOf(country),
    asn: asn === null ? null : Number(asn),
  }
}

function placeLine(place: Place & { readonly text: string; readonly network: string | null }): string {
  const { text, address, embedded, country, continent, asn, network } = place
  const spelled = text === address ? text : `${printable(text)} (${address})`
  const inside =
    embedded === null ? [] : [`${embedded.kind} of ${embedded.address} (${embedded.country ?? 'no country'})`]
  const where = country === null ? ['no country'] : [`${country}, ${continent ?? 'no continent'}`]
  const whose = asn === null ? ['no network'] : [`AS${asn}${network === null ? '' : ` ${printable(network)}`}`]
  return [spelled, ...inside, ...where, ...whose].join('  ')
}
