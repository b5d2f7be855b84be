import type { DomainName } from '@sallyport/net'
import { nameOfText } from '../domain-list.ts'

export type AdblockOptions = {
  readonly isImportant: boolean
  readonly isBadFilter: boolean
  readonly denyAllow: readonly DomainName[]
}

const REFUSALS = /^(?:NXDOMAIN|REFUSED|NOERROR)?;?;?$|^(?:0\.0\.0\.0|::)$/i

/** The options after `$`. One that is not understood makes the rule unusable: without it, it would say something else. */
export function adblockOptions(text: string): AdblockOptions | { readonly reason: string } {
  let isImportant = false
  let isBadFilter = false
  let denyAllow: readonly DomainName[] = []
  for (const option of text.split(/(?<!\\),/).filter((each) => each !== '')) {
    const equals = option.indexOf('=')
    const key = (equals < 0 ? option : option.slice(0, equals)).trim().toLowerCase()
    const value = equals < 0 ? '' : option.slice(equals + 1)
    if (key === 'important') isImportant = true
    else if (key === 'badfilter') isBadFilter = true
    else if (key === 'denyallow') {
      const names = value.split('|').map((each) => nameOfText(each.replace(/^\*\./, '')))
      if (names.includes(null)) return { reason: '$denyallow with something that is no name' }
      denyAllow = names.filter((each) => each !== null)
    } else if (key === 'dnstype') {
      if (!coversAddresses(value)) return { reason: '$dnstype that leaves out A or AAAA' }
    } else if (key === 'dnsrewrite') {
      if (!REFUSALS.test(value)) return { reason: '$dnsrewrite that answers something else' }
    } else if (key !== 'all' && key !== '') {
      return { reason: `an option that needs more than a name: $${/^~?[a-z0-9_-]{1,20}$/.test(key) ? key : '…'}` }
    }
  }
  return { isImportant, isBadFilter, denyAllow }
}

/** A rule for all queries of addresses refuses the destination; one for some would refuse half of it. */
function coversAddresses(value: string): boolean {
  const types = value.toUpperCase().split('|')
  const excluded = types.filter((type) => type.startsWith('~')).map((type) => type.slice(1))
  if (excluded.length > 0) return !excluded.includes('A') && !excluded.includes('AAAA')
  return types.includes('A') && types.includes('AAAA')
}
