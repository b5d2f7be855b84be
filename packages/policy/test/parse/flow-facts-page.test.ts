import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as z from 'zod'
import { parseFlow } from '../../src/parse/index.ts'
import { FlowSchema } from '../../src/schema/index.ts'

const page = readFileSync(new URL('../../../../docs/reference/flow-facts.md', import.meta.url), 'utf8')

test('the page of flow facts lists every fact, and no other', () => {
  const rows = [...page.matchAll(/^\| ((?:`\w+` ?)+)\|/gm)].flatMap(([, names]) => names!.match(/\w+/g) ?? [])
  const { properties } = z.toJSONSchema(FlowSchema) as { properties: Readonly<Record<string, unknown>> }
  assert.deepEqual(rows.toSorted(), Object.keys(properties).toSorted())
})

test('the example on the page is a flow', () => {
  const [, example] = /```json\n([^]*?)```/.exec(page)!
  assert.ok(!Array.isArray(parseFlow(JSON.parse(example!))))
})
