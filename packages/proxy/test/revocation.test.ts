import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { CertificateAuthority, createAuthority, RevocationLists } from '@sallyport/proxy'
import { stapledStatus } from '../src/revocation/stapled-status.ts'
import { labPolicy, startLab } from './lab.fixture.ts'
import { RevokingAuthority, startStapling } from './revocation.fixture.ts'

const run = promisify(execFile)
const POLICY = labPolicy([
  { id: 'up', action: 'allow', to: [{ domain: 'up.example.com', ip: '127.0.0.1' }], inspect: 'tls' },
])

suite('a certificate of a server that was revoked', () => {
  const lab = new RevokingAuthority()
  const good = lab.issue('good')
  const bad = lab.issue('bad')
  const must = lab.issue('must', 'must-staple')
  lab.issue('responder', 'responder')
  lab.issue('stranger')
  const before = lab.ocsp('bad')
  lab.revoke('bad')
  const crl = lab.crl()
  after(() => lab[Symbol.dispose]())

  const ask = async (
    pair: typeof good,
    staple: Buffer | null,
    revoked: RevocationLists | null = null,
  ): Promise<string> => {
    await using server = await startStapling(pair, staple)
    const authority = await CertificateAuthority.open(await createAuthority('Lab', Date.now()))
    const inspect = { authority, never: [], serverCa: lab.cert, revoked }
    await using proxy = await startLab({ policy: POLICY, inspect })
    const usual = ['-sk', '-m', '5', '-w', ' %{http_code}', '-x', `http://127.0.0.1:${proxy.port}`]
    const { stdout } = await run('curl', [...usual, `https://up.example.com:${server.port}/`])
    if (stdout !== 'served 200') assert.equal(server.requests(), 0)
    return stdout === 'served 200'
      ? stdout
      : `${/"reason":"([^"]+)"/.exec(stdout)?.[1]} ${/\((OCSP)\)|(list)/.exec(stdout)?.[0]}`
  }

  for (const [why, expected, asked] of [
    ['is told by the answer that it brings', 'bad-certificate (OCSP)', () => ask(bad, lab.ocsp('bad'))],
    [
      'is told by the answer of a responder of the issuer',
      'bad-certificate (OCSP)',
      () => ask(bad, lab.ocsp('bad', 'responder')),
    ],
    ['is told by a list of its issuer', 'bad-certificate list', () => ask(bad, null, new RevocationLists([crl]))],
    [
      'is told by the list though it brings an older answer',
      'bad-certificate list',
      () => ask(bad, before, new RevocationLists([crl])),
    ],
    ['is told from one that was not', 'served 200', () => ask(good, lab.ocsp('good'), new RevocationLists([crl]))],
    ['is not told where nobody says so', 'served 200', () => ask(bad, null)],
    ['is not told by an answer that a stranger signed', 'served 200', () => ask(bad, lab.ocsp('bad', 'stranger'))],
    ['is not told by an answer about another', 'served 200', () => ask(good, lab.ocsp('bad'))],
    ['is not told by octets that are no answer', 'served 200', () => ask(good, Buffer.from('0\x82\xff'))],
    ['may be one that must bring an answer: without it, no', 'bad-certificate (OCSP)', () => ask(must, null)],
    [
      'may be one that must bring an answer: with that of another, no',
      'bad-certificate (OCSP)',
      () => ask(must, lab.ocsp('good')),
    ],
    ['may be one that must bring an answer: with it, yes', 'served 200', () => ask(must, lab.ocsp('must'))],
  ] as const) {
    test(why, async () => assert.equal(await asked(), expected))
  }

  test('an answer counts in its time alone', () => {
    const [leaf, issuer] = [new X509Certificate(good.cert), new X509Certificate(lab.cert)]
    const answer = lab.ocsp('good')
    const after = (hours: number): string => stapledStatus(answer, leaf, issuer, Date.now() + hours * 3_600_000)
    assert.deepEqual([after(0), after(23), after(25), after(-1)], ['good', 'good', 'unusable', 'unusable'])
  })

  test('a list that its issuer has not signed counts for nothing', async () => {
    using other = new RevokingAuthority()
    for (let serial = 0; serial < 4; serial++) other.issue(`c${serial}`)
    for (let serial = 0; serial < 4; serial++) other.revoke(`c${serial}`)
    assert.equal(await ask(good, null, new RevocationLists([other.crl()])), 'served 200')
    assert.throws(() => new RevocationLists(['no list']))
  })
})
