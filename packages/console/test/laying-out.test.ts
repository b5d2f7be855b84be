import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepLayingOut } from '../src/desk/keep-laying-out.ts'

type Progress = { readonly rows: number; readonly rowsLeft: number } | null

type Said = { readonly notices: readonly string[]; readonly left: readonly number[] }

async function saidOf(...answers: readonly (Progress | Error)[]): Promise<Said> {
  const notices: string[] = []
  const rowsLeft: number[] = []
  const left = [...answers]
  const relayout = async (): Promise<Progress> => {
    const answer = left.shift()
    if (answer instanceof Error) throw answer
    return answer ?? assert.fail('asked again after the end')
  }
  const onFailure = (error: unknown): void => void notices.push(String(error))
  const onNotice = (text: string): void => void notices.push(text)
  const onProgress = (progress: { readonly rowsLeft: number }): void => void rowsLeft.push(progress.rowsLeft)
  await keepLayingOut({ store: { relayout }, onNotice, onProgress, onFailure, lookMs: 1 }, AbortSignal.timeout(10_000))
  assert.equal(left.length, 0)
  return { notices, left: rowsLeft }
}

const still = (left: number): string =>
  `${left} of 1000 stored flows are still laid out as an earlier version did; questions take longer meanwhile`
const at = (rowsLeft: number): Progress => ({ rows: 1000, rowsLeft })

test('who laid out stored flows anew says so at the beginning, with each tenth, and at the end', async () => {
  const { notices } = await saidOf(at(1000), at(990), at(910), at(890), at(300), at(0))
  assert.deepEqual(notices, [still(1000), still(890), still(300), 'all stored flows are laid out as this version does'])
})

test('nothing is said of a store that is laid out as this version does', async () => {
  assert.deepEqual((await saidOf(at(0))).notices, [])
})

test('what fails is told, and tried again', async () => {
  assert.deepEqual((await saidOf(new Error('disk full'), at(0))).notices, ['Error: disk full'])
})

test('who is told how far it is knows so after each look, and when nothing is left', async () => {
  assert.deepEqual((await saidOf(at(1000), at(990), at(0))).left, [1000, 990, 0])
})
