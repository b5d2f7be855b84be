import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { StateStore } from '@sallyport/store'
import { BEGUN_LIFE_MS } from '../oidc/oidc-sign-in.ts'
import { ApiError } from './api-error.ts'
import type { Caller } from './route.ts'
import { MOST_SESSION_LEFT_MS } from './session-life.ts'

const COOKIE = 'sallyport'
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/

/** A name of another that was made to lead to loopback (DNS rebinding) comes with that name here. */
export function requireOwnHost(host: string | undefined): void {
  if (host === undefined || !OWN_HOST.test(host))
    throw new ApiError(403, 'usage', 'this console answers on loopback only', 'Open it as http://127.0.0.1.')
}

export async function readCaller({ headers, ip }: FastifyRequest, state: StateStore, nowMs: number): Promise<Caller> {
  const token = /(?:^|;\s*)sallyport=([A-Za-z0-9_-]{43})(?:;|$)/.exec(headers.cookie ?? '')?.[1] ?? null
  const begun = /(?:^|;\s*)sallyport-oidc=([A-Za-z0-9_-]{20,100})(?:;|$)/.exec(headers.cookie ?? '')?.[1] ?? null
  const session = token === null ? null : await state.users.session(token, nowMs, MOST_SESSION_LEFT_MS)
  return { token, session, address: ip, host: headers.host ?? '', begun }
}

/**
 * A change comes from our own page: the origin is ours, and for who is signed in, the header repeats what only our page can
 * read. The cookie alone (SameSite=Strict) would do in browsers of today; another port of this host is the same site.
 */
export function requireCsrf({ headers }: FastifyRequest, { session }: Caller): void {
  const { origin, host } = headers
  if (origin !== undefined && origin !== `http://${host}`)
    throw new ApiError(403, 'usage', 'the request comes from another site', '')
  if (session !== null && !isEqual(headers['x-csrf-token'], session.csrf))
    throw new ApiError(403, 'usage', 'the header x-csrf-token is not that of the session', 'Load the page again.')
}

function isEqual(given: string | readonly string[] | undefined, expected: string): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}

/** Not `Secure`: the console is plain HTTP on loopback, where some browsers would not keep it then. */
export function sessionCookie(token: string | null, lifeSeconds: number): string {
  return `${COOKIE}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${lifeSeconds}`
}

/** `Lax`, because the identity provider leads the browser back; it is good for nothing but to end what this browser began. */
export function begunCookie(state: string | null): string {
  const lifeSeconds = state === null ? 0 : BEGUN_LIFE_MS / 1000
  return `sallyport-oidc=${state ?? ''}; Path=/api/v1/session/oidc; HttpOnly; SameSite=Lax; Max-Age=${lifeSeconds}`
}
