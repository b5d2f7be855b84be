import type { EdnsOption } from './edns.ts'

/** RFC 7873 §4: 8 octets of the client, then none or 8 to 32 of the server. */
export type Cookie = { readonly client: Uint8Array; readonly server: Uint8Array }

const COOKIE_OPTION = 10
const CLIENT = 8

/** `null` without the option, `'bad'` when its length is none that the RFC has (§5.2.2: FORMERR). */
export function cookieOf(options: readonly EdnsOption[]): Cookie | null | 'bad' {
  const found = options.find(({ code }) => code === COOKIE_OPTION)
  if (found === undefined) return null
  const { value } = found
  if (value.length !== CLIENT && (value.length < CLIENT + 8 || value.length > CLIENT + 32)) return 'bad'
  return { client: value.slice(0, CLIENT), server: value.slice(CLIENT) }
}

export function cookieOption({ client, server }: Cookie): EdnsOption {
  const value = new Uint8Array(client.length + server.length)
  value.set(client)
  value.set(server, client.length)
  return { code: COOKIE_OPTION, value }
}
