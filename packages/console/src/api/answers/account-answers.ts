import { ROLES, type AuditEntry, type ListedUser, type User } from '@sallyport/store'
import * as z from 'zod'

const user = {
  name: z.string(),
  role: z.enum(ROLES),
  createdMs: z.number(),
  isExternal: z.boolean().describe('Signs in with the identity provider, not with a password.'),
}
const signedIn = { user: z.strictObject(user), csrf: z.string() }

export const UserAnswer: z.ZodType<User> = z.strictObject(user)
export const ListedUserAnswer: z.ZodType<ListedUser> = z.strictObject({ ...user, hasSecondFactor: z.boolean() })
export const SessionAnswer: z.ZodType = z.strictObject({
  user: z.strictObject(user).nullable(),
  csrf: z.string().nullable(),
  oidc: z.string().nullable().describe('What the identity provider is called; null: there is none.'),
  setup: z.boolean().describe('The first account is still to be made.'),
})
export const SignedInAnswer: z.ZodType = z.strictObject(signedIn)
export const SignInAnswer: z.ZodType = z.union([z.strictObject(signedIn), z.strictObject({ needs: z.literal('code') })])
export const SignOutAnswer: z.ZodType = z.strictObject({ leave: z.string().nullable() })
export const RemovedAnswer: z.ZodType = z.strictObject({ removed: z.boolean() })
export const SecondFactorAnswer: z.ZodType = z.strictObject({ isSet: z.boolean() })
export const NewSecondFactorAnswer: z.ZodType = z.strictObject({
  isSet: z.boolean(),
  secret: z.string(),
  uri: z.string(),
  code: z.array(z.string().regex(/^[01]+$/)).describe('The address as a QR code, by rows, with its margin: 1 is dark.'),
})
export const AuditEntryAnswer: z.ZodType<AuditEntry> = z.strictObject({
  id: z.int(),
  timeMs: z.number(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
})
