import { CATEGORIES, SERVICES } from '@sallyport/catalog'
import { diffPolicies, type Region } from '@sallyport/compile'
import { COUNTRIES, flowFacts, parsePolicies, policyJsonSchema, SallyportError, type Policy } from '@sallyport/policy'
import { diffPolicyFiles, type PolicyFile } from '@sallyport/store'
import * as z from 'zod'
import { isMap, isScalar, parseDocument } from 'yaml'
import { CompletionAnswer, DiffAnswer, DraftedRuleAnswer } from './answers/policy-answers.ts'
import type { ApiContext } from './api-context.ts'
import { completePolicy } from './complete-policy.ts'
import { draftRule } from './draft-rule.ts'
import { heldPolicy, policyInForce } from './policy-in-force.ts'
import { PolicyFiles } from './policy-files.ts'
import { route, type Route } from './route.ts'

/** What is completed while somebody types is no list of a million names. */
const MAX_TYPED = 2 ** 20
const SHOWN_REGIONS = 100
const SCHEMA = policyJsonSchema()

/** What helps whoever writes a policy; nothing here changes anything. */
export const DRAFT_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/policy/complete',
    role: 'viewer',
    summary: 'What may stand at a place of a policy that is being written',
    query: null,
    body: z.strictObject({ text: z.string().max(MAX_TYPED), offset: z.int().min(0).max(MAX_TYPED) }),
    answer: CompletionAnswer,
    handle: ({ body: { text, offset } }) =>
      completePolicy(text, Math.min(offset, text.length), SCHEMA, {
        service: Object.keys(SERVICES),
        category: Object.keys(CATEGORIES),
        country: [...COUNTRIES],
        feed: feedNames(text),
      }),
  }),
  route({
    method: 'POST',
    path: '/policy/diff',
    role: 'viewer',
    summary: 'How this policy differs from that in force: as text, and as the flows that it decides otherwise',
    query: null,
    body: z.strictObject({ files: PolicyFiles }),
    answer: DiffAnswer,
    handle: async ({ body: { files } }, context) => {
      const held = await heldPolicy(context.state)
      const before = { files: held.files, label: held.version === null ? 'in force' : `version ${held.version}` }
      const text = diffPolicyFiles(before, { files, label: 'edited' })
      return { text, ...(await decidedOtherwise(files, context)) }
    },
  }),
  route({
    method: 'POST',
    path: '/policy/rule',
    role: 'viewer',
    summary: 'This policy with a rule that allows or denies one destination, as a draft',
    query: null,
    body: z.strictObject({
      files: PolicyFiles,
      action: z.enum(['allow', 'deny']),
      destination: z.string().min(1).max(300),
      reason: z.string().max(500).default(''),
    }),
    answer: DraftedRuleAnswer,
    handle: ({ body: { files, ...wanted } }) => draftRule(files, wanted),
  }),
]

function feedNames(text: string): readonly string[] {
  const feeds = parseDocument(text).get('feeds')
  return isMap(feeds) ? feeds.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
}

/** `regions` is null where it cannot be said, and `problem` says why. */
async function decidedOtherwise(
  files: readonly PolicyFile[],
  { state, worldFor, nowMs }: ApiContext,
): Promise<{ readonly regions: readonly object[] | null; readonly problem: string | null }> {
  const read = parsePolicies(files)
  const before = await policyInForce(state)
  if (!read.ok || before === null) return { regions: null, problem: 'a policy with errors decides nothing' }
  const both: Policy = { layers: [...before.layers, ...read.value.layers] }
  try {
    const regions = diffPolicies(before, read.value, await worldFor(both), nowMs(), SHOWN_REGIONS)
    return { regions: regions.map(shownRegion), problem: null }
  } catch (error) {
    if (error instanceof SallyportError) return { regions: null, problem: error.message }
    throw error
  }
}

function shownRegion({ description, before, after, witness }: Region): object {
  const [from, to] = [before, after].map(({ verdict, rule }) => ({ verdict, rule }))
  return { description, before: from, after: to, witness: flowFacts(witness) }
}
