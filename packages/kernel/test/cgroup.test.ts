import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cgroupId, findCgroupMount, KernelError } from '../src/index.ts'

test('a cgroup is one of version 2 that exists; any other folder is named in the error', () => {
  assert.ok(cgroupId(findCgroupMount()) > 0n)
  for (const path of ['/sys/fs/cgroup/is-not-there', '/tmp'])
    assert.throws(
      () => cgroupId(path),
      (error) => error instanceof KernelError && error.code === 'cgroup-missing' && error.message.includes(path),
    )
})
