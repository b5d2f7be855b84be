import { readFile } from 'node:fs/promises'
import { parseResolverUri, upstreamsFromSystem, type Endpoint } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'

export function parseListen(text: string): Endpoint {
  return parseEndpoint('--listen', text)
}

export function parseEndpoint(option: string, text: string): Endpoint {
  const uri = parseResolverUri(text)
  if ('problem' in uri) throw invalid(option, uri.problem)
  if (uri.address === null) throw invalid(option, `"${text}" is not an address`)
  return { address: uri.address, port: uri.port }
}

/** Those of /etc/resolv.conf when none is given. */
export async function parseServers(texts: readonly string[]): Promise<readonly Endpoint[]> {
  if (texts.length > 0) return texts.map((text) => parseEndpoint('--upstream', text))
  const system = upstreamsFromSystem(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
  if (system.length > 0) return system
  throw new SallyportError('resolver-unavailable', 'there is no server to ask: /etc/resolv.conf names none', {
    remedy: 'Give --upstream ADDRESS.',
  })
}

function invalid(option: string, problem: string): SallyportError {
  return new SallyportError('target-invalid', `${option}: ${problem}`, {
    remedy:
      'Write 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353, tls://192.0.2.53#dns.example or https://dns.example/dns-query.',
  })
}
