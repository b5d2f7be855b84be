import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SallyportError } from '@sallyport/policy'
import { parseFilter, type Condition } from '../src/index.ts'

const condition = (text: string): Condition | undefined => parseFilter([text], 0)[0]?.anyOf[0]
const refusal = (text: string): string => {
  try {
    parseFilter([text], 0)
  } catch (error) {
    assert.ok(error instanceof SallyportError && error.code === 'filter-invalid')
    return `${error.message}. ${error.remedy}`
  }
  return 'accepted'
}

suite('a filter of flows', () => {
  test('amounts are compared as whole numbers, with the units of octets', () => {
    const compared = (text: string): unknown => {
      const each = condition(`bytesOut:${text}`)
      return each?.kind === 'count' ? `${each.compare} ${each.value}` : each
    }
    assert.deepEqual(['1000', '>=10M', '<=1k', '>1MB', '<2kB'].map(compared), [
      '= 1000',
      '>= 10000000',
      '<= 1000',
      '>= 1000001',
      '<= 1999',
    ])
    assert.match(refusal('bytesOut:<0'), /"<0" is not 1000, >=10MB or <1k/)
  })

  test('a value alone is answered with the term that it may mean', () => {
    for (const [word, meant] of [
      ['github.com', 'domain:github.com'],
      ['-*.example.com', '-domain:*.example.com'],
      ['443', 'port:443'],
      ['192.0.2.0/24', 'ip:192.0.2.0/24'],
      ['/usr/bin/curl', 'app:/usr/bin/curl'],
    ] as const)
      assert.ok(refusal(word).endsWith(`Did you mean ${meant}?`), refusal(word))
    assert.match(refusal('ann'), /is not KEY:VALUE\. Write KEY:VALUE/)
  })

  test('a quotation mark that is not closed is said', () => {
    assert.match(refusal('user:"ann smith'), /^a " is not closed in user:"ann smith\./)
    assert.deepEqual(condition('user:"ann smith"'), { kind: 'glob', column: 'user', glob: 'ann smith' })
  })
})
