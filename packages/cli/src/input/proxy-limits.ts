import { DEFAULT_PROXY_LIMITS, DEFAULT_PROXY_TIMEOUTS, type ProxyLimits, type ProxyTimeouts } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'

type ProxyBounds = { readonly limits: Partial<ProxyLimits>; readonly timeouts: Partial<ProxyTimeouts> }

/** `NAME=NUMBER`, of any limit or timeout of the proxy. */
export function parseProxyBounds(texts: readonly string[]): ProxyBounds {
  const limits: Record<string, number> = {}
  const timeouts: Record<string, number> = {}
  for (const text of texts) {
    const [, name = '', digits = ''] = /^([A-Za-z]+)=(\d{1,15})$/.exec(text) ?? []
    if (Object.hasOwn(DEFAULT_PROXY_LIMITS, name)) limits[name] = Number(digits)
    else if (Object.hasOwn(DEFAULT_PROXY_TIMEOUTS, name)) timeouts[name] = Number(digits)
    else throw unknown(text)
  }
  return { limits, timeouts }
}

function unknown(text: string): SallyportError {
  const names = [...Object.keys(DEFAULT_PROXY_LIMITS), ...Object.keys(DEFAULT_PROXY_TIMEOUTS)]
  return new SallyportError('usage', `--limit "${text}" is not NAME=NUMBER of a limit`, {
    remedy: `Names: ${names.join(', ')}.`,
  })
}
