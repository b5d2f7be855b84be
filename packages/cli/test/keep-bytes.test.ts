import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { SallyportError } from '@sallyport/policy'
import { addGuardedOptions, checkedKeepBytes, type GuardedOptions } from '../src/input/guarded-options.ts'

const keepBytes = (...args: readonly string[]): number | null =>
  checkedKeepBytes(addGuardedOptions(new Command()).parse(args, { from: 'user' }).opts<GuardedOptions>())

test('what stored flows may take is a size, or what is safe', () => {
  assert.equal(keepBytes(), null)
  assert.equal(keepBytes('--keep-bytes', '500MB'), 5e8)
  assert.equal(keepBytes('--keep-bytes', '2TB'), 2e12)
  assert.equal(keepBytes('--keep-bytes', '20GB', '--store', 'http://127.0.0.1:8123/flows'), 2e10)
})

test('a size that is none, that an hour may not fit, or that nobody counts is refused', () => {
  for (const args of [
    ...['20', '20 GB', '0GB', '50MB', '1GiB', '-1GB', '99999999GB'].map((size) => [size]),
    ['20GB', '--no-console'],
    ['20GB', '--store', 'http://127.0.0.1:8123/flows?cluster=fleet'],
  ])
    assert.throws(
      () => keepBytes('--keep-bytes', ...args),
      (error) => error instanceof SallyportError && error.code === 'usage' && error.message.includes('--'),
      args.join(' '),
    )
})
