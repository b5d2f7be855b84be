import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyMinisign } from '../../src/index.ts'
import { ListServer } from './list-server.ts'

const skip = spawnSync('minisign', ['-v']).error === undefined ? false : 'minisign is not installed'

function minisign(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('minisign', args, { encoding: 'utf8', input: '' })
  assert.equal(status, 0, stderr)
}

function keyPair(directory: string, name: string): { readonly secret: string; readonly publicKey: string } {
  const path = (suffix: string): string => join(directory, `${name}.${suffix}`)
  minisign('-G', '-W', '-p', path('pub'), '-s', path('key'))
  return { secret: path('key'), publicKey: readFileSync(path('pub'), 'utf8').split('\n')[1]! }
}

test(
  'a list is taken when minisign signed it with the key of the policy, and refused otherwise',
  { skip },
  async () => {
    await using lists = await ListServer.open()
    const own = keyPair(lists.directory, 'own')
    const other = keyPair(lists.directory, 'other')
    const file = join(lists.directory, 'list.txt')
    const signed = (key: string, ...more: string[]): string => {
      minisign('-S', '-s', key, '-m', file, '-x', `${file}.minisig`, ...more)
      return readFileSync(`${file}.minisig`, 'utf8')
    }
    writeFileSync(file, 'a.example\n')
    const signature = signed(own.secret)
    const feed = lists.feed({ minisign: own.publicKey })
    const serve = (list: string, minisig: string | null): void => {
      lists.answer = ({ url }, response) => {
        if (!url!.endsWith('.minisig')) return void response.end(list)
        response.writeHead(minisig === null ? 404 : 200).end(minisig ?? '')
      }
    }
    serve('a.example\n', null)
    assert.equal((await lists.update(feed)).reason, 'the signature: status 404')
    serve('b.example\n', signature)
    assert.equal((await lists.update(feed)).reason, 'the signature does not hold')
    serve('a.example\n', signed(other.secret))
    assert.equal((await lists.update(feed)).reason, 'signed by another key')
    serve('a.example\n', signature.replace('\ntrusted comment: ', '\ntrusted comment: x'))
    assert.equal((await lists.update(feed)).reason, 'the signature does not hold')
    serve('a.example\n', '<html>')
    assert.equal((await lists.update(feed)).reason, 'not a signature of minisign')
    serve('a.example\n', signature)
    assert.equal((await lists.update(feed)).outcome, 'updated')
    const legacy = signed(own.secret, '-l')
    assert.notEqual(legacy, signature)
    assert.equal(verifyMinisign(Buffer.from('a.example\n'), legacy, own.publicKey), null)
  },
)

test('what is no key or signature is refused, not thrown', () => {
  const key = Buffer.concat([Buffer.from('Ed'), Buffer.alloc(40)]).toString('base64')
  for (const publicKey of ['', 'RW', key]) {
    for (const signature of ['', 'a\nb\nc\nd', `x\n${'A'.repeat(100)}\ntrusted comment: \n${'A'.repeat(86)}==\n`]) {
      assert.equal(typeof verifyMinisign(Buffer.from('x'), signature, publicKey), 'string')
    }
  }
})
