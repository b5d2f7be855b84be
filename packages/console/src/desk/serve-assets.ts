import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { readWorldOutlines } from './world-outlines.ts'

const WEB = join(import.meta.dirname, '../web')
const IMPORTS = JSON.stringify({ imports: { 'htm/preact/standalone': '/vendor/preact.js' } })
const IMPORT_MAP_HASH = createHash('sha256').update(IMPORTS).digest('base64')

/** Nothing from elsewhere is loaded, nothing of the page is run that is not a file of ours, and nobody frames it. */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self' 'sha256-${IMPORT_MAP_HASH}'`,
  `style-src 'self'`,
  `connect-src 'self'`,
  `img-src 'self' data:`,
  `form-action 'none'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** All files at once: a module that is found only in another would be asked for only when that one has come. */
const page = (modules: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app/style.css">
<script type="importmap">${IMPORTS}</script>
${modules.map((url) => `<link rel="modulepreload" href="${url}">`).join('\n')}
<script type="module" src="/app/main.ts"></script>
</head>
<body><div id="app"></div></body>
</html>
`

type Asset = { readonly type: string; readonly text: string; readonly tag: string }

/** The console's files, read once: TypeScript without its types, as modules. */
export function serveAssets(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => void reply.headers(SECURITY_HEADERS))
  for (const [url, { type, text, tag }] of readAssets()) {
    app.get(url, (request, reply) => {
      void reply.header('cache-control', 'no-cache').header('etag', tag)
      if (request.headers['if-none-match'] === tag) return reply.code(304).send()
      return reply.type(type).send(text)
    })
  }
}

function readAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>()
  const add = (url: string, type: string, text: string): void => {
    const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
    assets.set(url, { type: `${type}; charset=utf-8`, text, tag })
  }
  for (const file of readdirSync(WEB)) {
    const text = readFileSync(join(WEB, file), 'utf8')
    if (file.endsWith('.ts')) add(`/app/${file}`, 'text/javascript', stripTypeScriptTypes(text))
    else if (file.endsWith('.css')) add(`/app/${file}`, 'text/css', text)
  }
  const preact = fileURLToPath(import.meta.resolve('htm/preact/standalone'))
  add('/vendor/preact.js', 'text/javascript', readFileSync(preact, 'utf8'))
  add('/vendor/world.json', 'application/json', JSON.stringify(readWorldOutlines()))
  add(
    '/',
    'text/html',
    page([...assets].filter(([, { type }]) => type.startsWith('text/javascript')).map(([url]) => url)),
  )
  return assets
}
