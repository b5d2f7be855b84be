import { askedToSimulate, compilePolicy, lintPolicy, simulatePolicy } from '@sallyport/compile'
import { parsePolicies, runPolicyTests, SallyportError, type Policy } from '@sallyport/policy'
import { parseFilter, ReadableGroups, type PolicyFile } from '@sallyport/store'
import * as z from 'zod'
import { HostStatusAnswer, PolicyStatusAnswer } from './answers/host-answers.ts'
import {
  CheckAnswer,
  HeldPolicyAnswer,
  LearnedAnswer,
  ListedVersionAnswer,
  SimulationAnswer,
  VersionAnswer,
} from './answers/policy-answers.ts'
import { ApiError } from './api-error.ts'
import type { ApiContext } from './api-context.ts'
import { learnCandidate } from './learn-candidate.ts'
import { listRoute } from './list/list-route.ts'
import { containing, pageOf } from './list/page-of.ts'
import { Search } from './list/search.ts'
import { PolicyFiles } from './policy-files.ts'
import { heldPolicy } from './policy-in-force.ts'
import { route, type Caller, type Route } from './route.ts'
import { Since } from './since.ts'

const SHOWN_GROUPS = 200

export const POLICY_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/status',
    role: 'viewer',
    summary: 'What guards this host: policy, mode, trial, counters',
    query: null,
    body: null,
    answer: HostStatusAnswer,
    handle: (_input, { askHost }) => askHost('/status'),
  }),
  route({
    method: 'GET',
    path: '/policy',
    role: 'viewer',
    summary: 'The files of the policy in force',
    query: null,
    body: null,
    answer: HeldPolicyAnswer,
    handle: (_input, { state }) => heldPolicy(state),
  }),
  listRoute({
    path: '/policy/versions',
    role: 'viewer',
    summary: 'Every policy that was applied, newest first',
    name: 'versions',
    row: ListedVersionAnswer,
    columns: ['version', 'createdMs', 'author', 'mode', 'reason', 'inForce'],
    query: { search: Search },
    live: ['policy'],
    page: async ({ search }, at, { state: { policies } }) => {
      const { version } = await policies.inForce()
      const versions = (await policies.list()).map((each) => ({ ...each, inForce: each.version === version }))
      return pageOf(containing(versions, search), at)
    },
  }),
  route({
    method: 'GET',
    path: '/policy/versions/:version',
    role: 'viewer',
    summary: 'One version, and what it changed from the one before as a unified diff',
    query: z.strictObject({ version: z.coerce.number().int().positive() }),
    body: null,
    answer: VersionAnswer,
    handle: async ({ query: { version } }, { state }) => {
      const held = await state.policies.get(version)
      if (held === null) throw new ApiError(404, 'usage', `there is no policy version ${version}`, '')
      return { ...held, diff: await state.policies.diff(version === 1 ? null : version - 1, version) }
    },
  }),
  route({
    method: 'POST',
    path: '/policy/check',
    role: 'viewer',
    summary: 'Errors with their places, findings, and the results of the policy’s own tests',
    query: null,
    body: z.strictObject({ files: PolicyFiles }),
    answer: CheckAnswer,
    handle: ({ body }, context) => checkPolicy(body.files, context),
  }),
  route({
    method: 'POST',
    path: '/policy/simulate',
    role: 'viewer',
    summary: 'What this policy, enforced, would have changed on recorded flows',
    query: null,
    body: z.strictObject({ files: PolicyFiles, since: Since }),
    answer: SimulationAnswer,
    handle: async ({ body }, { flows, worldFor, nowMs }) => {
      const policy = parsed(body.files)
      const compiled = compilePolicy(policy, await worldFor(policy), { atMs: nowMs() })
      const recorded = new ReadableGroups(
        flows,
        parseFilter([`since:${body.since}`], nowMs()),
        askedToSimulate(compiled),
      )
      const result = await simulatePolicy(compiled, recorded)
      return { ...result, unreadable: recorded.unreadable, groups: result.groups.slice(0, SHOWN_GROUPS) }
    },
  }),
  route({
    method: 'POST',
    path: '/policy/learn',
    role: 'viewer',
    summary: 'The least policy that allows what was recorded, with what was left out',
    query: null,
    body: z.strictObject({ since: Since }),
    answer: LearnedAnswer,
    handle: ({ body }, context) => learnCandidate(context, body.since),
  }),
  route({
    method: 'POST',
    path: '/policy/apply',
    role: 'editor',
    summary: 'Put a policy in force; with `confirmSeconds` on trial',
    query: null,
    body: z.strictObject({
      files: PolicyFiles,
      mode: z.enum(['monitor', 'enforce']),
      reason: z.string().max(2000).default(''),
      confirmSeconds: z.number().int().min(5).max(86_400).nullable().default(null),
    }),
    answer: PolicyStatusAnswer,
    handle: ({ body, caller }, context) => changePolicy(context, '/apply', { ...body, author: nameOf(caller) }),
  }),
  route({
    method: 'POST',
    path: '/policy/confirm',
    role: 'editor',
    summary: 'Keep the policy on trial',
    query: null,
    body: null,
    answer: PolicyStatusAnswer,
    handle: ({ caller }, context) => changePolicy(context, '/confirm', { author: nameOf(caller) }),
  }),
  route({
    method: 'POST',
    path: '/policy/rollback',
    role: 'editor',
    summary: 'Back to an earlier policy: the one before, or the version named',
    query: null,
    body: z.strictObject({ version: z.int().positive().nullable().default(null) }),
    answer: PolicyStatusAnswer,
    handle: ({ body, caller }, context) => changePolicy(context, '/rollback', { ...body, author: nameOf(caller) }),
  }),
]

async function changePolicy({ askHost, events }: ApiContext, path: string, body: object): Promise<unknown> {
  const status = await askHost(path, body)
  events.emit({ kind: 'policy' })
  return status
}

async function checkPolicy(files: readonly PolicyFile[], { worldFor, nowMs }: ApiContext): Promise<object> {
  const read = parsePolicies(files)
  if (!read.ok) return { ok: false, problems: read.problems, findings: [], tests: [] }
  const world = await worldFor(read.value)
  const findings = lintPolicy(read.value, world, nowMs())
  const tests = runPolicyTests(read.value, world, nowMs()).map(({ test, passed, verdict }) => {
    return { passed, position: test.position, expect: test.expect, explain: verdict.explain }
  })
  const ok = tests.every(({ passed }) => passed) && findings.every(({ severity }) => severity !== 'error')
  return { ok, problems: [], findings, tests }
}

function parsed(files: readonly PolicyFile[]): Policy {
  const read = parsePolicies(files)
  if (read.ok) return read.value
  throw new SallyportError('policy-invalid', `${read.problems.length} errors in the policy`)
}

function nameOf({ session }: Caller): string {
  return session!.user.name
}
