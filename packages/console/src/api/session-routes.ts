import { createHash, timingSafeEqual } from 'node:crypto'
import { SallyportError } from '@sallyport/policy'
import { ROLES, type StateStore, type User } from '@sallyport/store'
import * as z from 'zod'
import {
  AuditEntryAnswer,
  ListedUserAnswer,
  RemovedAnswer,
  SessionAnswer,
  SignInAnswer,
  SignOutAnswer,
  SignedInAnswer,
  UserAnswer,
} from './answers/account-answers.ts'
import { ApiError } from './api-error.ts'
import type { ApiContext } from './api-context.ts'
import { audited } from './audited.ts'
import { listRoute } from './list/list-route.ts'
import { containing, offsetOf, pageOf } from './list/page-of.ts'
import { Search } from './list/search.ts'
import { whereToLeave } from './oidc-routes.ts'
import { route, WithSession, type Route } from './route.ts'
import { SESSION_LIFE_MS } from './session-life.ts'

export const FIRST_RUN = 'first-run-token'

const Credentials = z.strictObject({ name: z.string().max(64), password: z.string().max(1024) })

export const SESSION_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/session',
    role: null,
    summary: 'Who is signed in, and whether the first account is still to be made',
    query: null,
    body: null,
    answer: SessionAnswer,
    handle: async ({ caller }, { state, oidc }) => ({
      user: caller.session?.user ?? null,
      csrf: caller.session?.csrf ?? null,
      oidc: oidc?.label ?? null,
      setup: (await state.settings.get(FIRST_RUN)) !== undefined,
    }),
  }),
  route({
    method: 'POST',
    path: '/setup',
    role: null,
    summary: 'Make the first account, an administrator, with the token that `sallyport up` printed',
    query: null,
    body: Credentials.extend({ token: z.string().max(200) }),
    answer: SignedInAnswer,
    handle: async ({ body }, context) => {
      await requireFirstRun(context.state, body.token)
      const user = await context.state.users.add(body.name, 'admin', body.password, context.nowMs())
      await context.state.settings.delete(FIRST_RUN)
      await audited(context, user.name, 'set up', user.name)
      return signIn(context, user)
    },
  }),
  route({
    method: 'POST',
    path: '/session',
    role: null,
    summary: 'Sign in; `{"needs": "code"}` where an authenticator’s code is needed too',
    query: null,
    body: Credentials.extend({ code: z.string().max(20).optional() }),
    answer: SignInAnswer,
    handle: async ({ body: { name, password, code } }, context) => {
      const { users } = context.state
      const user = await users.verify(name, password)
      const needsCode = user !== null && (await users.hasSecondFactor(user.name))
      if (needsCode && code === undefined) return { needs: 'code' }
      const isRight = user !== null && (!needsCode || (await users.takeTotp(user.name, code!, context.nowMs())))
      await audited(context, name, isRight ? 'sign in' : 'sign-in refused', name)
      if (!isRight) throw new ApiError(401, 'usage', `name, password${needsCode ? ' or code' : ''} are wrong`, '')
      return signIn(context, user)
    },
  }),
  route({
    method: 'DELETE',
    path: '/session',
    role: 'viewer',
    summary: 'Sign out; `leave` is where the identity provider’s own session ends, or null',
    query: null,
    body: null,
    answer: SignOutAnswer,
    handle: async ({ caller }, context) => {
      const { name } = caller.session!.user
      if (caller.token !== null) await context.state.users.closeSession(caller.token)
      await audited(context, name, 'sign out', name)
      return new WithSession({ leave: await whereToLeave(caller, context) }, null, 0)
    },
  }),
  listRoute({
    path: '/users',
    role: 'admin',
    summary: 'Accounts',
    name: 'users',
    row: ListedUserAnswer,
    columns: ['name', 'role', 'createdMs', 'isExternal', 'hasSecondFactor'],
    query: { search: Search },
    live: ['audit'],
    page: async ({ search }, at, { state }) => pageOf(containing(await state.users.list(), search), at),
  }),
  route({
    method: 'POST',
    path: '/users',
    role: 'admin',
    summary: 'Add an account',
    query: null,
    body: Credentials.extend({ role: z.enum(ROLES) }),
    answer: UserAnswer,
    handle: async ({ body, caller }, context) => {
      const user = await context.state.users.add(body.name, body.role, body.password, context.nowMs())
      await audited(context, caller.session!.user.name, 'add user', `${user.name} (${user.role})`)
      return user
    },
  }),
  route({
    method: 'DELETE',
    path: '/users/:name',
    role: 'admin',
    summary: 'Remove an account; its sessions end',
    query: z.strictObject({ name: z.string() }),
    body: null,
    answer: RemovedAnswer,
    handle: async ({ query, caller }, context) => {
      if (query.name === caller.session!.user.name)
        throw new SallyportError('usage', 'nobody removes the account they are signed in with', {
          remedy: 'Sign in as another administrator.',
        })
      const removed = await context.state.users.remove(query.name)
      if (removed) await audited(context, caller.session!.user.name, 'remove user', query.name)
      return { removed }
    },
  }),
  listRoute({
    path: '/audit',
    role: 'admin',
    summary: 'Who changed what, newest first',
    name: 'entries',
    row: AuditEntryAnswer,
    columns: ['id', 'timeMs', 'actor', 'action', 'target'],
    query: { search: Search },
    live: ['audit', 'policy', 'feeds'],
    page: async ({ search }, { limit, after }, { state }) => {
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : offsetOf(after)
      const entries = await state.audit.list(limit + 1, before, search)
      const rows = entries.slice(0, limit)
      return { rows, next: entries.length > limit ? String(rows.at(-1)!.id) : null }
    },
  }),
]

async function signIn({ state, nowMs }: ApiContext, user: User): Promise<WithSession> {
  const { token, csrf } = await state.users.openSession(user, nowMs(), SESSION_LIFE_MS)
  return new WithSession({ user, csrf }, token, SESSION_LIFE_MS / 1000)
}

async function requireFirstRun(state: StateStore, token: string): Promise<void> {
  const expected = await state.settings.get(FIRST_RUN)
  const given = createHash('sha256').update(token).digest()
  if (typeof expected !== 'string' || !timingSafeEqual(given, Buffer.from(expected, 'hex')))
    throw new ApiError(
      403,
      'usage',
      'the first account is made, or the token is another',
      'Sign in, or look at what `sallyport up` printed.',
    )
}
