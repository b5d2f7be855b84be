import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { ProcessTree } from '../../src/host/process-tree.ts'

const OWN = readlinkSync('/proc/self/exe')

test('the executables above a process are named, the nearest first; of one that has ended, none', async (context) => {
  if (readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]')
    return context.skip('not in the first namespace of processes')
  const child = spawn('/bin/sh', ['-c', 'echo $$; read line; exit 0'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const tgid = Number(said.toString())
  const known = { tgid, exeIno: 1n }
  const tree = new ProcessTree()
  assert.equal(tree.parentsOf({ ...known, parentTgid: 0 }, 0)[0], OWN, 'found by the process itself')
  assert.equal(new ProcessTree().parentsOf({ ...known, parentTgid: process.pid }, 0)[0], OWN, 'told by the kernel')
  child.stdin.end('\n')
  await once(child, 'exit')
  assert.equal(tree.parentsOf({ ...known, parentTgid: 0 }, 1000)[0], OWN, 'remembered')
  assert.deepEqual(tree.parentsOf({ ...known, parentTgid: 0 }, 60_000), [])
})
