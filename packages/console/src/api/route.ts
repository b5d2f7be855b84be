import type { Role, Session } from '@sallyport/store'
import type * as z from 'zod'
import type { ApiContext } from './api-context.ts'

export type Caller = {
  readonly session: Session | null
  readonly token: string | null
  readonly address: string
  /** As the browser names us. */
  readonly host: string
  /** The sign-in elsewhere that this browser began here. */
  readonly begun: string | null
}

/** Path parameters and query, both as text until their schema has read them. */
export type Route<Q = unknown, B = unknown> = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below /api/v1; `:name` is a parameter, which `query` describes too. */
  readonly path: string
  /** Who may ask, at least. Null: everyone, signed in or not. */
  readonly role: Role | null
  /** Asked as seldom as one signs in. */
  readonly isSignIn?: boolean
  readonly summary: string
  readonly query: z.ZodType<Q> | null
  readonly body: z.ZodType<B> | null
  /** What it answers with when all is well; of a list, a row. Null: nothing that is JSON. */
  readonly answer: z.ZodType | null
  /** Of a list: the key of its rows. */
  readonly list?: { readonly name: string }
  readonly handle: (
    input: { readonly query: Q; readonly body: B; readonly caller: Caller },
    context: ApiContext,
  ) => unknown
}

/** Keeps the types of one route while it is written, and forgets them in the table. */
export function route<Q = null, B = null>(definition: Route<Q, B>): Route {
  return definition as unknown as Route
}

/** An answer that also sets or clears the session's cookie. */
export class WithSession {
  readonly body: unknown
  readonly token: string | null
  readonly lifeSeconds: number

  constructor(body: unknown, token: string | null, lifeSeconds: number) {
    this.body = body
    this.token = token
    this.lifeSeconds = lifeSeconds
  }
}
