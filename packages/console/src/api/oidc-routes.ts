import * as z from 'zod'
import type { OidcOutcome, OidcRefusal } from '../oidc/oidc-sign-in.ts'
import { CALLBACK } from '../oidc/oidc-sign-in.ts'
import { ApiError } from './api-error.ts'
import type { ApiContext } from './api-context.ts'
import { audited } from './audited.ts'
import { Redirect } from './redirect.ts'
import { begunCookie, sessionCookie } from './request-guard.ts'
import { route, type Caller, type Route } from './route.ts'
import { SESSION_LIFE_MS } from './session-life.ts'

const Value = z.string().max(8192)

export const OIDC_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/session/oidc',
    role: null,
    isSignIn: true,
    summary: 'Sign in with the identity provider: leads the browser there',
    query: null,
    body: null,
    answer: null,
    handle: async ({ caller }, { oidc }) => {
      if (oidc === null) throw new ApiError(404, 'usage', 'there is no identity provider', 'See `sallyport up --oidc`.')
      const begun = await oidc.begin(caller.host)
      return begun === null ? refused('unavailable') : new Redirect(begun.location, [begunCookie(begun.state)])
    },
  }),
  route({
    method: 'GET',
    path: CALLBACK,
    role: null,
    isSignIn: true,
    summary: 'Where the identity provider leads the browser back to, with a code',
    query: z
      .object({ code: Value.optional(), state: Value.optional(), error: Value.optional(), iss: Value.optional() })
      .catchall(Value),
    body: null,
    answer: null,
    handle: async ({ query, caller }, context) => {
      if (context.oidc === null) throw new ApiError(404, 'usage', 'there is no identity provider', '')
      const answer = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
      return signedIn(context, await context.oidc.finish(caller.host, caller.begun, answer as Record<string, string>))
    },
  }),
]

async function signedIn(context: ApiContext, outcome: OidcOutcome): Promise<Redirect> {
  const { users } = context.state
  if (!outcome.ok) {
    // Who has lost every role at the provider has lost the sessions here, too.
    if (outcome.externalId !== null) await users.removeExternal(outcome.externalId)
    await audited(context, 'oidc', `sign-in refused: ${outcome.reason}`, outcome.detail)
    return refused(outcome.reason)
  }
  const { identity } = outcome
  const user = await users.admitExternal(identity, context.nowMs())
  if (user === null) {
    await audited(context, 'oidc', 'sign-in refused: name-taken', `${identity.name} (${identity.externalId})`)
    return refused('name-taken')
  }
  const { token } = await users.openSession(user, context.nowMs(), SESSION_LIFE_MS)
  await audited(context, user.name, 'sign in', `${user.name} (${user.role})`)
  return new Redirect('/#/overview', [sessionCookie(token, SESSION_LIFE_MS / 1000), begunCookie(null)])
}

function refused(reason: OidcRefusal): Redirect {
  return new Redirect(`/#/refused/${reason}`, [begunCookie(null)])
}

/** Where the browser is to go when a person signs out; null: nowhere. */
export async function whereToLeave({ session, host }: Caller, { oidc }: ApiContext): Promise<string | null> {
  return session?.user.isExternal === true ? ((await oidc?.leave(host)) ?? null) : null
}
