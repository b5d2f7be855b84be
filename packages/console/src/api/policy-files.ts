import type { PolicyFile } from '@sallyport/store'
import * as z from 'zod'

/** The files of a policy, as layers in their order. */
export const PolicyFiles: z.ZodType<readonly PolicyFile[]> = z
  .array(z.strictObject({ file: z.string().min(1).max(4096), text: z.string().max(16 * 2 ** 20) }))
  .min(1)
  .max(100)
