import { fileURLToPath } from 'node:url'

const KEEP_ALIVE = fileURLToPath(new URL('../keep-alive.py', import.meta.url))

/** What people use, by what they use it with. For sh(1) in the folder of the lab. */
export type AllowedClient = { readonly what: string; readonly command: string; readonly says: RegExp }

export const LARGE_BYTES = 100_000_000

const request = `printf 'GET / HTTP/1.0\\r\\nHost: allowed.test\\r\\n\\r\\n'`
const page = (version: string): RegExp => new RegExp(`hello from .* over HTTP/${version}`)
const digest = `sha256sum <large | cut -c1-16`
const nodeScript = (script: string): string =>
  `NODE_NO_WARNINGS=1 NODE_TLS_REJECT_UNAUTHORIZED=0 "$NODE" -e '${script}'`
const socket = (url: string): string =>
  nodeScript(
    `const s = new WebSocket("${url}"); s.onopen = () => s.send("there and back"); s.onmessage = ({ data }) => { console.log(data); process.exit() }; s.onerror = (e) => { console.log(e); process.exit(1) }`,
  )

export const ALLOWED_CLIENTS: readonly AllowedClient[] = [
  {
    what: 'OpenSSL',
    command: `${request} | openssl s_client -quiet -servername allowed.test -connect allowed.test:443`,
    says: page('1.0'),
  },
  {
    what: 'OpenSSL with TLS 1.2',
    command: `${request} | openssl s_client -tls1_2 -quiet -servername allowed.test -connect allowed.test:443`,
    says: page('1.0'),
  },
  {
    what: 'GnuTLS',
    command: `(${request}; sleep 1) | gnutls-cli --insecure --no-ocsp allowed.test`,
    says: page('1.0'),
  },
  { what: 'curl over HTTP/1.1', command: 'curl -skS --http1.1 https://allowed.test/', says: page('1.1') },
  { what: 'curl over HTTP/2', command: 'curl -skS --http2 https://allowed.test/', says: page('2.0') },
  { what: 'curl over IPv6', command: 'curl -6skS https://allowed.test/', says: /hello from 2001:db8:1::10/ },
  { what: 'curl without TLS', command: 'curl -sS http://allowed.test/', says: page('1.1') },
  {
    what: 'Node',
    command: nodeScript('fetch("https://allowed.test/").then((r) => r.text()).then(console.log)'),
    says: page('2.0'),
  },
  {
    what: 'Chromium (BoringSSL)',
    command:
      'chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/browser-$PLACE" --ignore-certificate-errors --dump-dom https://allowed.test/',
    says: page('2.0'),
  },
  { what: 'a WebSocket', command: socket('ws://allowed.test/'), says: /^there and back$/m },
  { what: 'a WebSocket in TLS', command: socket('wss://allowed.test/'), says: /^there and back$/m },
  {
    what: 'SSH with 100 MB each way',
    command: `[ "$(ssh -F ssh.conf allowed.test cat <large | sha256sum | cut -c1-16)" = "$(${digest})" ] && echo same`,
    says: /^same$/m,
  },
  { what: 'FTP, passive', command: 'curl -sS --ftp-pasv ftp://allowed.test/secret', says: /^canary$/m },
  { what: 'FTP, active', command: 'curl -sS -P - --disable-eprt ftp://allowed.test/secret', says: /^canary$/m },
  {
    what: 'an upload of 100 MB over HTTP/2',
    command: 'curl -skS -X POST -T large https://allowed.test/',
    says: new RegExp(`^${LARGE_BYTES}$`, 'm'),
  },
  {
    what: 'a download of 100 MB',
    command: `curl -skS https://allowed.test/${LARGE_BYTES} | wc -c`,
    says: new RegExp(`^${LARGE_BYTES}$`, 'm'),
  },
]

/** Requests over one connection until its input ends. */
export const KEPT: readonly string[] = ['python3', KEEP_ALIVE, 'https://allowed.test/']
