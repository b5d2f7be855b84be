import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { clientHello } from './client-hello.ts'
import { HandshakeLab, https, inPieces, say, SHARED } from './handshake-lab.ts'
import { quicInitials } from './quic-initial.ts'
import { needsRoot, RUNS_AT_ONCE, type Ended } from './lab.ts'

const refused = ({ status, stdout }: Ended): void => assert.notEqual(status, 0, stdout)

for (const [who, asUser] of [
  ['root', false],
  ['an ordinary user', true],
] as const)
  suite(`handshakes, as ${who}`, { skip: needsRoot, concurrency: RUNS_AT_ONCE }, () => {
    let lab: HandshakeLab
    before(async () => void (lab = await HandshakeLab.open(asUser)))
    after(() => lab[Symbol.asyncDispose]())

    test('a name that is allowed and stated passes, and is recorded as verified', async () => {
      const report = lab.path('name.jsonl')
      const ended = await lab.run(lab.allowsName(), https('shared-a.test'), ['--report', report])
      assert.equal(ended.status, 0, ended.stderr)
      assert.match(ended.stdout, /CIPHER/i)
      const flows = readFileSync(report, 'utf8').trim().split('\n')
      const tls = flows.map((line) => JSON.parse(line)).find(({ protocol }) => protocol === 'tls')
      assert.deepEqual([tls.domain, tls.verdict.verdict, tls.verdict.stage], ['shared-a.test', 'allow', 'handshake'])
    })

    test('another name at the same address is refused, whatever it resolved to', async () => {
      const both = `curl -skS -m 20 https://shared-a.test/ && curl -skS -m 20 --resolve shared-b.test:443:${SHARED} https://shared-b.test/`
      const ended = await lab.run(lab.allowsName(), ['sh', '-c', both])
      refused(ended)
      assert.match(ended.stderr, /left\n +shared-a\.test/)
      assert.match(ended.stderr, /stopped\n +shared-b\.test/)
    })

    test('an allowed name at an address that was no answer for it is refused', async () => {
      refused(
        await lab.run(lab.allowsName(), [...https('shared-a.test'), '--resolve', `shared-a.test:443:198.51.100.10`]),
      )
    })

    test('no name in the handshake is not enough where the name matters', async () => {
      refused(
        await lab.run(lab.allowsName(), ['openssl', 's_client', '-noservername', '-connect', 'shared-a.test:443']),
      )
    })

    test('where only TLS is allowed, TLS passes on any port and SSH on none', async () => {
      const passed = await lab.run(lab.allowsTls(), https(SHARED))
      assert.equal(passed.status, 0, passed.stderr)
      const ssh = ['ssh', '-p', '443', '-o', 'ConnectTimeout=5', '-o', 'StrictHostKeyChecking=no', '198.51.100.40']
      const report = lab.path('ssh.jsonl')
      refused(await lab.run(lab.allowsTls(), ssh, ['--report', report]))
      assert.match(readFileSync(report, 'utf8'), /"protocol":"ssh".*"verdict":"deny"/)
    })

    test('where only SSH is allowed, TLS does not pass on its port', async () => {
      const ssh = lab.policy('ssh', [{ id: 'ssh', action: 'allow', to: ['198.51.100.40'], protocol: ['ssh'] }])
      const greeting = 'SSH-2.0-lab\n'.length
      const banner = say('198.51.100.40', 443, 'tcp', [Buffer.from('SSH-2.0-x\r\n')], greeting + 1)
      assert.ok((await lab.answers(ssh, banner)) > greeting)
      assert.ok((await lab.answers(ssh, say('198.51.100.40', 443, 'tcp', [await clientHello('a.test')]))) <= greeting)
    })

    test('a rule that denies a protocol lets everything else pass', async () => {
      const noSsh = lab.policy('no-ssh', [
        { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
        { id: 'all', action: 'allow' },
      ])
      const spoken = '(echo SSH-2.0-x; sleep 1) | socat -t2 - TCP4:198.51.100.40:443'
      const both = await lab.run(noSsh, ['sh', '-c', `curl -skS -m 20 https://shared-a.test/ && ${spoken}`])
      assert.match(both.stdout, /CIPHER/i)
      assert.doesNotMatch(both.stdout, /SSH-2.0-x/)
    })

    test('a ClientHello in tiny segments says the same name', async () => {
      const [bad, good] = [await clientHello('denied.test'), await clientHello('shared-a.test')]
      const file = lab.deniesName('denied.test')
      assert.equal(await lab.answers(file, say(SHARED, 443, 'tcp', inPieces(bad, 60))), 0)
      // A machine that is busy for 200 ms makes the sender start again with one segment in flight: then it waits in vain.
      let heard = 0
      for (let tries = 0; tries < 4 && heard === 0; tries++)
        heard = await lab.answers(file, say(SHARED, 443, 'tcp', inPieces(good, 60)))
      assert.ok(heard > 0)
    })

    test('a name that is denied is refused although nobody asked for it, in QUIC too', async () => {
      const hello = (await clientHello('denied.test')).subarray(5)
      const file = lab.deniesName('denied.test')
      const nameless = say('198.51.100.10', 5000, 'udp', [Buffer.from('what this is nobody knows')], 1)
      assert.ok((await lab.answers(file, nameless)) > 0)
      const before = lab.lab.arrivedAt('198.51.100.10').length
      assert.equal(await lab.answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(hello))), 0)
      // A post-quantum hello takes two datagrams; the first of them is not at the server when the second is refused.
      assert.equal(await lab.answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(hello, [30]))), 0)
      assert.equal(lab.lab.arrivedAt('198.51.100.10').length, before)
      const other = (await clientHello('allowed.test')).subarray(5)
      assert.ok((await lab.answers(file, say('198.51.100.10', 5000, 'udp', quicInitials(other, [30]), 1))) > 0)
    })

    test('QUIC that is denied leaves other datagrams alone', async () => {
      const noQuic = lab.path('no-quic.json')
      const rules = [{ id: 'all', action: 'allow', to: ['198.51.100.20'] }]
      writeFileSync(noQuic, JSON.stringify({ sallyport: 1, name: 'no-quic', mode: 'enforce', quic: 'deny', rules }))
      const hello = (await clientHello('allowed.test')).subarray(5)
      assert.equal(await lab.answers(noQuic, say('198.51.100.20', 5000, 'udp', quicInitials(hello))), 0)
      assert.ok((await lab.answers(noQuic, say('198.51.100.20', 5000, 'udp', [Buffer.from('no QUIC')], 1))) > 0)
    })

    test('a server that speaks first is heard before its client is judged', async () => {
      const greets = 'SYSTEM:echo 220 mail ESMTP; cat'
      await lab.answer('198.51.100.10', 2525, greets)
      const mail = lab.policy('mail', [{ id: 'mail', action: 'allow', to: ['198.51.100.10'], protocol: ['smtp'] }])
      const greeting = '220 mail ESMTP\n'.length
      const client = (text: string, least = 0): readonly string[] =>
        say('198.51.100.10', 2525, 'tcp', [Buffer.from(text)], least)
      assert.ok((await lab.answers(mail, client('EHLO me.test\r\n', greeting + 1))) > greeting)
      assert.ok((await lab.answers(mail, client('SSH-2.0-x\r\n'))) <= greeting)
    })
  })
