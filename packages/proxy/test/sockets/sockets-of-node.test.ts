import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** All other tests have the sockets that the system gives them, which on Linux are those of the loop. */
const FILES = [
  'bulk.test.ts',
  'hostile/hosts.test.ts',
  'hostile/responses.test.ts',
  'rule-limits.test.ts',
  'tunnels.test.ts',
  'websocket.test.ts',
]

test('where sockets are those of Node, the same rules hold', async () => {
  const files = FILES.map((file) => join(import.meta.dirname, '..', file))
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const env = { ...environment, SALLYPORT_TEST_SOCKETS: 'node' }
  const args = ['--test', '--test-concurrency=2', '--test-reporter=tap', ...files]
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) =>
    execFile(process.execPath, args, { env, timeout: 120_000, maxBuffer: 2 ** 26 }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, output: stdout }),
    ),
  )
  assert.equal(
    code,
    0,
    output
      .split('\n')
      .filter((line) => line.includes('not ok'))
      .join('\n'),
  )
  assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) > 100)
})
