import assert from 'node:assert/strict'
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
