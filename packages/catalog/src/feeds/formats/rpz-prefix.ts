import type { Prefix } from '@sallyport/net'
import { prefixOfText } from './destination-of-text.ts'

/** `24.0.2.0.192` and `48.zz.db8.2001`: the length, and the address from its end; `zz` is the run of zeros. */
export function rpzPrefix(text: string): Prefix | null {
  const [length, ...reversed] = text.split('.')
  if (!/^\d{1,3}$/.test(length!) || reversed.length === 0) return null
  const parts = reversed.reverse()
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part)))
    return prefixOfText(`${parts.join('.')}/${length}`)
  if (!parts.every((part) => /^(?:zz|[0-9a-f]{1,4})$/i.test(part))) return null
  const spelled = parts.map((part) => (part.toLowerCase() === 'zz' ? '' : part)).join(':')
  const address = spelled.replace(/^:/, '::').replace(/:$/, '::')
  return prefixOfText(`${spelled === '' ? '::' : address}/${length}`)
}
