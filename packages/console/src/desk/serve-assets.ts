import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { readWorldOutlines } from './world-outlines.ts'

const WEB = join(import.meta.dirname, '../web')

/**
 * Asked for while the modules are on their way: those of the page that the address names, who is signed in, and then how this host
 * is guarded and, where that is the page, the overview; null where nobody is.
 */
const early = (at: string, later: Readonly<Record<string, readonly string[]>>): string => `{
  const later = ${JSON.stringify(later)}
  const [, name = ''] = /^#\\/([a-z]+)/.exec(location.hash) ?? []
  for (const file of Object.hasOwn(later, name) ? later[name] : [])
    document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: '${at}/' + file }))
  const get = (url) => fetch(url, { headers: { accept: 'application/json' } })
  const session = get('/api/v1/session')
  const isSignedIn = session.then((answer) => answer.clone().json()).then(({ user }) => user !== null)
  const once = (url) => isSignedIn.then((is) => (is ? get(url) : null)).catch(() => null)
  globalThis.early = { '/api/v1/session': session, '/api/v1/status': once('/api/v1/status') }
  if (/^(#\\/(overview)?)?$/.test(location.hash)) {
    const url = '/api/v1/overview?hours=24'
    globalThis.early[url] = once(url)
  }
}`

/** Nothing from elsewhere is loaded, nothing of the page is run that is not a file of ours, and nobody frames it. */
const policy = (inline: readonly string[]): string =>
  [
    `default-src 'none'`,
    `script-src 'self' ${inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ')}`,
    `style-src 'self'`,
    `connect-src 'self'`,
    `img-src 'self' data:`,
    `form-action 'none'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * What the first page needs, at once: a module that is found only in another would be asked for only when that one has come. An
 * inline script behind a style sheet would wait for it, and an import map may not come after a module.
 */
const page = (at: string, imports: string, first: string, modules: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport</title>
<script type="importmap">${imports}</script>
<script>${first}</script>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${at}/style.css">
${modules.map((file) => `<link rel="modulepreload" href="${at}/${file}">`).join('\n')}
<script type="module" src="${at}/main.ts"></script>
</head>
<body><div id="app"></div></body>
</html>
`

type Asset = { readonly type: string; readonly text: string }
type Assets = ReadonlyMap<string, Asset>

/**
 * The console's files, read once: TypeScript without its types, as modules. All are below one address that says what is in
 * them, so that a browser asks for each once, and never mixes those of two versions.
 */
export function serveAssets(app: FastifyInstance): void {
  const assets = readAssets()
  const at = `/app/${digest([...assets].map(([file, { text }]) => `${file}\0${text}`).join('\0'))}`
  const imports = JSON.stringify({ imports: { 'htm/preact/standalone': `${at}/preact.js` } })
  const always = neededBy(assets, 'main.ts')
  const first = early(at, Object.fromEntries(laterOf(assets, always)))
  const document = page(at, imports, first, [...always, 'preact.js'])
  const headers = { 'content-security-policy': policy([first, imports]), ...HEADERS }
  app.addHook('onSend', async (_request, reply) => void reply.headers(headers))
  for (const [file, { type, text }] of assets) {
    const packed = gzipSync(text)
    app.get(`${at}/${file}`, (request, reply) => {
      void reply
        .type(type)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('vary', 'accept-encoding')
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(text)
      return reply.header('content-encoding', 'gzip').send(packed)
    })
  }
  const tag = `"${digest(document)}"`
  app.get('/', (request, reply) => {
    void reply.header('cache-control', 'no-cache').header('etag', tag)
    if (request.headers['if-none-match'] === tag) return reply.code(304).send()
    return reply.type('text/html; charset=utf-8').send(document)
  })
}

function readAssets(): Assets {
  const assets = new Map<string, Asset>()
  const add = (file: string, type: string, text: string): void => {
    assets.set(file, { type: `${type}; charset=utf-8`, text })
  }
  for (const file of readdirSync(WEB)) {
    const text = readFileSync(join(WEB, file), 'utf8')
    if (file.endsWith('.ts')) add(file, 'text/javascript', stripTypeScriptTypes(text))
    else if (file.endsWith('.css')) add(file, 'text/css', text)
  }
  const preact = fileURLToPath(import.meta.resolve('htm/preact/standalone'))
  add('preact.js', 'text/javascript', readFileSync(preact, 'utf8'))
  add('world.json', 'application/json', JSON.stringify(readWorldOutlines()))
  return assets
}

/** A module and those that it cannot begin without; types are gone by then. */
function neededBy(assets: Assets, file: string, found = new Set<string>()): ReadonlySet<string> {
  found.add(file)
  for (const [, needed] of assets.get(file)!.text.matchAll(/\bfrom '\.\/([\w-]+\.ts)'/g))
    if (!found.has(needed!)) neededBy(assets, needed!, found)
  return found
}

/** What each page needs beside that, by its name in the address. */
function laterOf(assets: Assets, always: ReadonlySet<string>): readonly (readonly [string, readonly string[]])[] {
  const pages = [...assets.keys()].filter((file) => file.endsWith('-page.ts'))
  return pages.map((file) => [
    file.replace('-page.ts', ''),
    [...neededBy(assets, file)].filter((each) => !always.has(each)),
  ])
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
