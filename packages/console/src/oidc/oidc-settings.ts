import { readFileSync } from 'node:fs'
import { SallyportError } from '@sallyport/policy'
import { parse } from 'yaml'
import * as z from 'zod'

const MAX_BYTES = 2 ** 16
const Names = z.array(z.string().min(1).max(300)).max(1000).default([])

/** Over plain HTTP whoever is between could say who signs in. */
const Issuer = z.url().refine((text) => {
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && /^(127\.[\d.]+|localhost|\[::1\])$/.test(hostname))
}, 'an issuer is a URL of https')

const Settings = z.strictObject({
  issuer: Issuer,
  clientId: z.string().min(1).max(300),
  /** Without one the client is public, and PKCE alone says that it is the same. */
  clientSecretFile: z.string().min(1).optional(),
  label: z.string().min(1).max(60).default('single sign-on'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
    .max(50)
    .default(['openid', 'profile']),
  nameClaim: z.string().min(1).default('preferred_username'),
  groupsClaim: z.string().min(1).default('groups'),
  /** Groups whose members may act as this; `*` is everyone who can sign in. */
  roles: z.strictObject({ viewer: Names, analyst: Names, editor: Names, admin: Names }),
})

export type OidcSettings = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | null
  readonly label: string
  readonly scopes: readonly string[]
  readonly nameClaim: string
  readonly groupsClaim: string
  readonly roles: Readonly<Record<'viewer' | 'analyst' | 'editor' | 'admin', readonly string[]>>
}

/** Throws `usage`, with what is wrong and where. */
export function readOidcSettings(path: string): OidcSettings {
  const read = Settings.safeParse(yamlOf(path))
  if (!read.success)
    throw new SallyportError('usage', `${path} does not say how to sign in`, { remedy: z.prettifyError(read.error) })
  const { clientSecretFile, scopes, ...settings } = read.data
  const clientSecret = clientSecretFile === undefined ? null : textOf(clientSecretFile).trim()
  return { ...settings, clientSecret, scopes: [...new Set(['openid', ...scopes])] }
}

function yamlOf(path: string): unknown {
  const text = textOf(path)
  try {
    return parse(text)
  } catch (cause) {
    throw new SallyportError('usage', `${path} is no YAML: ${(cause as Error).message}`, { cause })
  }
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path)
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8')
  } catch (cause) {
    throw new SallyportError('usage', `${path} cannot be read`, { cause })
  }
  throw new SallyportError('usage', `${path} has more than ${MAX_BYTES} bytes`)
}
