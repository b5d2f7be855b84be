import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ExecutablePaths } from '../../src/host/executable-paths.ts'

/** No process has this number, and no file of PATH this inode. */
const ended = (ino: bigint) => ({ pid: 2 ** 22 + 1, comm: 'x', dev: 1n, ino })

test('of a bounded number of files, those seen last are known when their process has ended', () => {
  const paths = new ExecutablePaths('', 2)
  for (const ino of [1n, 2n, 3n]) paths.remember({ dev: 1n, ino }, `/tmp/${ino}`)
  assert.deepEqual(
    [1n, 2n, 3n].map((ino) => paths.find(ended(ino))),
    [null, '/tmp/2', '/tmp/3'],
  )
})

test('a program whose file was removed while it runs is known by the path that it had', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-paths-'))
  const path = join(folder, 'sleep')
  copyFileSync('/usr/bin/sleep', path)
  const { dev, ino } = statSync(path, { bigint: true })
  const child = spawn(path, ['60'])
  context.after(() => child.kill())
  rmSync(folder, { recursive: true })
  assert.equal(new ExecutablePaths('').find({ pid: child.pid!, comm: 'sleep', dev, ino }), path)
})
