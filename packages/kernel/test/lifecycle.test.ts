import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEnforcement, PIN_ROOT, removePinned } from '../src/index.ts'
import { eventually } from './eventually.ts'
import { allow, deny, generation, when } from './image-builder.ts'
import { nextLine, openLab, skip } from './lab.ts'

const CLOSER = fileURLToPath(new URL('closer.ts', import.meta.url))
const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))

describe('life of a policy', { skip }, () => {
  test('a swap under load is all or nothing', async () => {
    await using lab = await openLab()
    // In each policy alone 10.9.0.2:443 is allowed; a mixture of the two denies it.
    const first = generation(when('port', { 1: when('address', { 1: allow }) }), {
      tcp: { 443: 1 },
      prefixes: { '10.9.0.2': 1 },
    })
    const second = generation(when('port', { 2: when('address', { 2: allow }) }), {
      tcp: { 443: 2 },
      prefixes: { '10.9.0.2': 2 },
    })
    lab.enforcement.apply(first)
    const child = lab.start('hammer', '10.9.0.2', '443', '4')
    const lines = (async () => {
      let text = ''
      for await (const chunk of child.stdout!) text += String(chunk)
      return text
    })()
    let swaps = 0
    while (child.exitCode === null && swaps < 2000) {
      lab.enforcement.apply(++swaps % 2 ? second : first)
      await sleep(1)
    }
    const text = await lines
    const good = Number(/good=(\d+)/.exec(text)?.[1])
    assert.ok(good > 100, text)
    assert.ok(swaps > 4, `${swaps} swaps`)
    assert.match(text, /refused=0/)
  })

  test('a connection that a new policy denies stops, and is closed', async () => {
    const pinPath = join(PIN_ROOT, `test-close-${process.pid}`)
    await using lab = await openLab({ pinPath })
    lab.enforcement.apply(generation(allow))
    const child = lab.start('hold', '10.9.0.2', '80')
    const replies: string[] = []
    child.stdout!.on('data', (chunk) => replies.push(...String(chunk).split('\n').filter(Boolean)))
    const saying = async (count: number): Promise<readonly string[]> => {
      await eventually(() => replies.length >= count, `${count} replies`)
      return replies
    }
    assert.deepEqual(await saying(1), ['hello'])
    lab.enforcement.apply(generation(allow))
    child.stdin!.write('\n')
    assert.deepEqual(await saying(2), ['hello', 'hello'])
    lab.enforcement.apply(generation(deny))
    child.stdin!.write('\n')
    await sleep(100)
    const closer = spawnSync('nsenter', [lab.argv([''])[1]!, process.execPath, CLOSER, lab.cgroupPath, pinPath], {
      encoding: 'utf8',
    })
    assert.equal(closer.stdout.trim(), '1', closer.stderr)
    assert.deepEqual(await saying(3), ['hello', 'hello', 'ECONNABORTED'])
  })

  test('a denied connection gains nothing by a connect to what is allowed', async () => {
    await using lab = await openLab()
    lab.enforcement.apply(generation(allow))
    const child = lab.start('reconnect', '10.9.0.2', '80', '443')
    assert.equal(await nextLine(child), 'hello')
    lab.enforcement.apply(generation(when('port', { 1: allow }), { tcp: { 443: 1 } }))
    let said = ''
    child.stdout!.on('data', (chunk) => (said += chunk))
    child.stdin!.end('\n')
    await new Promise((resolve) => child.once('close', resolve))
    assert.equal(said, 'EISCONN\ntimeout\n')
  })

  test('kill -9 leaves enforcement in place; taking over and removing it both work', async () => {
    await using lab = await openLab()
    const pinPath = join(PIN_ROOT, `test-${process.pid}`)
    const agent = spawn(process.execPath, [AGENT, lab.cgroupPath, pinPath], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      assert.equal(await nextLine(agent), 'ready')
      const gone = new Promise((resolve) => agent.once('exit', resolve))
      agent.kill('SIGKILL')
      await gone
      assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
      {
        await using again = await openEnforcement({ cgroupPath: lab.cgroupPath, pinPath, keep: true })
        assert.equal(again.generation, 1)
        again.apply(generation(allow))
        assert.equal(again.generation, 2)
      }
      assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
      {
        await using again = await openEnforcement({ cgroupPath: lab.cgroupPath, pinPath, keep: true })
        again.apply(generation(deny))
      }
      assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'EPERM')
    } finally {
      removePinned(pinPath)
    }
    assert.ok(!existsSync(pinPath))
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
  })

  test('500,000 prefixes load, and are looked up', async () => {
    await using lab = await openLab()
    const base = generation(when('address', { 1: allow }), { prefixes: { '10.9.0.2': 1 } })
    const count = 500_000
    const keys = new Uint8Array(20 * (count + 2))
    const view = new DataView(keys.buffer)
    keys.set(base.addresses.keys)
    for (let i = 0; i < count; i++) {
      const at = (i + 2) * 20
      view.setUint32(at, 120, true)
      view.setUint16(at + 14, 0xffff)
      view.setUint32(at + 16, ((20 << 24) + (i << 8)) >>> 0)
    }
    const classes = new Uint32Array(count + 2).fill(2)
    classes.set(base.addresses.classes)
    // By the time of the processor: others may have it, too.
    const start = process.cpuUsage()
    lab.enforcement.apply({ ...base, addresses: { keys, classes } })
    const { user, system } = process.cpuUsage(start)
    assert.ok(user + system < 5_000_000, `${user + system} µs`)
    assert.equal(lab.probe('tcp', '10.9.0.2', '80'), 'ok')
    assert.equal(lab.probe('tcp', '10.9.0.3', '80'), 'EPERM')
  })
})
