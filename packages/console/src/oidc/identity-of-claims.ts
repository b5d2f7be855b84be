import { ROLES, type Role } from '@sallyport/store'
import type { OidcSettings } from './oidc-settings.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Never the name of a local account, which has no colon. */
const PREFIX = 'oidc:'
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,56}$/u

/** The highest role that one of the groups gives; null: none. */
export function roleOfClaims(claims: Claims, { groupsClaim, roles }: OidcSettings): Role | null {
  const value = claimOf(claims, groupsClaim)
  const groups = new Set((Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string'))
  return ROLES.findLast((role) => roles[role].some((group) => group === '*' || groups.has(group))) ?? null
}

/** What the account is called; null where the claim is no name. */
export function nameOfClaims(claims: Claims, { nameClaim }: OidcSettings): string | null {
  const name = claimOf(claims, nameClaim)
  return typeof name === 'string' && NAME.test(name) ? PREFIX + name : null
}

/** A claim by its name, or by a path of names joined by dots. */
export function claimOf(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined
  }, claims)
}
