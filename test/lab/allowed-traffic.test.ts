import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { ALLOWED_CLIENTS, KEPT } from './allowed/clients.ts'
import { openAllowedLab } from './allowed/open-allowed-lab.ts'
import { startEndpoint } from './guarded-endpoint.ts'
import { askSallyport, startGateway } from './guarded-network.ts'
import { WITH_RESOLVER } from './lab-files.ts'
import { needsRoot, type Lab } from './open-lab.ts'

const policy = (rules: string): string => `sallyport: 1\nname: office\nmode: enforce\nrules:\n${rules}`
const ALLOWED = '  - { id: server, action: allow, to: [allowed.test] }\n'
const CHANGES = [
  `  - { id: other, action: deny, to: [denied.test] }\n${ALLOWED}`,
  '  - { id: renamed, action: allow, to: [allowed.test], ports: [443] }\n',
  ALLOWED,
]

type Guard = { readonly host: string; readonly prefix: readonly string[]; readonly end: () => Promise<void> }

const GUARDS: Readonly<Record<string, (lab: Lab) => Promise<Guard>>> = {
  'an endpoint': async (lab) => {
    const endpoint = await startEndpoint(lab, [])
    return { host: 'client', prefix: endpoint.prefix, end: async () => endpoint[Symbol.asyncDispose]() }
  },
  'a gateway': async (lab) => {
    const { child, ended } = await startGateway(lab, ['--ftp'])
    return { host: 'router', prefix: [], end: async () => void (child.kill('SIGTERM'), await ended) }
  },
}

suite('what is allowed works as without a guard', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => {
    lab = await openAllowedLab()
    chmodSync(lab.directory, 0o755)
  })
  after(() => lab?.[Symbol.asyncDispose]())

  for (const [where, open] of Object.entries(GUARDS))
    suite(`behind ${where}`, () => {
      let guard: Guard
      const apply = (rules: string): Promise<unknown> =>
        askSallyport(lab, guard.host, '/apply', {
          files: [{ file: 'office.yaml', text: policy(rules) }],
          mode: 'enforce',
          author: 'lab',
        })
      before(async () => {
        guard = await open(lab)
        await apply(ALLOWED)
      })
      after(() => guard?.end())
      const started = (command: readonly string[], input?: string): ReturnType<Lab['start']> =>
        lab.start('client', [...WITH_RESOLVER, ...guard.prefix, 'timeout', '120', ...command], {
          env: { NODE: process.execPath, PLACE: guard.host },
          ...(input === undefined ? {} : { input }),
        })

      for (const { what, command, says } of ALLOWED_CLIENTS)
        test(what, async () => {
          const { stdout, stderr } = await started(['sh', '-c', command], '').ended
          assert.match(stdout, says, stderr)
        })

      test('what is not allowed is refused there', async () => {
        const { status } = await started(['curl', '-sS', '-m', '2', 'http://198.51.100.20/'], '').ended
        assert.notEqual(status, 0)
      })

      test('one connection goes on while the policy changes under it', async () => {
        const kept = started(KEPT)
        await kept.says('answered 3')
        for (const rules of CHANGES) {
          await apply(rules)
          const [, answered] = /answered (\d+)\n$/.exec(await kept.says(/answered \d+\n$/)) ?? []
          await kept.says(`answered ${Number(answered) + 3}\n`)
        }
        kept.child.stdin!.end()
        const { stdout, stderr } = await kept.ended
        assert.match(stdout, /^kept \d+$/m, stderr)
      })
    })
})
