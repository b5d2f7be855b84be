import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepLayingOut } from '../src/desk/keep-laying-out.ts'

type Progress = { readonly rows: number; readonly rowsLeft: number } | null

async function noticesOf(...answers: readonly (Progress | Error)[]): Promise<readonly string[]> {
  const notices: string[] = []
  const left = [...answers]
  const relayout = async (): Promise<Progress> => {
    const answer = left.shift()
    if (answer instanceof Error) throw answer
    return answer ?? assert.fail('asked again after the end')
  }
  const onFailure = (error: unknown): void => void notices.push(String(error))
  const onNotice = (text: string): void => void notices.push(text)
  await keepLayingOut({ store: { relayout }, onNotice, onFailure, lookMs: 1 }, AbortSignal.timeout(10_000))
  assert.equal(left.length, 0)
  return notices
}

const still = (left: number): string =>
  `${left} of 1000 stored flows are still laid out as an earlier version did; questions take longer meanwhile`
const at = (rowsLeft: number): Progress => ({ rows: 1000, rowsLeft })

test('who laid out stored flows anew says so at the beginning, with each tenth, and at the end', async () => {
  assert.deepEqual(await noticesOf(at(1000), at(990), at(910), at(890), at(300), at(0)), [
    still(1000),
    still(890),
    still(300),
    'all stored flows are laid out as this version does',
  ])
})

test('nothing is said of a store that is laid out as this version does', async () => {
  assert.deepEqual(await noticesOf(at(0)), [])
})

test('what fails is told, and tried again', async () => {
  assert.deepEqual(await noticesOf(new Error('disk full'), at(0)), ['Error: disk full'])
})
