import { formatDomainPattern, parseAddress, parseDomainPattern } from '@sallyport/net'
import { quote } from './describe.ts'

type DomainProblem = { readonly message: string; readonly allowed?: readonly string[]; readonly nearest: string | null }

/** What is wrong with a domain pattern that someone could have meant well, and its right spelling; `null`: none of these. */
export function domainProblem(text: string): DomainProblem | null {
  if (text === '*' || text === '**' || text === '.') {
    return {
      message: `${quote(text)} is not a domain`,
      allowed: ['leaving `to` out, which means anywhere'],
      nearest: null,
    }
  }
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/:?#@]+)/i.exec(text)
  if (url !== null) return { message: 'a URL is not a domain', nearest: valid(url[1]!) }
  const port = /^([^:/]+):(\d+)$/.exec(text)
  if (port !== null) {
    return {
      message: 'a domain has no port',
      allowed: [`the domain alone, and \`ports: [${port[2]}]\` in the rule`],
      nearest: valid(port[1]!),
    }
  }
  const path = /^([^/]+)\/.*$/.exec(text)
  if (path !== null)
    return {
      message: 'a domain has no path',
      allowed: ['the domain alone, and `http: { path: … }` in the rule'],
      nearest: valid(path[1]!),
    }
  if (text.includes('*') && !/^\*\.[^*]+$/.test(text)) {
    return {
      message: 'a * stands only for the whole beginning of a domain',
      allowed: ['*.example.com (every name below it)', '.example.com (the name too)'],
      nearest: valid(`*.${text.slice(text.lastIndexOf('*') + 1).replace(/^[.-]+/, '')}`),
    }
  }
  if (parseAddress(text) !== null)
    return { message: `${quote(text)} is an address, not a domain`, allowed: ['`ip:` for addresses'], nearest: null }
  if (/\s/.test(text)) return { message: 'a domain has no spaces', nearest: valid(text.replace(/\s+/g, '')) }
  return null
}

function valid(text: string): string | null {
  const pattern = parseDomainPattern(text)
  return pattern === null ? null : formatDomainPattern(pattern)
}
