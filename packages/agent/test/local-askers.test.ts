import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import type { NameQuery } from '@sallyport/dns'
import { parseDomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD, type Flow } from '@sallyport/policy'
import { askPolicy } from '../src/run/asked-policy.ts'
import { LocalAskers } from '../src/run/local-askers.ts'

const BY_USER = {
  sallyport: 1,
  name: 'by-user',
  rules: [
    { id: 'ada', action: 'allow', from: [{ user: 'ada' }], to: ['only-ada.example'] },
    { id: 'all', action: 'allow', to: ['open.example'] },
  ],
} as const

type Asked = Promise<Flow | 'unknown'> | null

async function withAskers(
  mode: 'enforce' | 'monitor',
  use: (ask: (name: string, port: number) => Asked, client: Socket) => Promise<void>,
): Promise<void> {
  const compiled = compilePolicy({ layers: [definePolicy({ ...BY_USER, mode }, { file: 'x' })] }, EMPTY_WORLD, {
    atMs: 0,
    seed: [1, 2],
  })
  const resolver = createSocket('udp4').bind(0, '127.0.0.1')
  const client = createSocket('udp4').bind(0, '127.0.0.1')
  await Promise.all([once(resolver, 'listening'), once(client, 'listening')])
  const place = { v4: '127.0.0.1', v6: null, port: resolver.address().port }
  await using askers = new LocalAskers({ asked: () => askPolicy(compiled), resolver: () => place })
  const ask = (name: string, port: number): Asked => {
    const query: NameQuery = { name: parseDomainName(name)!, type: 1, client: { address: '127.0.0.1', port } }
    return askers.whoAsks(query, 'udp')
  }
  await use(ask, client)
  resolver.close()
}

test('a process is looked for where a rule asks who, and only there', async () => {
  await withAskers('enforce', async (ask, client) => {
    const { port } = client.address()
    const found = await ask('only-ada.example', port)
    assert.ok(found !== null && found !== 'unknown')
    assert.equal(found.user, userInfo().username)
    assert.equal(ask('nobody.example', port), null)
    client.close()
  })
})

test('a sender that does not wait for its answer is unknown', async () => {
  await withAskers('enforce', async (ask, client) => {
    const { port } = client.address()
    client.close()
    assert.equal(await ask('only-ada.example', port), 'unknown')
  })
})

test('a policy that only watches refuses no one for being unknown', async () => {
  await withAskers('monitor', async (ask, client) => {
    const { port } = client.address()
    client.close()
    assert.deepEqual(await ask('only-ada.example', port), {})
  })
})
