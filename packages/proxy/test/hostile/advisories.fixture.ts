/**
 * What other proxies were advised of, beside what the tables of requests and of hosts have under their numbers. `{up}` stands for the
 * authority of the lab's server; a `closed` lab asks for user and password.
 */
export type AdvisoryRow = {
  readonly cve: string
  readonly what: string
  readonly send: string
  readonly answer: string
  readonly isClosed?: boolean
  /** What the client must not be told. */
  readonly tellsNot?: RegExp
  /** The field as it goes on to the server. */
  readonly sees?: string
}

const get = (fields: string, target = 'http://{up}/'): string => `GET ${target} HTTP/1.1\r\nHost: {up}\r\n${fields}\r\n`
const login = (value: string): string => get(`Proxy-Authorization: ${value}\r\n`)
const passes = (cve: string, what: string, field: string): AdvisoryRow => ({
  cve,
  what,
  send: get(`${field}\r\n`),
  answer: '200',
  sees: `\r\n${field}\r\n`,
})
const asksAgain = (cve: string, what: string, value: string): AdvisoryRow => ({
  cve,
  what,
  send: login(value),
  answer: '407 authentication-required',
  isClosed: true,
})
const SCRIPT = '<script>alert(1)</script>'

export const ADVISORIES: readonly AdvisoryRow[] = [
  asksAgain('CVE-2009-2855', 'credentials of commas', ',,,,,,'),
  passes('CVE-2013-1839', 'languages of commas', 'Accept-Language: ,'),
  {
    cve: 'CVE-2013-4115',
    what: 'a host of 5,000 octets',
    send: get('', `http://${'a.'.repeat(2500)}example/`),
    answer: '400 bad-host',
  },
  {
    cve: 'CVE-2013-4123',
    what: 'a port in Host that is none',
    send: 'GET http://{up}/ HTTP/1.1\r\nHost: 127.0.0.1:8a\r\n\r\n',
    answer: '400 bad-host',
  },
  passes('CVE-2014-3609', 'a range that ends before it begins', 'Range: bytes=5-1'),
  {
    cve: 'CVE-2016-4553',
    what: 'a Host beside an absolute target',
    send: 'GET http://{up}/ HTTP/1.1\r\nHost: victim.example\r\n\r\n',
    answer: '400 host-mismatch',
  },
  {
    cve: 'CVE-2016-4554',
    what: 'a Host behind a space',
    send: 'GET http://{up}/ HTTP/1.1\r\n Host: victim.example\r\nHost: {up}\r\n\r\n',
    answer: '400 bad-request',
  },
  passes('CVE-2018-1000027', 'hops that are none', 'X-Forwarded-For: , ,'),
  {
    cve: 'CVE-2018-19131',
    what: 'a script in what a page of errors repeats',
    send: get('Accept: text/html\r\n', `http://${SCRIPT}:80/`),
    answer: '400 bad-host',
    tellsNot: /<script/i,
  },
  asksAgain('CVE-2019-12525', 'Digest with an open quote', 'Digest username="'),
  asksAgain('CVE-2019-12527', 'Basic longer than any password', `Basic ${'QUFB'.repeat(4000)}`),
  asksAgain('CVE-2019-12529', 'Basic that is no base64', 'Basic ====%%%%'),
  {
    cve: 'CVE-2019-13345',
    what: 'a script as user',
    send: get(`Accept: text/html\r\nProxy-Authorization: Basic ${Buffer.from(`${SCRIPT}:x`).toString('base64')}\r\n`),
    answer: '407 authentication-required',
    isClosed: true,
    tellsNot: /<script/i,
  },
  {
    cve: 'CVE-2019-18676',
    what: 'a scheme of 9,000 letters',
    send: get('', `${'a'.repeat(9000)}://{up}/`),
    answer: '501 unsupported-scheme',
  },
  {
    cve: 'CVE-2019-18677',
    what: 'a host without a dot, to which no domain is appended',
    send: 'GET http://up:80/ HTTP/1.1\r\nHost: up:80\r\n\r\n',
    answer: '502 name-not-found',
  },
  asksAgain(
    'CVE-2019-18679',
    'Digest with a pointer as nonce',
    'Digest username="x", nonce="AAAAAAAAAAAAAAAA", nc=00000001',
  ),
  asksAgain('CVE-2020-8517', 'NTLM with lengths that lie', 'NTLM TlRMTVNTUAADAAAA//////////8='),
  asksAgain(
    'CVE-2020-11945',
    'Digest with a counter beyond all numbers',
    'Digest username="x", nc=ffffffff, nonce="y"',
  ),
  {
    cve: 'CVE-2020-15049',
    what: 'a length behind a vertical tab',
    send: 'POST http://{up}/ HTTP/1.1\r\nHost: {up}\r\nContent-Length: \x0b5\r\n\r\nabcde',
    answer: '400 bad-request',
  },
  {
    cve: 'CVE-2020-25097',
    what: 'a space within the target',
    send: 'GET http://{up}/ http://victim.example/ HTTP/1.1\r\nHost: {up}\r\n\r\n',
    answer: '400 bad-request',
  },
  asksAgain('CVE-2022-41318', 'Negotiate that is cut', 'Negotiate TlRMTVNTUAAB'),
  {
    cve: 'CVE-2023-46728',
    what: 'gopher with a type',
    send: get('', 'gopher://{up}/1/'),
    answer: '501 unsupported-scheme',
  },
  {
    cve: 'CVE-2023-46848',
    what: 'ftp with an escape that is none',
    send: get('', 'ftp://user%@{up}/'),
    answer: '501 unsupported-scheme',
  },
  passes('CVE-2023-49285', 'a date that ends too soon', 'If-Modified-Since: Sun, 6 Nov'),
  {
    cve: 'CVE-2024-25617',
    what: 'a cookie of 100,000 octets',
    send: get(`Cookie: ${'a'.repeat(100_000)}\r\n`),
    answer: '431 head-too-large',
  },
  {
    cve: 'CVE-2025-54574',
    what: 'a URN with much behind it',
    send: get('', `urn:${'a'.repeat(9000)}:x`),
    answer: '400 not-for-a-proxy',
  },
  {
    cve: 'CVE-2025-62168',
    what: 'credentials in a request that is refused',
    send: 'TRACE http://{up}/ HTTP/1.1\r\nHost: {up}\r\nAuthorization: Basic c2VjcmV0OnNlY3JldA==\r\nProxy-Authorization: Basic YW5uOnNlY3JldA==\r\nCookie: secret\r\nAccept: text/html\r\n\r\n',
    answer: '405 unsupported-method',
    tellsNot: /c2VjcmV0|YW5uOn|secret/,
  },
  {
    cve: 'CVE-2026-47729',
    what: 'a listing of ftp',
    send: get('', 'ftp://{up}/'),
    answer: '501 unsupported-scheme',
  },
  // Smokescreen.
  {
    cve: 'CVE-2022-24825',
    what: 'a final dot and capitals behind a name that is denied',
    send: 'GET http://Bad.EVIL.example.:80/ HTTP/1.1\r\nHost: bad.evil.example:80\r\n\r\n',
    answer: '403 denied',
  },
  {
    cve: 'CVE-2022-29188',
    what: 'brackets around a name that is denied',
    send: 'GET http://[bad.evil.example]:80/ HTTP/1.1\r\nHost: [bad.evil.example]:80\r\n\r\n',
    answer: '400 bad-host',
  },
]

/** Fields of answers: the client gets them as the server sent them, since nothing here goes by them. */
export const ADVISED_ANSWERS: readonly (readonly [cve: string, what: string, field: string])[] = [
  ['CVE-2016-2569', 'Vary that is long', `Vary: ${'a'.repeat(5000)}`],
  ['CVE-2016-3948', 'Vary of commas', 'Vary: ,,*'],
  ['CVE-2021-28662', 'Vary of all and more', 'Vary: *, Accept-Encoding'],
  ['CVE-2021-33620', 'a part that is none', 'Content-Range: bytes 9-1/*'],
]
