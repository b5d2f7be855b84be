import { ANSWERS, type Refusal } from '../answers.ts'

/** What the client sees of a refusal. */
export type RefusalPage = { readonly contentType: string; readonly body: string }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!)

/** problem+json (RFC 9457), or a page for browsers. Both name the rule and the reference id under which the log has it. */
export function refusalPage(refusal: Refusal, id: string, accept: string): RefusalPage {
  const { status, title } = ANSWERS[refusal.reason]
  const { reason, rule, layer, explain } = refusal
  if (!/\btext\/html\b/i.test(accept)) {
    const problem = { type: 'about:blank', title, status, detail: explain, reason, rule, layer, reference: id }
    return { contentType: 'application/problem+json', body: `${JSON.stringify(problem)}\n` }
  }
  const rows = [
    ['Reason', reason],
    ['Rule', rule ?? 'none'],
    ['Policy', layer ?? 'none'],
    ['Reference', id],
  ].map(([name, value]) => `<tr><th>${name}<td>${escaped(value!)}`)
  const body = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}th{text-align:left;padding-right:2rem}</style>
<h1>${escaped(title)}</h1>
<p>${escaped(explain)}
<table>${rows.join('')}</table>
<p>Give the reference to whoever runs this proxy.
</html>
`
  return { contentType: 'text/html; charset=utf-8', body }
}

/** Status, fields and body of the answer to a request that is refused, in any version of HTTP. */
export function refusalAnswer(
  refusal: Refusal,
  id: string,
  accept: string,
  authenticate: readonly string[],
): RefusalAnswer {
  const { status, proxyStatus } = ANSWERS[refusal.reason]
  const { contentType, body } = refusalPage(refusal, id, accept)
  const fields: readonly (readonly [string, string])[] = [
    ['Content-Type', contentType],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
    ['Proxy-Status', `sallyport; error=${proxyStatus}; details="${refusal.reason}"`],
    ['Sallyport-Reference', id],
    ...authenticate.map((value) => ['Proxy-Authenticate', value] as const),
    ...(status === 405 ? ([['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, CONNECT']] as const) : []),
  ]
  return { status, fields, body }
}

export type RefusalAnswer = {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
}

export function refusalResponse(
  refusal: Refusal,
  id: string,
  request: { readonly accept: string; readonly isHead: boolean; readonly isKept: boolean },
  authenticate: readonly string[],
): string {
  const { status, fields, body } = refusalAnswer(refusal, id, request.accept, authenticate)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? 'Refused'}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
    `Connection: ${request.isKept ? 'keep-alive' : 'close'}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${request.isHead ? '' : body}`
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
}
