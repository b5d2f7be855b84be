import type { DomainName } from '@sallyport/net'
import { nameOfText } from '../domain-list.ts'
import { parseTypeLimit, type TypeLimit } from '../type-limit.ts'

type AdblockOptions = {
  readonly isImportant: boolean
  readonly isBadFilter: boolean
  readonly denyAllow: readonly DomainName[]
  readonly types: TypeLimit
}

const REFUSALS = /^(?:NXDOMAIN|REFUSED|NOERROR)?;?;?$|^(?:0\.0\.0\.0|::)$/i

/** The options after `$`. One that is not understood makes the rule unusable: without it, it would say something else. */
export function adblockOptions(text: string): AdblockOptions | { readonly reason: string } {
  let isImportant = false
  let isBadFilter = false
  let denyAllow: readonly DomainName[] = []
  let types: TypeLimit = null
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
      types = parseTypeLimit(value)
      if (types === null) return { reason: '$dnstype with something that is no type' }
    } else if (key === 'dnsrewrite') {
      if (!REFUSALS.test(value)) return { reason: '$dnsrewrite that answers something else' }
    } else if (key !== 'all' && key !== '') {
      return { reason: `an option that needs more than a name: $${/^~?[a-z0-9_-]{1,20}$/.test(key) ? key : '…'}` }
    }
  }
  return { isImportant, isBadFilter, denyAllow, types }
}
