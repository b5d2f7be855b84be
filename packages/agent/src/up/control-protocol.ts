import * as z from 'zod'
import type { PolicyChange } from './policy-change.ts'

/** Requests on the control socket, JSON over HTTP. Who may open the socket is root on this host. */
const Author = z.string().min(1).max(128)

export const ApplySchema: z.ZodType<PolicyChange> = z.strictObject({
  files: z
    .array(z.strictObject({ file: z.string().min(1).max(4096), text: z.string() }))
    .min(1)
    .max(100),
  mode: z.enum(['monitor', 'enforce']).nullable().default(null),
  author: Author,
  reason: z.string().max(2000).default(''),
  confirmSeconds: z.number().min(1).max(86_400).nullable().default(null),
})
export const ConfirmSchema: z.ZodType<{ readonly author: string }> = z.strictObject({ author: Author })
export const RollbackSchema: z.ZodType<{ readonly author: string; readonly version: number | null }> = z.strictObject({
  author: Author,
  version: z.int().positive().nullable().default(null),
})

export const ChangesSchema: z.ZodType<{ readonly version: number }> = z.strictObject({ version: z.int().positive() })

export const RefreshFeedSchema: z.ZodType<{ readonly author: string; readonly name: string }> = z.strictObject({
  author: Author,
  name: z.string().min(1).max(200),
})

/** An error as it travels: `code` and `exitCode` are those of docs/reference/error-codes.md. */
export const FailureSchema: z.ZodType<{
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string }
}> = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() }),
})

export const MAX_BODY_BYTES: number = 32 * 2 ** 20
