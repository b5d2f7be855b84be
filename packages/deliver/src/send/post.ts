import type { Sent } from './sender.ts'

const PATIENCE_MS = 10_000
const AGAIN_LATER = [408, 425, 429]
/** What is said of a body, not of who sends it. */
const OF_CONTENT = [400, 413, 422]

/** A redirection is not followed: what is sent may be secret, and goes where it was meant to. */
export async function post(url: URL, headers: Readonly<Record<string, string>>, body: string): Promise<Sent> {
  const target = new URL(url)
  const { username, password } = target
  target.username = target.password = ''
  const basic = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
  const response = await fetch(target, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json', ...(username === '' ? {} : { authorization: basic }), ...headers },
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  await response.body?.cancel()
  if (response.ok) return 'sent'
  if (response.status >= 500 || AGAIN_LATER.includes(response.status)) throw new Error(`answered ${response.status}`)
  return OF_CONTENT.includes(response.status) ? 'not-together' : 'refused'
}
