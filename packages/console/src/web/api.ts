/// <reference lib="dom" />
export type Failure = { readonly code: string; readonly message: string; readonly remedy: string }
export type User = { readonly name: string; readonly role: 'viewer' | 'analyst' | 'editor' | 'admin' }
export type SessionFacts = {
  readonly user: User | null
  readonly csrf: string | null
  readonly setup: boolean
  /** What the identity provider is called; null: there is none. */
  readonly oidc: string | null
}

/** What the server refused, in its words. */
export class Refused extends Error {
  readonly failure: Failure
  readonly status: number

  constructor(status: number, failure: Failure) {
    super(failure.message)
    this.status = status
    this.failure = failure
  }
}

/** What the window is told when the session is over. */
export const SIGNED_OUT = 'signed-out'

const HEADERS: Record<string, string> = { 'content-type': 'application/json' }

/** The token that a change must repeat; it comes with the session. */
export function useCsrf(csrf: string | null): void {
  if (csrf === null) delete HEADERS['x-csrf-token']
  else HEADERS['x-csrf-token'] = csrf
}

export async function get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
  const url = urlOf(path, query)
  const early = await takeEarly(url)
  return read(early ?? (await fetch(url, { headers: { accept: 'application/json' } })))
}

/** What the document asked for while these files were on their way; each answer is good once. */
function takeEarly(url: string): Promise<Response | null> | null {
  const { early = {} } = globalThis as { early?: Record<string, Promise<Response | null>> }
  const answer = early[url] ?? null
  delete early[url]
  return answer
}

export function urlOf(path: string, query: Readonly<Record<string, string | number>>): string {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
  return `/api/v1${path}${search.size === 0 ? '' : `?${search}`}`
}

export async function post<T>(path: string, body: object = {}): Promise<T> {
  return read(await fetch(`/api/v1${path}`, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) }))
}

export async function remove<T>(path: string): Promise<T> {
  const { 'content-type': _none, ...headers } = HEADERS
  return read(await fetch(`/api/v1${path}`, { method: 'DELETE', headers }))
}

async function read<T>(response: Response): Promise<T> {
  const body = (await response.json()) as T & { readonly error?: Failure }
  if (response.ok) return body
  if (response.status === 401) window.dispatchEvent(new Event(SIGNED_OUT))
  throw new Refused(response.status, body.error ?? { code: 'internal', message: response.statusText, remedy: '' })
}
