import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { mayAct } from '@sallyport/store'
import { ALERT_ROUTES } from './alert-routes.ts'
import type { ApiContext } from './api-context.ts'
import { ApiError } from './api-error.ts'
import { asApiError } from './as-api-error.ts'
import { DRAFT_ROUTES } from './draft-routes.ts'
import { EVENT_ROUTES } from './event-routes.ts'
import { FEED_ROUTES } from './feed-routes.ts'
import { FLOW_ROUTES } from './flow-routes.ts'
import { openApi } from './openapi.ts'
import { OIDC_ROUTES } from './oidc-routes.ts'
import { POLICY_ROUTES } from './policy-routes.ts'
import { RateLimit } from './rate-limit.ts'
import { readCaller, requireCsrf, requireOwnHost, sessionCookie } from './request-guard.ts'
import { WithSession, type Caller, type Route } from './route.ts'
import { Redirect } from './redirect.ts'
import { RULE_ROUTES } from './rule-routes.ts'
import { SECOND_FACTOR_ROUTES } from './second-factor-routes.ts'
import { SESSION_ROUTES } from './session-routes.ts'
import { Streamed } from './streamed.ts'

export const ROUTES: readonly Route[] = [
  ...SESSION_ROUTES,
  ...OIDC_ROUTES,
  ...SECOND_FACTOR_ROUTES,
  ...POLICY_ROUTES,
  ...DRAFT_ROUTES,
  ...FLOW_ROUTES,
  ...ALERT_ROUTES,
  ...RULE_ROUTES,
  ...FEED_ROUTES,
  ...EVENT_ROUTES,
]

const MAX_BODY_BYTES = 32 * 2 ** 20
const SIGN_INS_A_MINUTE = 10
/** Ten a second are more than a person with several windows makes. */
const REQUESTS_A_MINUTE = 600

/** The API below /api/v1, each route behind its role, every change behind a token that other sites cannot read. */
export function buildApi(context: ApiContext, version: string, onFailure: (error: unknown) => void): FastifyInstance {
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, requestTimeout: 60_000, trustProxy: false })
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async (request) => requireOwnHost(request.headers.host))
  const refuse = (error: unknown, reply: FastifyReply): void => {
    const { status, code, message, remedy } = asApiError(error, onFailure)
    void reply.code(status).header('cache-control', 'no-store').send({ error: { code, message, remedy } })
  }
  app.setErrorHandler((error, _request, reply) => refuse(error, reply))
  app.setNotFoundHandler((_request, reply) => refuse(new ApiError(404, 'usage', 'there is nothing here', ''), reply))
  const limits = {
    signIns: new RateLimit(SIGN_INS_A_MINUTE, 60_000),
    requests: new RateLimit(REQUESTS_A_MINUTE, 60_000),
  }
  for (const each of ROUTES) {
    app.route({
      method: each.method,
      url: `/api/v1${each.path}`,
      handler: (request, reply) => answer(each, context, limits, request, reply),
    })
  }
  app.get('/api/v1/openapi.json', () => openApi(ROUTES, version))
  return app
}

async function answer(
  { method, role, path, query, body, isSignIn = role === null && method === 'POST', handle }: Route,
  context: ApiContext,
  limits: { readonly signIns: RateLimit; readonly requests: RateLimit },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const caller = await readCaller(request, context.state, context.nowMs())
  if (role !== null) requireRole(caller, role)
  if (method !== 'GET') requireCsrf(request, caller)
  if (isSignIn && !limits.signIns.take(`${path} ${caller.address}`, context.nowMs()))
    throw new ApiError(429, 'usage', 'too many attempts', 'Wait a minute.')
  if (!limits.requests.take(caller.session?.user.name ?? '', context.nowMs()))
    throw new ApiError(429, 'usage', 'too many requests', 'Wait a minute.')
  const given = { ...(request.query as object), ...(request.params as object) }
  const input = { query: query?.parse(given) ?? null, body: body?.parse(request.body ?? {}) ?? null, caller }
  const result = await handle(input, context)
  void reply.header('cache-control', 'no-store')
  if (result instanceof Streamed) {
    // Read anew: who was signed out, or removed, meanwhile sees no more.
    const mayGoOn = async (): Promise<boolean> => {
      const { session } = await readCaller(request, context.state, context.nowMs())
      return role === null || (session !== null && mayAct(session.user, role))
    }
    return sendStreamed(result, mayGoOn, reply)
  }
  if (result instanceof Redirect) return reply.header('set-cookie', [...result.cookies]).redirect(result.location, 303)
  if (!(result instanceof WithSession)) return result
  void reply.header('set-cookie', sessionCookie(result.token, result.lifeSeconds))
  return result.body
}

function requireRole({ session }: Caller, role: NonNullable<Route['role']>): void {
  if (session === null) throw new ApiError(401, 'usage', 'nobody is signed in', 'Sign in.')
  if (!mayAct(session.user, role))
    throw new ApiError(403, 'usage', `this needs the role ${role}`, 'Ask an administrator.')
}

/** Until its end, until the reader goes away, or until they may not read it any more. */
function sendStreamed(
  { type, fileName, pieces }: Streamed,
  mayGoOn: () => Promise<boolean>,
  reply: FastifyReply,
): Readable {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  void reply.type(type)
  if (fileName !== null) void reply.header('content-disposition', `attachment; filename="${fileName}"`)
  return Readable.from(whileAllowed(pieces(gone.signal), mayGoOn))
}

async function* whileAllowed(pieces: AsyncIterable<string>, mayGoOn: () => Promise<boolean>): AsyncGenerator<string> {
  for await (const piece of pieces) {
    if (!(await mayGoOn())) return
    yield piece
  }
}
